/* Physics: spectral radiance of a black body in kW sr^-1 m^-2 nm^-1 at a wavelength in nm and a temperature in K. */
#include <math.h>

static const double H = 6.62607015e-34;
static const double SPEED_OF_LIGHT = 299792458.0;
static const double BOLTZMANN = 1.380649e-23;

#pragma surrogate range(wavelength, 200, 2500)
#pragma surrogate range(temperature, 3000, 6500)
#pragma surrogate range(return, 0, 48)
double planck_radiance(double wavelength, double temperature)
{
    double metres = wavelength * 1e-9;
    double exponent = H * SPEED_OF_LIGHT / (metres * BOLTZMANN * temperature);
    double per_metre = 2.0 * H * SPEED_OF_LIGHT * SPEED_OF_LIGHT / (pow(metres, 5.0) * (exp(exponent) - 1.0));

    return per_metre * 1e-12;
}
