/* Statistics: logistic function of a slope times x, evaluated so that exp never overflows. */
#include <math.h>

#pragma surrogate range(x, -6, 6)
#pragma surrogate range(slope, 0.2, 3)
#pragma surrogate range(return, 0, 1)
double sigmoid(double x, double slope)
{
    double z = slope * x;

    if (z >= 0.0)
        return 1.0 / (1.0 + exp(-z));
    double e = exp(z);
    return e / (1.0 + e);
}
