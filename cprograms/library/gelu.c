/* Statistics: Gaussian error linear unit, x times the normal distribution function (Hendrycks and Gimpel, 2016). */
#include <math.h>

#pragma surrogate range(x, -4, 4)
double gelu(double x)
{
    return 0.5 * x * (1.0 + erf(x * 0.70710678118654752));
}
