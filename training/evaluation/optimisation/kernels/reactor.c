/*
 * Chemistry: the yields of A -> B -> C in a stirred tank at `temperature` kelvin after `time` seconds, by Arrhenius'
 * law, in 500 steps; B is wanted.
 */
#include <math.h>

struct yields {
    double a, b, c;
};

#pragma surrogate range(temperature, 300, 420)
#pragma surrogate range(time, 10, 2000)
#pragma surrogate range(feed, 0.1, 1)
struct yields reactor(double temperature, double time, double feed)
{
    double first = 4e3 * exp(-4600 / temperature), second = 6e5 * exp(-7000 / temperature);
    double dt = time / 500;
    struct yields y = {feed, 0, 0};
    for (int i = 0; i < 500; i++) {
        double made = dt * first * y.a / (1 + dt * first), lost = dt * second * y.b / (1 + dt * second);
        y.a -= made;
        y.b += made - lost;
        y.c += lost;
    }
    return y;
}
