/* How much of a drug is in the blood some hours after a dose: one compartment, first-order absorption, a lag. */
#include <math.h>

#pragma surrogate range(absorbed, 0.5, 5)
#pragma surrogate range(cleared, 0.02, 0.4)
#pragma surrogate range(volume, 5, 80)
#pragma surrogate range(lag, 0.05, 1)
extern const double absorbed, cleared, volume, lag;

#pragma surrogate range(dose, 50, 500)
#pragma surrogate range(hours, 0, 24)
double concentration(double dose, double hours)
{
    double t = hours > lag ? hours - lag : 0;
    return dose * absorbed / (volume * (absorbed - cleared)) * (exp(-cleared * t) - exp(-absorbed * t));
}
