/* Physics: how far a ball flies against drag that grows with the square of its speed, by 2,000 steps at most. */
#include <math.h>

#pragma surrogate range(speed, 10, 60)
#pragma surrogate range(angle, 5, 85)
#pragma surrogate range(drag, 0.001, 0.02)
#pragma surrogate range(wind, -10, 10)
double drag_throw(double speed, double angle, double drag, double wind)
{
    double theta = angle * 3.14159265358979323846 / 180, dt = 0.005;
    double x = 0, y = 0, vx = speed * cos(theta), vy = speed * sin(theta);
    for (int i = 0; i < 2000 && y >= 0; i++) {
        double ux = vx - wind, flow = sqrt(ux * ux + vy * vy);
        vx -= dt * drag * flow * ux;
        vy -= dt * (9.80665 + drag * flow * vy);
        x += dt * vx;
        y += dt * vy;
    }
    return x;
}
