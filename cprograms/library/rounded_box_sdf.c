/* Geometry: signed distance of a point to a 2 x 1 rectangle about the origin with corners rounded by `radius`. */
#include <math.h>

#pragma surrogate range(x, -2, 2)
#pragma surrogate range(y, -2, 2)
#pragma surrogate range(radius, 0, 0.5)
double rounded_box_sdf(double x, double y, double radius)
{
    double dx = fabs(x) - 1.0 + radius;
    double dy = fabs(y) - 0.5 + radius;
    double outside = hypot(fmax(dx, 0.0), fmax(dy, 0.0));
    double inside = fmin(fmax(dx, dy), 0.0);

    return outside + inside - radius;
}
