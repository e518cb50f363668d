/*
 * Graphics: Phong reflection of one lamp. The lamp and the viewer stand at an angle in degrees from the normal, on either
 * side of it and in one plane; coefficients in 0..1.
 */
#include <math.h>

static double positive(double x)
{
    return x > 0.0 ? x : 0.0;
}

#pragma surrogate range(lamp, 0, 100)
#pragma surrogate range(viewer, 0, 90)
#pragma surrogate range(ambient, 0, 0.2)
#pragma surrogate range(diffuse, 0, 0.6)
#pragma surrogate range(specular, 0, 0.4)
#pragma surrogate range(shininess, 1, 32)
double phong_light(double lamp, double viewer, double ambient, double diffuse, double specular, double shininess)
{
    const double radians = 0.017453292519943295;
    double incident = cos(lamp * radians);

    if (incident <= 0.0)
        return ambient;
    double mirrored = positive(cos((lamp - viewer) * radians));
    return ambient + diffuse * incident + specular * pow(mirrored, shininess);
}
