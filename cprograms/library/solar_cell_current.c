/*
 * Physics: current in A of a solar cell at a voltage in V, an irradiance in W/m^2 and a temperature in K; one-diode model
 * with no resistances, never below 0.
 */
#include <math.h>

#pragma surrogate range(voltage, 0, 0.7)
#pragma surrogate range(irradiance, 100, 1000)
#pragma surrogate range(temperature, 280, 340)
#pragma surrogate range(return, 0, 8)
float solar_cell_current(float voltage, float irradiance, float temperature)
{
    const float ideality = 1.3f;
    float thermal = 1.380649e-23f * temperature / 1.602177e-19f;
    float photo = 8.0f * irradiance / 1000.0f;
    float diode = 1e-7f * (expf(voltage / (ideality * thermal)) - 1.0f);

    return fmaxf(photo - diode, 0.0f);
}
