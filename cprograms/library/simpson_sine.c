/* Numerics: integral of sin(k x) exp(-x) over 0..length by Simpson's rule on eight panels. */
#include <math.h>

static double integrand(double x, double k)
{
    return sin(k * x) * exp(-x);
}

#pragma surrogate range(k, 0.5, 4)
#pragma surrogate range(length, 0.5, 3)
double simpson_sine(double k, double length)
{
    const int panels = 8;
    double h = length / panels;
    double sum = integrand(0.0, k) + integrand(length, k);

    for (int i = 1; i < panels; i++)
        sum += (i % 2 ? 4.0 : 2.0) * integrand(i * h, k);
    return sum * h / 3.0;
}
