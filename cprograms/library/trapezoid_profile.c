/*
 * Control: position in m at a time in s of a move over `distance` m under a speed and an acceleration limit, trapezoidal
 * or, on a short way, triangular.
 */
#include <math.h>

#pragma surrogate range(time, 0, 6)
#pragma surrogate range(distance, 0.5, 5)
#pragma surrogate range(speed, 0.5, 2)
#pragma surrogate range(acceleration, 0.5, 3)
#pragma surrogate range(return, 0, 5)
double trapezoid_profile(double time, double distance, double speed, double acceleration)
{
    double peak = fmin(speed, sqrt(acceleration * distance));
    double ramp = peak / acceleration;
    double total = distance / peak + ramp;

    if (time >= total)
        return distance;
    if (time < ramp)
        return 0.5 * acceleration * time * time;
    if (time > total - ramp) {
        double left = total - time;
        return distance - 0.5 * acceleration * left * left;
    }
    return peak * (time - 0.5 * ramp);
}
