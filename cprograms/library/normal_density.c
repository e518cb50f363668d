/* Statistics: density of the normal distribution. */
#include <math.h>

#pragma surrogate range(x, -4, 4)
#pragma surrogate range(mean, -1, 1)
#pragma surrogate range(deviation, 0.5, 2)
#pragma surrogate range(return, 0, 0.8)
double normal_density(double x, double mean, double deviation)
{
    double z = (x - mean) / deviation;
    return exp(-0.5 * z * z) / (deviation * sqrt(2.0 * acos(-1.0)));
}
