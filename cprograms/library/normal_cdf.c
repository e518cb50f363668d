/* Statistics: distribution function of the standard normal by a polynomial (Abramowitz and Stegun, 26.2.17). */
#include <math.h>

static const double COEFFICIENTS[5] = {0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429};

#pragma surrogate range(x, -4, 4)
#pragma surrogate range(return, 0, 1)
double normal_cdf(double x)
{
    double t = 1.0 / (1.0 + 0.2316419 * fabs(x));
    double sum = 0.0;

    for (int i = 4; i >= 0; i--)
        sum = (sum + COEFFICIENTS[i]) * t;
    double tail = exp(-0.5 * x * x) * 0.39894228040143268 * sum;
    return x >= 0.0 ? 1.0 - tail : tail;
}
