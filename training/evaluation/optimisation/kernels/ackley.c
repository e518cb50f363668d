/* Ackley's function: a funnel with a hundred dents (1987). */
#include <math.h>

#pragma surrogate range(x, -4, 5)
#pragma surrogate range(y, -4, 5)
double ackley(double x, double y)
{
    const double tau = 6.28318530717958647692;
    return 20 + exp(1.0) - 20 * exp(-0.2 * sqrt(0.5 * (x * x + y * y))) - exp(0.5 * (cos(tau * x) + cos(tau * y)));
}
