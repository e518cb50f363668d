/* Series: Hurwitz's zeta function, as the sum of its terms and the integral of the rest. */
#include <math.h>

#pragma surrogate range(s, 1.5, 6)
#pragma surrogate range(a, 0.5, 4)
double hurwitz_zeta(double s, double a)
{
    enum { TERMS = 2000 };
    double sum = 0.0, rest = a + TERMS;

    for (int n = TERMS - 1; n >= 0; n--)
        sum += pow(n + a, -s);
    return sum + pow(rest, 1.0 - s) / (s - 1.0) + 0.5 * pow(rest, -s);
}
