/*
 * Geometry: distance along a ray to a sphere about the origin, or -1 where it misses. The ray starts at (ox, oy, -4) and
 * aims at (tx, ty, 0).
 */
#include <math.h>

typedef struct {
    double x, y, z;
} vec3;

static double dot(vec3 a, vec3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static vec3 normalised(vec3 v)
{
    double scale = 1.0 / sqrt(dot(v, v));
    vec3 out = {v.x * scale, v.y * scale, v.z * scale};
    return out;
}

#pragma surrogate range(ox, -1, 1)
#pragma surrogate range(oy, -1, 1)
#pragma surrogate range(tx, -1.5, 1.5)
#pragma surrogate range(ty, -1.5, 1.5)
#pragma surrogate range(radius, 0.5, 2)
#pragma surrogate range(return, -1, 5)
double ray_sphere(double ox, double oy, double tx, double ty, double radius)
{
    vec3 origin = {ox, oy, -4.0};
    vec3 towards = {tx - ox, ty - oy, 4.0};
    vec3 direction = normalised(towards);
    double b = dot(origin, direction);
    double discriminant = b * b - (dot(origin, origin) - radius * radius);

    if (discriminant < 0.0)
        return -1.0;
    return -b - sqrt(discriminant);
}
