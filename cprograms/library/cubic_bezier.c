/* Graphics: one coordinate of a cubic Bezier curve at t in 0..1, by de Casteljau's algorithm. */

#pragma surrogate range(p0, -10, 10)
#pragma surrogate range(p1, -10, 10)
#pragma surrogate range(p2, -10, 10)
#pragma surrogate range(p3, -10, 10)
#pragma surrogate range(t, 0, 1)
double cubic_bezier(double p0, double p1, double p2, double p3, double t)
{
    double p[4] = {p0, p1, p2, p3};

    for (int level = 3; level > 0; level--)
        for (int i = 0; i < level; i++)
            p[i] += t * (p[i + 1] - p[i]);
    return p[0];
}
