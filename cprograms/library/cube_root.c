/* Numerics: cube root by Newton's iteration, repeated with a goto until it settles. */
#include <math.h>

#pragma surrogate range(value, -8, 8)
#pragma surrogate range(return, -2, 2)
double cube_root(double value)
{
    double x, next, size = fabs(value);

    if (size < 1e-12)
        return 0.0;
    x = size < 1.0 ? 1.0 : size;
again:
    next = (2.0 * x + size / (x * x)) / 3.0;
    if (fabs(next - x) > 1e-12 * next) {
        x = next;
        goto again;
    }
    return value < 0.0 ? -next : next;
}
