/* Statistics: Huber's loss of a residual, quadratic within `delta` and linear beyond (Huber, 1964). */
#include <math.h>

#pragma surrogate range(predicted, -3, 3)
#pragma surrogate range(observed, -3, 3)
#pragma surrogate range(delta, 0.5, 2)
#pragma surrogate range(return, 0, 10)
double huber_loss(double predicted, double observed, double delta)
{
    double residual = fabs(predicted - observed);

    if (residual <= delta)
        return 0.5 * residual * residual;
    return delta * (residual - 0.5 * delta);
}
