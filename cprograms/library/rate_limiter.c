/* Control: next command when it may rise by at most `rise` and fall by at most `fall` a step. */
#include <math.h>

#pragma surrogate range(current, -1, 1)
#pragma surrogate range(wanted, -1, 1)
#pragma surrogate range(rise, 0.1, 1)
#pragma surrogate range(fall, 0.1, 1)
#pragma surrogate range(return, -1, 1)
double rate_limiter(double current, double wanted, double rise, double fall)
{
    return current + fmax(-fall, fmin(rise, wanted - current));
}
