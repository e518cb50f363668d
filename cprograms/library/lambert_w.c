/* Numerics: principal branch of Lambert's W, the w with w exp(w) = x, by Halley's iteration. */
#include <math.h>

#pragma surrogate range(x, 0, 10)
#pragma surrogate range(return, 0, 1.75)
double lambert_w(double x)
{
    double w = log1p(x);

    for (int i = 0; i < 20; i++) {
        double e = exp(w);
        double f = w * e - x;
        double step = f / (e * (w + 1.0) - (w + 2.0) * f / (2.0 * w + 2.0));
        w -= step;
        if (fabs(step) < 1e-12)
            break;
    }
    return w;
}
