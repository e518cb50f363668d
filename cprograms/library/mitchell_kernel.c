/* Graphics: Mitchell-Netravali resampling filter, B = C = 1/3, at a distance of x pixels (SIGGRAPH 1988). */
#include <math.h>

#define B (1.0 / 3.0)
#define C (1.0 / 3.0)

#pragma surrogate range(x, -2.5, 2.5)
#pragma surrogate range(return, -0.1, 1)
double mitchell_kernel(double x)
{
    double d = fabs(x);

    if (d >= 2.0)
        return 0.0;
    if (d < 1.0)
        return ((12 - 9 * B - 6 * C) * d * d * d + (-18 + 12 * B + 6 * C) * d * d + (6 - 2 * B)) / 6;
    return ((-B - 6 * C) * d * d * d + (6 * B + 30 * C) * d * d + (-12 * B - 48 * C) * d + (8 * B + 24 * C)) / 6;
}
