/* Statistics: log(1 + exp(x)), a smooth positive part. */
#include <math.h>

#pragma surrogate range(x, -8, 8)
float softplus(float x)
{
    return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x)));
}
