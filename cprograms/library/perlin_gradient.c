/* Graphics: dot product of an offset with one of the sixteen gradients of improved noise (Perlin, 2002). */

#pragma surrogate range(hash, 0, 255)
#pragma surrogate range(x, -1, 1)
#pragma surrogate range(y, -1, 1)
#pragma surrogate range(z, -1, 1)
#pragma surrogate range(return, -2, 2)
double perlin_gradient(int hash, double x, double y, double z)
{
    int h = hash & 15;
    double u = h < 8 ? x : y;
    double v = h < 4 ? y : (h == 12 || h == 14 ? x : z);
    return ((h & 1) == 0 ? u : -u) + ((h & 2) == 0 ? v : -v);
}
