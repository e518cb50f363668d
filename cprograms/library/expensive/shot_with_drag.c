/* Simulation: how far a ball flies with drag and wind, in steps of the midpoint rule until it is down. */
#include <math.h>

#pragma surrogate range(speed, 20, 60)
#pragma surrogate range(angle, 0.3, 1.2)
#pragma surrogate range(wind, -10, 10)
double shot_with_drag(double speed, double angle, double wind)
{
    const double g = 9.81, drag = 0.005, dt = 0.002;
    double x = 0.0, y = 0.0, vx = speed * cos(angle), vy = speed * sin(angle);

    for (int i = 0; i < 20000; i++) {
        double rx = vx - wind, s = sqrt(rx * rx + vy * vy);
        double mx = vx - 0.5 * dt * drag * s * rx, my = vy - 0.5 * dt * (g + drag * s * vy);
        double qx = mx - wind, q = sqrt(qx * qx + my * my);
        double nx = x + dt * mx, ny = y + dt * my;
        vx -= dt * drag * q * qx;
        vy -= dt * (g + drag * q * my);
        if (ny < 0.0)
            return x + (nx - x) * y / (y - ny);
        x = nx;
        y = ny;
    }
    return x;
}
