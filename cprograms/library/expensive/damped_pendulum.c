/* Simulation: where a damped pendulum stands after some time, by Runge and Kutta's method. */
#include <math.h>

static double pull(double angle, double speed, double damping) { return -sin(angle) - damping * speed; }

#pragma surrogate range(start, -2.5, 2.5)
#pragma surrogate range(damping, 0, 0.5)
#pragma surrogate range(time, 0.5, 8)
double damped_pendulum(double start, double damping, double time)
{
    enum { STEPS = 400 };
    double angle = start, speed = 0.0, h = time / STEPS;

    for (int i = 0; i < STEPS; i++) {
        double a1 = speed, b1 = pull(angle, speed, damping);
        double a2 = speed + 0.5 * h * b1, b2 = pull(angle + 0.5 * h * a1, a2, damping);
        double a3 = speed + 0.5 * h * b2, b3 = pull(angle + 0.5 * h * a2, a3, damping);
        double a4 = speed + h * b3, b4 = pull(angle + h * a3, a4, damping);
        angle += h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4);
        speed += h / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4);
    }
    return angle;
}
