/* The rate of an enzyme's reaction with some substrate and some inhibitor (Hill kinetics). */
#include <math.h>

#pragma surrogate range(fastest, 0.1, 20)
#pragma surrogate range(half, 0.1, 10)
#pragma surrogate range(hill, 0.5, 4)
#pragma surrogate range(inhibition, 0.1, 10)
extern const double fastest, half, hill, inhibition;

#pragma surrogate range(substrate, 0.05, 20)
#pragma surrogate range(inhibitor, 0, 10)
double rate(double substrate, double inhibitor)
{
    double bound = pow(substrate, hill);
    return fastest * bound / (pow(half, hill) * (1 + inhibitor / inhibition) + bound);
}
