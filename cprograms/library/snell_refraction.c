/* Physics: angle of refraction in degrees by Snell's law; 90 where the light is totally reflected. */
#include <math.h>

#pragma surrogate range(incidence, 0, 89)
#pragma surrogate range(from_index, 1, 1.6)
#pragma surrogate range(to_index, 1, 1.6)
#pragma surrogate range(return, 0, 90)
double snell_refraction(double incidence, double from_index, double to_index)
{
    const double degree = acos(-1.0) / 180.0;
    double sine = from_index / to_index * sin(incidence * degree);

    if (sine >= 1.0)
        return 90.0;
    return asin(sine) / degree;
}
