/* Graphics: reflectance of a dielectric at an incidence angle in degrees, Schlick's approximation (1994). */
#include <math.h>

#pragma surrogate range(angle, 0, 90)
#pragma surrogate range(outside, 1, 1.4)
#pragma surrogate range(inside, 1.3, 2.4)
#pragma surrogate range(return, 0, 1)
double fresnel_schlick(double angle, double outside, double inside)
{
    const double radians = 3.14159265358979323846 / 180.0;
    double ratio = (outside - inside) / (outside + inside);
    double normal = ratio * ratio;
    double grazing = 1.0 - cos(angle * radians);

    return normal + (1.0 - normal) * pow(grazing, 5.0);
}
