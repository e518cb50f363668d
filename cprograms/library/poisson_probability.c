/* Statistics: probability of k events under a Poisson distribution. */
#include <math.h>

#pragma surrogate range(k, 0, 15)
#pragma surrogate range(rate, 0.5, 10)
#pragma surrogate range(return, 0, 0.61)
double poisson_probability(int k, double rate)
{
    return exp(k * log(rate) - rate - lgamma(k + 1.0));
}
