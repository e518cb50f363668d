/* Physics: pressure in hPa of the standard atmosphere at a height in metres, troposphere and lower stratosphere. */
#include <math.h>

#pragma surrogate range(height, 0, 20000)
#pragma surrogate range(return, 50, 1020)
double standard_pressure(double height)
{
    const double tropopause = 11000.0;

    if (height < tropopause)
        return 1013.25 * pow(1.0 - 0.0065 * height / 288.15, 5.255876);
    return 226.321 * exp(-(height - tropopause) / 6341.62);
}
