/* Numerics: Bessel function of the first kind and order 0, its power series until the terms vanish. */
#include <math.h>

#pragma surrogate range(x, 0, 10)
#pragma surrogate range(return, -0.41, 1)
double bessel_j0(double x)
{
    double quarter = -0.25 * x * x;
    double term = 1.0, sum = 1.0;
    int k = 0;

    do {
        k += 1;
        term *= quarter / ((double)k * k);
        sum += term;
    } while (fabs(term) > 1e-14);
    return sum;
}
