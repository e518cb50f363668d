/* Physics: horizontal reach in metres of a throw at `speed` m/s and `angle` degrees from `height` metres, no drag. */
#include <math.h>

#define GRAVITY 9.80665

#pragma surrogate range(speed, 1, 30)
#pragma surrogate range(angle, 0, 80)
#pragma surrogate range(height, 0, 20)
#pragma surrogate range(return, 0, 110)
double projectile_range(double speed, double angle, double height)
{
    double theta = angle * 3.14159265358979323846 / 180.0;
    double up = speed * sin(theta);
    double along = speed * cos(theta);

    return along / GRAVITY * (up + sqrt(up * up + 2.0 * GRAVITY * height));
}
