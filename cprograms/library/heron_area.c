/* Geometry: area of a triangle from its three sides, Kahan's stable form of Heron's formula; 0 where they make none. */
#include <math.h>

#pragma surrogate range(a, 2, 6)
#pragma surrogate range(b, 2, 6)
#pragma surrogate range(c, 2, 6)
double heron_area(double a, double b, double c)
{
    double swap;

    /* Sort so that a >= b >= c. */
    if (a < b) {
        swap = a; a = b; b = swap;
    }
    if (b < c) {
        swap = b; b = c; c = swap;
    }
    if (a < b) {
        swap = a; a = b; b = swap;
    }
    if (c - (a - b) <= 0.0)
        return 0.0;
    return 0.25 * sqrt((a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c)));
}
