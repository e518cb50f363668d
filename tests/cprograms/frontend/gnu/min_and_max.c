#define MAX(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define MIN(a, b) ({ __auto_type _a = (a); __auto_type _b = (b); _a < _b ? _a : _b; })
#define CLAMP(v, lo, hi) MIN(MAX(v, lo), hi)
#define SQ(x) ({ float q = (x); q * q; })
double f(double x, unsigned char c) {
    typeof(x) z = MAX(x, c + 1);
    __auto_type w = CLAMP(x, -0.5f, 0.5) + SQ(x / 3);
    for (typeof(int) i = 0; i < 3; i++) ({ double t = i; z += t; });
    return MAX(MAX(z, w), MIN(x, SQ(c)));
}
