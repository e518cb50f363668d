/* Special function: the Fermi-Dirac integral of order k, by the trapezoidal rule after a substitution. */
#include <math.h>

#pragma surrogate range(k, 0.5, 3)
#pragma surrogate range(eta, -4, 8)
double fermi_integral(double k, double eta)
{
    enum { PARTS = 1200 };
    double step = 9.0 / PARTS, sum = 0.0;

    for (int i = 0; i < PARTS; i++) {
        double u = -4.5 + (i + 0.5) * step;
        double t = exp(u - exp(-u));
        sum += pow(t, k) * t * (1.0 + exp(-u)) / (1.0 + exp(t - eta));
    }
    return sum * step / tgamma(k + 1.0);
}
