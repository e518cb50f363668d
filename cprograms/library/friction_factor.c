/*
 * Physics: Darcy friction factor of a pipe from log10 of the Reynolds number and the relative roughness; laminar below
 * 2300, Colebrook's equation above, iterated until it settles.
 */
#include <math.h>

#pragma surrogate range(log_reynolds, 3, 7)
#pragma surrogate range(roughness, 0.00001, 0.05)
#pragma surrogate range(return, 0.008, 0.08)
double friction_factor(double log_reynolds, double roughness)
{
    double reynolds = pow(10.0, log_reynolds);

    if (reynolds < 2300.0)
        return 64.0 / reynolds;

    double x = 7.0, previous;
    do {
        previous = x;
        x = -2.0 * log10(roughness / 3.7 + 2.51 * previous / reynolds);
    } while (fabs(x - previous) > 1e-10);
    return 1.0 / (x * x);
}
