/* Statistics: density of the beta distribution with shapes a and b. */
#include <math.h>

#pragma surrogate range(x, 0.01, 0.99)
#pragma surrogate range(a, 1, 5)
#pragma surrogate range(b, 1, 5)
#pragma surrogate range(return, 0, 5)
double beta_density(double x, double a, double b)
{
    double normaliser = tgamma(a + b) / (tgamma(a) * tgamma(b));
    return normaliser * pow(x, a - 1.0) * pow(1.0 - x, b - 1.0);
}
