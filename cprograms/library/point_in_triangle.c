/* Geometry: whether a point lies in a triangle, by the side of each edge that it is on. */
#include <stdbool.h>

static double side(double px, double py, double ax, double ay, double bx, double by)
{
    return (px - bx) * (ay - by) - (ax - bx) * (py - by);
}

#pragma surrogate range(px, 0, 1)
#pragma surrogate range(py, 0, 1)
#pragma surrogate range(ax, -0.5, 0.5)
#pragma surrogate range(ay, -0.5, 0.5)
#pragma surrogate range(bx, 1, 2)
#pragma surrogate range(by, -0.5, 0.5)
#pragma surrogate range(cx, 0, 1)
#pragma surrogate range(cy, 1, 2)
bool point_in_triangle(double px, double py, double ax, double ay, double bx, double by, double cx, double cy)
{
    double d1 = side(px, py, ax, ay, bx, by);
    double d2 = side(px, py, bx, by, cx, cy);
    double d3 = side(px, py, cx, cy, ax, ay);
    bool negative = d1 < 0 || d2 < 0 || d3 < 0;
    bool positive = d1 > 0 || d2 > 0 || d3 > 0;

    return !(negative && positive);
}
