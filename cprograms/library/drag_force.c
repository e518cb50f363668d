/* Physics: drag in newtons of a body of frontal area m^2 in air at `speed` m/s and `altitude` m, isothermal atmosphere. */
#include <math.h>

#pragma surrogate range(speed, 0, 60)
#pragma surrogate range(coefficient, 0.2, 1.2)
#pragma surrogate range(area, 0.1, 2)
#pragma surrogate range(altitude, 0, 4000)
double drag_force(double speed, double coefficient, double area, double altitude)
{
    double density = 1.225 * exp(-altitude / 8435.0);
    return 0.5 * density * speed * speed * coefficient * area;
}
