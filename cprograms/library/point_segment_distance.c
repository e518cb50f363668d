/* Geometry: distance of a point from a segment in the plane. */
#include <math.h>

#pragma surrogate range(px, -2, 2)
#pragma surrogate range(py, -2, 2)
#pragma surrogate range(ax, -2, 2)
#pragma surrogate range(ay, -2, 2)
#pragma surrogate range(bx, -2, 2)
#pragma surrogate range(by, -2, 2)
#pragma surrogate range(return, 0, 6)
double point_segment_distance(double px, double py, double ax, double ay, double bx, double by)
{
    double dx = bx - ax;
    double dy = by - ay;
    double square = dx * dx + dy * dy;

    if (square == 0.0)
        return hypot(px - ax, py - ay);
    double t = ((px - ax) * dx + (py - ay) * dy) / square;
    t = fmin(fmax(t, 0.0), 1.0);
    return hypot(px - (ax + t * dx), py - (ay + t * dy));
}
