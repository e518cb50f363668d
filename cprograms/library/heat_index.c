/* Physics: apparent temperature in degrees F from air temperature and relative humidity in % (Rothfusz, 1990). */

#pragma surrogate range(temperature, 80, 110)
#pragma surrogate range(humidity, 40, 100)
double heat_index(double temperature, double humidity)
{
    double t = temperature, r = humidity;

    return -42.379 + 2.04901523 * t + 10.14333127 * r - 0.22475541 * t * r - 6.83783e-3 * t * t - 5.481717e-2 * r * r
         + 1.22874e-3 * t * t * r + 8.5282e-4 * t * r * r - 1.99e-6 * t * t * r * r;
}
