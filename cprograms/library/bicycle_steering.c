/* Control: pure-pursuit steering angle in degrees towards a point ahead, wheelbase 2.5 m, limited to 35 degrees. */
#include <math.h>

#pragma surrogate range(ahead, 2, 20)
#pragma surrogate range(left, -5, 5)
#pragma surrogate range(return, -35, 35)
double bicycle_steering(double ahead, double left)
{
    const double wheelbase = 2.5;
    double curvature = 2.0 * left / (ahead * ahead + left * left);
    double angle = atan(wheelbase * curvature) * 57.29577951308232;

    return angle > 35.0 ? 35.0 : angle < -35.0 ? -35.0 : angle;
}
