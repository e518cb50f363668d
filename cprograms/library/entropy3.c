/* Statistics: entropy in bits of three weights made into probabilities. */
#include <math.h>

static double term(double p)
{
    return p > 0.0 ? -p * log2(p) : 0.0;
}

#pragma surrogate range(a, 0, 1)
#pragma surrogate range(b, 0, 1)
#pragma surrogate range(c, 0.01, 1)
#pragma surrogate range(return, 0, 1.585)
double entropy3(double a, double b, double c)
{
    double total = a + b + c;
    return term(a / total) + term(b / total) + term(c / total);
}
