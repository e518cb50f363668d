/*
 * Geometry: overlap of two boxes, area of intersection over area of union, 0..1. Boxes are given by their least corner
 * and their size.
 */
#include <math.h>

static double shared(double a, double a_size, double b, double b_size)
{
    double length = fmin(a + a_size, b + b_size) - fmax(a, b);
    return length > 0.0 ? length : 0.0;
}

#pragma surrogate range(ax, 0, 1)
#pragma surrogate range(ay, 0, 1)
#pragma surrogate range(aw, 0.5, 2)
#pragma surrogate range(ah, 0.5, 2)
#pragma surrogate range(bx, 0, 1)
#pragma surrogate range(by, 0, 1)
#pragma surrogate range(bw, 0.5, 2)
#pragma surrogate range(bh, 0.5, 2)
#pragma surrogate range(return, 0, 1)
double box_overlap(double ax, double ay, double aw, double ah, double bx, double by, double bw, double bh)
{
    double both = shared(ax, aw, bx, bw) * shared(ay, ah, by, bh);
    return both / (aw * ah + bw * bh - both);
}
