/* Physics: magnitude in ohms of a resistor, coil (mH) and capacitor (uF) in series at a frequency in Hz. */
#include <math.h>

#pragma surrogate range(resistance, 1, 100)
#pragma surrogate range(inductance, 1, 50)
#pragma surrogate range(capacitance, 5, 100)
#pragma surrogate range(frequency, 50, 1000)
double rlc_impedance(double resistance, double inductance, double capacitance, double frequency)
{
    double omega = 2.0 * 3.14159265358979323846 * frequency;
    double reactance = omega * inductance * 1e-3 - 1.0 / (omega * capacitance * 1e-6);

    return sqrt(resistance * resistance + reactance * reactance);
}
