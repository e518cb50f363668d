/* Branin and Hoo's function of three equal minima (Dixon and Szego, 1978). */
#include <math.h>

#pragma surrogate range(x, -5, 10)
#pragma surrogate range(y, 0, 15)
double branin(double x, double y)
{
    const double pi = 3.14159265358979323846;
    double bowl = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
    return bowl * bowl + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10;
}
