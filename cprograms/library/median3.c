/* Signal processing: median of three samples. */

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double greatest(double a, double b)
{
    return a > b ? a : b;
}

#pragma surrogate range(a, -1, 1)
#pragma surrogate range(b, -1, 1)
#pragma surrogate range(c, -1, 1)
#pragma surrogate range(return, -1, 1)
double median3(double a, double b, double c)
{
    return greatest(least(a, b), least(greatest(a, b), c));
}
