/* Integration: the heat capacity of a crystal after Debye, at a temperature relative to its own, by Simpson's rule. */
#include <math.h>

#pragma surrogate range(temperature, 0.05, 2)
double debye_heat(double temperature)
{
    enum { PARTS = 2000 };
    double end = 1.0 / temperature, step = end / PARTS, sum = 0.0;

    for (int i = 1; i <= PARTS; i++) {
        double t = i * step, e = exp(-t), one = 1.0 - e;
        double value = t * t * t * t * e / (one * one);
        sum += value * (i == PARTS ? 1.0 : i % 2 ? 4.0 : 2.0);
    }
    return 9.0 * temperature * temperature * temperature * sum * step / 3.0;
}
