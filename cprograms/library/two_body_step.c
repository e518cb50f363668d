/* Physics: one leapfrog step of a body about a unit mass at the origin; position and velocity in natural units. */
#include <math.h>

struct state {
    double next_x, next_y, next_vx, next_vy;
};

#pragma surrogate range(x, 0.5, 1.5)
#pragma surrogate range(y, -0.5, 0.5)
#pragma surrogate range(vx, -1, 1)
#pragma surrogate range(vy, -1, 1)
#pragma surrogate range(step, 0.01, 0.2)
struct state two_body_step(double x, double y, double vx, double vy, double step)
{
    struct state s = {x, y, vx, vy};
    double r2, pull;

    s.next_x += 0.5 * step * s.next_vx;
    s.next_y += 0.5 * step * s.next_vy;
    r2 = s.next_x * s.next_x + s.next_y * s.next_y;
    pull = step / (r2 * sqrt(r2));
    s.next_vx -= pull * s.next_x;
    s.next_vy -= pull * s.next_y;
    s.next_x += 0.5 * step * s.next_vx;
    s.next_y += 0.5 * step * s.next_vy;
    return s;
}
