/* flight.c: how far a ball flies against the air, by small steps of time. */
#include <math.h>

#pragma surrogate range(speed, 10, 60)
#pragma surrogate range(angle, 10, 80)
#pragma surrogate range(drag, 0, 0.02)
double flight(double speed, double angle, double drag)
{
    const double step = 1e-3, gravity = 9.81, degree = 3.14159265358979323846 / 180.0;
    double along = speed * cos(angle * degree), up = speed * sin(angle * degree);
    double x = 0.0, y = 0.0;

    do {
        double air = drag * sqrt(along * along + up * up);
        along -= step * air * along;
        up -= step * (gravity + air * up);
        x += step * along;
        y += step * up;
    } while (y > 0.0);
    return x - along * y / up;
}
