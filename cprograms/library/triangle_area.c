/* Geometry: area of a triangle from the coordinates of its corners (shoelace formula). */
#include <math.h>

#pragma surrogate range(ax, -5, 5)
#pragma surrogate range(ay, -5, 5)
#pragma surrogate range(bx, -5, 5)
#pragma surrogate range(by, -5, 5)
#pragma surrogate range(cx, -5, 5)
#pragma surrogate range(cy, -5, 5)
#pragma surrogate range(return, 0, 50)
double triangle_area(double ax, double ay, double bx, double by, double cx, double cy)
{
    return 0.5 * fabs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay));
}
