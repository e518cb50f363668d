/* Physics: hours of daylight at a latitude in degrees on a day of the year, from the sun's declination (Cooper, 1969). */
#include <math.h>

#define RADIANS(degrees) ((degrees) * 3.14159265358979323846 / 180.0)

#pragma surrogate range(latitude, -75, 75)
#pragma surrogate range(day, 1, 365)
#pragma surrogate range(return, 0, 24)
double day_length(double latitude, int day)
{
    double declination = RADIANS(23.45) * sin(RADIANS(360.0 * (284 + day) / 365.0));
    double cosine = -tan(RADIANS(latitude)) * tan(declination);

    if (cosine <= -1.0)
        return 24.0;
    if (cosine >= 1.0)
        return 0.0;
    return 24.0 / acos(-1.0) * acos(cosine);
}
