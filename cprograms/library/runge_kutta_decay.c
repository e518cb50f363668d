/* Numerics: y after four classical Runge-Kutta steps of dy/dt = -rate y + cos t from y(0) = start over `time`. */
#include <math.h>

static double slope(double t, double y, double rate)
{
    return cos(t) - rate * y;
}

#pragma surrogate range(start, -2, 2)
#pragma surrogate range(rate, 0.1, 2)
#pragma surrogate range(time, 0.1, 4)
double runge_kutta_decay(double start, double rate, double time)
{
    double h = time / 4.0, t = 0.0, y = start;

    for (int i = 0; i < 4; i++, t += h) {
        double k1 = slope(t, y, rate);
        double k2 = slope(t + h / 2.0, y + h / 2.0 * k1, rate);
        double k3 = slope(t + h / 2.0, y + h / 2.0 * k2, rate);
        double k4 = slope(t + h, y + h * k3, rate);
        y += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    }
    return y;
}
