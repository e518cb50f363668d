/* How far a thrown body has fallen after t seconds, with quadratic drag: g and the terminal speed are fitted. */
#include <math.h>

#pragma surrogate range(g, 1, 20)
#pragma surrogate range(terminal, 5, 100)
extern const double g, terminal;

#pragma surrogate range(t, 0, 10)
double fallen(double t)
{
    return terminal * terminal / g * log(cosh(g * t / terminal));
}
