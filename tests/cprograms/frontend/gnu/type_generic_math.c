#include <tgmath.h>
static float narrow(float y) { return fma(y, y, y) + sqrt(fabs(y)) / 3; }
double f(double x, float y, int n) {
    double sizes = sizeof(sin(y)) + 10 * sizeof(sin(x)) + 100 * sizeof(pow(y, n)) + 1e3 * sizeof(pow(y, 2.5f))
        + 1e4 * sizeof(hypot(y, x)) + 1e5 * sizeof(fma(y, y, y)) + 1e6 * sizeof(fma(y, y, n)) + 1e7 * sizeof(exp('a'));
    return sin(x) + cos(x) * exp(x / 4) * pow(2, fabs(y)) + atan2(x, y) + hypot(x, n) + ldexp(y, n & 3) + sqrt(n * n)
        + floor(y * 3) + lround(x) + fmax(y, 0.1f) + fmin(x, y) + round(x) + narrow(fabs(y)) + log(1 + fabs(sin(cos(x))))
        + sqrt(y * y) * 1e3 + sizes;
}
