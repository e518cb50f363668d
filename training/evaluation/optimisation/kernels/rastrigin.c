/* Rastrigin's function: a bowl with a minimum about every whole number (1974). */
#include <math.h>

#pragma surrogate range(x, -4, 5)
#pragma surrogate range(y, -4, 5)
double rastrigin(double x, double y)
{
    const double tau = 6.28318530717958647692;
    return 20 + x * x - 10 * cos(tau * x) + y * y - 10 * cos(tau * y);
}
