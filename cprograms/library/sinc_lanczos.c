/* Signal processing: Lanczos resampling kernel of three lobes, sinc(x) sinc(x / 3). */
#include <math.h>

static double sinc(double x)
{
    double angle = 3.14159265358979323846 * x;
    return fabs(angle) < 1e-8 ? 1.0 : sin(angle) / angle;
}

#pragma surrogate range(x, -4, 4)
#pragma surrogate range(return, -0.2, 1)
double sinc_lanczos(double x)
{
    if (x <= -3.0 || x >= 3.0)
        return 0.0;
    return sinc(x) * sinc(x / 3.0);
}
