/* Graphics: bilinear interpolation between four texels at the corners of a cell; u and v are fractions of its sides. */

static double mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

#pragma surrogate range(p00, 0, 255)
#pragma surrogate range(p10, 0, 255)
#pragma surrogate range(p01, 0, 255)
#pragma surrogate range(p11, 0, 255)
#pragma surrogate range(u, 0, 1)
#pragma surrogate range(v, 0, 1)
#pragma surrogate range(return, 0, 255)
double bilinear(double p00, double p10, double p01, double p11, double u, double v)
{
    return mix(mix(p00, p10, u), mix(p01, p11, u), v);
}
