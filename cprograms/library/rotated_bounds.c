/* Geometry: bounding box of a rectangle about the origin, turned by an angle in degrees. */
#include <math.h>

struct corner {
    double x, y;
};
struct bounds {
    struct corner low, high;
};

#pragma surrogate range(width, 1, 4)
#pragma surrogate range(height, 1, 4)
#pragma surrogate range(angle, 0, 180)
#pragma surrogate range(low.x, -2.83, -0.5)
#pragma surrogate range(low.y, -2.83, -0.5)
#pragma surrogate range(high.x, 0.5, 2.83)
#pragma surrogate range(high.y, 0.5, 2.83)
struct bounds rotated_bounds(double width, double height, double angle)
{
    double theta = angle * acos(-1.0) / 180.0;
    double c = fabs(cos(theta)), s = fabs(sin(theta));
    struct corner half = {0.5 * (width * c + height * s), 0.5 * (width * s + height * c)};
    struct bounds out = {{-half.x, -half.y}, half};

    return out;
}
