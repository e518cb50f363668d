typedef long long wide;
typedef const double real;
struct p { float a; short b; unsigned char c; };
#define KIND(x) _Generic((x), char: 1, signed char: 2, unsigned char: 3, short: 4, int: 5, unsigned: 6, long: 7, \
    long long: 8, float: 9, double: 10, long double: 11, default: 12)
#define MAGNITUDE(x) _Generic((x), float: __builtin_fabsf, double: __builtin_fabs, default: whole)(x)
static int whole(int x) { return x < 0 ? -x : x; }
static double of_table(const float *t, int n) { return KIND(t[n]) + 20 * KIND(*t) + 400 * KIND(&t[n]); }
double f(double x, int n) {
    char c = n; signed char s = n; wide w = n; long l = n; real r = x; struct p p = { n, n, n }; float t[3] = { x, n, 1 };
    long double d = x;
    double kinds = KIND(c) + 13.0 * KIND(s) + 1e2 * KIND(w) + 2e3 * KIND(l) + 3e4 * KIND(r) + 4e5 * KIND(c + 1)
        + 5e6 * KIND(p.a) + 6e7 * KIND(p.b) + 7e8 * KIND(t[n & 1] * 2) + 8e9 * KIND(t) + 9e10 * KIND(l + w);
    kinds += KIND('a') + 3 * KIND(2u) + 9 * KIND(d * x) + 27 * KIND((short)n) + 81 * KIND(n ? 1.0f : n)
        + 243 * KIND(p.c + 0) + 729 * KIND(7L) + 2187 * KIND(whole(n)) + 6561 * KIND(-s);
    return kinds + MAGNITUDE(x) + MAGNITUDE(n) + MAGNITUDE((float)x / 3) + of_table(t, n & 1);
}
