/* Physics: dew point in degrees C from air temperature in degrees C and relative humidity in % (Magnus formula). */
#include <math.h>

#pragma surrogate range(temperature, -10, 45)
#pragma surrogate range(humidity, 5, 100)
#pragma surrogate range(return, -46, 45)
double dew_point(double temperature, double humidity)
{
    const double b = 17.62, c = 243.12;
    double gamma = log(humidity / 100.0) + b * temperature / (c + temperature);

    return c * gamma / (b - gamma);
}
