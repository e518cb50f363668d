/*
 * Physics: displacement at a time in s of a mass let go at 1, natural frequency in rad/s; under-damped, critical or
 * over-damped by the damping ratio.
 */
#include <math.h>

#pragma surrogate range(time, 0, 4)
#pragma surrogate range(frequency, 1, 4)
#pragma surrogate range(damping, 0, 2)
#pragma surrogate range(return, -1, 1)
double damped_oscillator(double time, double frequency, double damping)
{
    double phase = frequency * time;

    if (fabs(damping - 1.0) < 1e-6)
        return (1.0 + phase) * exp(-phase);
    if (damping < 1.0) {
        double ringing = sqrt(1.0 - damping * damping);
        return exp(-damping * phase) * (cos(ringing * phase) + damping / ringing * sin(ringing * phase));
    }
    double root = sqrt(damping * damping - 1.0);
    double slow = damping - root, fast = damping + root;
    return (fast * exp(-slow * phase) - slow * exp(-fast * phase)) / (fast - slow);
}
