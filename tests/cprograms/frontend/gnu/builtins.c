double f(double x, unsigned n) {
    return __builtin_fabs(x) + __builtin_popcount(n) + (n ? __builtin_ctz(n) : 32) + __builtin_sqrt(x * x)
        + (__builtin_constant_p(x) ? 1 : 2) + __builtin_fmax(x, __builtin_inf() < x) + __builtin_isnan(x);
}
