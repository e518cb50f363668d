#define _GNU_SOURCE
#include <math.h>
#include <float.h>
double f(double x) {
    double s = 0;
    s += isnan(x) + isinf(x) * 2 + isfinite(x) * 4 + (signbit(x) ? 8 : 0) + isgreater(x, 0.5) * 16;
    s += fmaxf(x, 0.25f) + fabsl(x) + lround(x * 1e3) + lrintf(x * 7) + ldexp(x, 3) + fma(x, x, 1) + M_PI * M_SQRT2;
    return s < DBL_MAX && s != HUGE_VAL && !(s == INFINITY) ? s : NAN;
}
