/*
 * Physics: period in seconds of a pendulum of `length` metres released at `amplitude` degrees, exact by the
 * arithmetic-geometric mean.
 */
#include <math.h>

static const double PI = 3.14159265358979323846;

#pragma surrogate range(length, 0.1, 3)
#pragma surrogate range(amplitude, 0, 170)
#pragma surrogate range(return, 0.6, 9)
double pendulum_period(double length, double amplitude)
{
    double a = 1.0;
    double g = cos(amplitude * PI / 360.0);

    for (int i = 0; i < 5; i++) {
        double mean = 0.5 * (a + g);
        g = sqrt(a * g);
        a = mean;
    }
    return 2.0 * PI * sqrt(length / 9.80665) / a;
}
