#define PICK(x) _Generic((x), float: 1.5, double: 2.5, int: 3.5, default: 4.5)
static const float width = 2;
static const double a = PICK(width), b[] = { PICK(1), PICK(1.0), PICK('a') }, c = PICK((unsigned char)1) * 2;
struct pair { double x; int n; };
static const struct pair p = { .x = PICK(2.0f), .n = _Generic(a, double: 7, default: 9) };
static typeof(1.0f) rounded = 1.1;
static __auto_type whole = 3;
static double table[][2] = { { PICK(1L) }, { [1] = PICK(1u) / 3 } };
double f(double x, int n) {
    return x * a + b[0] + b[1] * b[2] + c + p.x + p.n + rounded + whole / 2 + table[n & 1][n >> 1 & 1];
}
