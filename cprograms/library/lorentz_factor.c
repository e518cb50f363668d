/* Physics: relativistic gamma of a speed as a fraction of that of light. */
#include <math.h>

#pragma surrogate range(beta, 0, 0.95)
#pragma surrogate range(return, 1, 3.3)
double lorentz_factor(double beta)
{
    return 1.0 / sqrt(1.0 - beta * beta);
}
