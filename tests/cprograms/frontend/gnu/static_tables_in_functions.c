static double poly(const double x) {
    static const double c[] = { 1.0, .5, 0x1p-2, 1e-3 };
    double r = 0; unsigned i = sizeof c / sizeof c[0];
    while (i-- > 0) r = r * x + c[i];
    return r;
}
double f(double x) { return poly(x); }
