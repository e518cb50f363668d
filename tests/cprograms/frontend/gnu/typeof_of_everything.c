struct s { float a; short b[3]; };
static const struct s k = { 1.5f, {1, 2, 3} };
static long g(int x) { return x; }
double f(double x, signed char c) {
    typeof(k.a) a = x; typeof(k.b[0]) b = 70000 + c; typeof(g(c)) d = 1L << 40; typeof(c + 1u) e = -1;
    typeof(k) s = k; typeof(c ? 1 : 2.5) h = 7 / 2; typeof(-c) i = 1 << 20; typeof(c < x) j = 3;
    typeof(sizeof(x)) l = -1; typeof((char)1) m = 300; typeof(1.0f * c) n = x / 3;
    return a + b + d + e + s.a + h + i + j + (l > 0) + m + n;
}
