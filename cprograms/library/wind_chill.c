/* Physics: wind chill in degrees C from air temperature in degrees C and wind in km/h (North American index of 2001). */
#include <math.h>

#pragma surrogate range(temperature, -40, 20)
#pragma surrogate range(wind, 0, 80)
double wind_chill(double temperature, double wind)
{
    if (temperature > 10.0 || wind < 4.8)
        return temperature;
    double factor = pow(wind, 0.16);
    return 13.12 + 0.6215 * temperature - 11.37 * factor + 0.3965 * temperature * factor;
}
