/* Geometry: Cartesian coordinates of a point from its radius, inclination and azimuth in radians (ISO 80000-2). */
#include <math.h>

struct point {
    float x, y, z;
};

#pragma surrogate range(radius, 0.5, 2)
#pragma surrogate range(inclination, 0, 3.1416)
#pragma surrogate range(azimuth, 0, 6.2832)
struct point spherical_to_cartesian(float radius, float inclination, float azimuth)
{
    float across = radius * sinf(inclination);
    struct point p = {across * cosf(azimuth), across * sinf(azimuth), radius * cosf(inclination)};

    return p;
}
