/* Graphics: Hermite step from 0 at edge0 to 1 at edge1, flat outside, as in the OpenGL shading language. */

static double clamp01(double t)
{
    if (t < 0.0)
        return 0.0;
    if (t > 1.0)
        return 1.0;
    return t;
}

#pragma surrogate range(edge0, -1, -0.2)
#pragma surrogate range(edge1, 0.2, 1)
#pragma surrogate range(x, -1.5, 1.5)
#pragma surrogate range(return, 0, 1)
double smoothstep(double edge0, double edge1, double x)
{
    double t = clamp01((x - edge0) / (edge1 - edge0));
    return t * t * (3.0 - 2.0 * t);
}
