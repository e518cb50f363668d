"""One table of C programs for whatever reads, runs or lowers them: name, source, domain of each argument."""

from __future__ import annotations

from typing import NamedTuple

Range = tuple[float, float]
BYTE: Range = (0, 255)
UNIT: Range = (-1.0, 1.0)
SMALL: Range = (-9, 9)
INT_ALL: Range = (-(2.0**31), 2.0**31 - 1)


class Case(NamedTuple):
    """`exact` tells whether its graph can be evaluated."""

    source: str
    ranges: list[Range]
    exact: bool = True


def _case(source: str, *ranges: Range) -> Case:
    return Case(source, list(ranges))


def _inexact(source: str, *ranges: Range) -> Case:
    return Case(source, list(ranges), False)


ARITHMETIC = {
    "sum": _case("double f(double a, double b) { return a + b * 2.0 - b / 3; }", UNIT, UNIT),
    "float stays float": _case("float f(float a, float b) { return a * b + 0.1f; }", UNIT, UNIT),
    "float meets double": _case("double f(float a) { return a * 0.1 + a * 0.1f; }", UNIT),
    "narrow types promote": _case(
        "unsigned char f(signed char a, unsigned char b) { a += b; short s = a * b; return s++ + (a--, --b); }",
        (-128, 127), BYTE,
    ),
    "division truncates": _case("int f(int a, int b) { return a / b * 100 + a % b; }", SMALL, (-5, 5)),
    "smallest by minus one": _case("int f(int a, int b) { return a / b + a % b; }", (-(2.0**31), -(2.0**31) + 3), (-2, 2)),
    "overflow": _case("int f(int a, int b) { return a + b; }", INT_ALL, INT_ALL),
    "overflow of a product": _case("int f(int a, int b) { return a * b; }", (-70000, 70000), (-70000, 70000)),
    "overflow of 64 bits": _case("long f(long a, long b) { return a * b - a; }", (-(2.0**33), 2.0**33), (-(2.0**33), 2.0**33)),
    "overflow of a negation": _case("int f(int a) { return -a; }", (-(2.0**31), -(2.0**31) + 4)),
    "unsigned wraps": _case("unsigned f(unsigned a, unsigned b) { return a * b - 7u; }", (0, 2.0**32 - 1), (0, 2.0**32 - 1)),
    "signed meets unsigned": _case("int f(int a, unsigned b) { return (a < b) + 2 * (a - b > 5) + 4 * (-1 < b); }", SMALL, (0, 9)),
    "short meets unsigned short": _case("int f(short a, unsigned short b) { return a - b; }", (-300, 300), (0, 70)),
    "long meets unsigned": _case("long f(long a, unsigned b) { return (a < b) ? a : b; }", SMALL, (0, 9)),
    "shifts": _case("int f(int a, int n) { return (a << n) + (a >> (n & 3)); }", (-3, 1000), (-2, 33)),
    "unsigned shifts": _case("unsigned f(unsigned a, unsigned n) { return (a << n) ^ (a >> n) ^ ~a; }", (0, 2.0**32 - 1), (0, 33)),
    "shift of a char": _case("int f(signed char a) { return a >> 2 | (unsigned char)a << 9; }", (-128, 127)),
    "bits": _case("int f(int a, int b) { return (a & b) | (a ^ 0x5A) ^ ~b; }", INT_ALL, INT_ALL),
    "bool": _case("_Bool f(double x) { _Bool b = x; b += 2; return b && (_Bool)(x * 0.5); }", (-2, 2)),
    "bool of a fraction": _case("int f(double x) { return (_Bool)x + (_Bool)0.25; }", (-1, 1)),
    "float to integers": _case(
        "unsigned f(double x, float y) { return (unsigned)x + (int)y + (unsigned char)(x / 2) + (short)y; }",
        (-30, 600), (-40000, 40000),
    ),
    "float to long": _case("long f(double x) { return (long)x; }", (-(2.0**64), 2.0**64)),
    "negative fraction to unsigned": _case("unsigned f(double x) { return (unsigned)x; }", (-2, 2)),
    "unsigned long to float": _case("float f(unsigned long a) { return a * 3ul; }", (0, 2.0**53)),
    "wide to narrow": _case("int f(int a) { return (signed char)a + (unsigned short)a; }", INT_ALL),
    "int to float rounds": _case("float f(int a) { return (float)a; }", INT_ALL),
    "double to float": _case("float f(double x) { return (float)x * 3; }", (-1e30, 1e30)),
    "comparisons": _case(
        "int f(double a, double b) { return (a < b) + 2 * (a <= b) + 4 * (a > b) + 8 * (a >= b) + 16 * (a == b) + 32 * (a != b); }",
        (0, 1), (0, 1),
    ),
    "comparisons with NaN": _case(
        "int f(double a) { double n = (a - a) / (a - a); return (n < a) + 2 * (a <= n) + 4 * (n == n) + 8 * (n != n) + 16 * !n; }",
        UNIT,
    ),
    "negated comparison with NaN": _case("int f(double a) { double n = a / a; return !(n < 2) + 2 * !(n > 2); }", (0, 0)),
    "logic": _case("int f(int a, int b) { return (a && b) + 2 * (a || b) + 4 * !a + 8 * !!b; }", (-1, 1), (-1, 1)),
    "guarded division": _case("int f(int a, int b) { return b != 0 && a / b > 1 || a == 3; }", SMALL, (-2, 2)),
    "ternary": _case("double f(int a, double x) { return a > 0 ? a : x; }", SMALL, UNIT),
    "ternary's common type": _case("double f(int a, unsigned b) { return a < 3 ? -1 : b; }", SMALL, (0, 9)),
    "constant ternary's type": _case("double f(int a) { return (1 ? a : 2u) + (0 ? 0.5 : a) / 2; }", SMALL),
    "side effects in branches": _case("int f(int a, int b) { int c = 0; int r = a > 0 && c++ < b ? c += 5 : --c; return r * 10 + c; }", SMALL, SMALL),
    "comma": _case("int f(int a) { int b; return b = a + 1, b *= 2, b; }", SMALL),
    "compound assignment": _case("int f(int a) { a += 1.75; a <<= 1; a |= 8; a %= 13; a ^= 3; a -= 0.5; a /= 2; return a; }", (0, 99)),
    "increments": _case("int f(int a) { int b = a++; int c = ++a; int d = a--; return b + 3 * c + 5 * d + 7 * --a; }", SMALL),
    "literals": _case(
        "double f(double x) { return 0x1p-3 + 1e3 + 1.5f + .5 + 0x10 + 010 + 'A' + '\\n' + 4000000000 / 2 - 1u * 0 + x + 0xFFFFFFFF / 16 + 7L; }",
        UNIT,
    ),
    "a literal beyond double": _case("double f(double x) { return x < 0x1p20000 ? x : 0x1p-20000; }", UNIT),
    "unsigned literal": _case("int f(int a) { return (a - 1u > 0) + (-1 < 0xFFFFFFFF) * 2 + (-1 < 4294967295) * 4; }", (0, 2)),
    "sizeof": _case(
        "struct s { char a; double b; char c; }; long f(int a) { short t[7]; return sizeof(int) + sizeof t / sizeof t[0] + sizeof(struct s) * 100 + sizeof(a + 1.0) + a; }",
        SMALL,
    ),
    "sizeof has no effect": _case("long f(int a) { long n = sizeof(a++); return a + n; }", SMALL),
    "enum": _case("enum e { A, B = 5, C, D = C * 2 }; int f(int a) { enum e v = C; return a + A + B * v + D; }", SMALL),
    "enum without negatives is unsigned": _case("enum e { A, B = 5 }; enum s { M = -1, N }; int f(int a) { enum e v = a; enum s w = a; return (v - 3 < 0) + 2 * (w - 3 < 0); }", (0, 9)),
    "typedef": _case("typedef unsigned char u8; typedef u8 byte; int f(byte a) { byte b = a + 1; return b; }", BYTE),
    "unsigned division": _case("unsigned f(unsigned a, unsigned b) { return a / b + a % b; }", (0, 2.0**32 - 1), (0, 9)),
}  # fmt: skip

_LIBM = """
double fabs(double), pow(double, double), fmin(double, double), fmax(double, double), fma(double, double, double);
double hypot(double, double), fmod(double, double), remainder(double, double), copysign(double, double), fdim(double, double);
double floor(double), ceil(double), trunc(double), round(double), rint(double), nearbyint(double), ldexp(double, int);
long lround(double), lrint(double); long long llround(double); int abs(int); long labs(long);
float sinf(float), sqrtf(float), fabsf(float), powf(float, float), fminf(float, float), roundf(float), floorf(float), expf(float);
"""
_UNARY = "sin cos tan exp exp2 expm1 sinh cosh tanh atan asinh cbrt erf erfc"
_POSITIVE = "sqrt log log2 log10 log1p tgamma lgamma"
LIBM = {
    **{n: _case(f"double {n}(double); double f(double x) {{ return {n}(x); }}", (-3, 3)) for n in _UNARY.split()},
    **{n: _case(f"double {n}(double); double f(double x) {{ return {n}(x); }}", (0.01, 30)) for n in _POSITIVE.split()},
    **{n: _case(f"double {n}(double); double f(double x) {{ return {n}(x); }}", UNIT) for n in ("asin", "acos", "atanh")},
    "acosh": _case("double acosh(double); double f(double x) { return acosh(x); }", (1, 9)),
    "atan2": _case("double atan2(double, double); double f(double y, double x) { return atan2(y, x); }", UNIT, UNIT),
    "two arguments": _case(
        _LIBM + "double f(double x, double y) { return pow(fabs(x), y) + hypot(x, y) + fdim(x, y) + copysign(x, y) + fma(x, y, 1); }",
        (-3, 3), (-3, 3),
    ),
    "extremes": _case(_LIBM + "double f(double x, double y) { return fmin(x, y) * 10 + fmax(x, 0 / x * 0); }", UNIT, UNIT),
    "fmod and remainder": _case(_LIBM + "double f(double x, double y) { return fmod(x, y) + 100 * remainder(x, y); }", (-1e5, 1e5), (-3, 3)),
    "remainder's ties": _case(_LIBM + "double f(int x) { return remainder(x * 0.5, 1.0); }", SMALL),
    "rounding": _case(
        _LIBM + "double f(int a) { double x = a * 0.25; return floor(x) + 10 * ceil(x) + 100 * trunc(x) + 1e3 * round(x) + 1e4 * rint(x) + 1e5 * nearbyint(x); }",
        (-20, 20),
    ),
    "rounding just below a half": _case(_LIBM + "double f(int a) { return round(a * 0.49999999999999994) + round(4503599627370497.0 * a); }", (-3, 3)),
    "rounding to integers": _case(_LIBM + "double f(double x) { return lround(x) + 10 * llround(-x) + lrint(x / 2); }", SMALL),
    "integer abs": _case(_LIBM + "long f(int a, long b) { return abs(a) - labs(b); }", SMALL, SMALL),
    "float functions": _case(_LIBM + "float f(float x) { return sinf(x) + sqrtf(fabsf(x)) * powf(2, x) - fminf(x, 0.1f) + floorf(x) + roundf(x) + expf(x); }", (-3, 3)),
    "variables named as functions": _case(
        _LIBM + """double sin(double), cos(double), exp(double); long double expl(long double);
        struct s { double expl; };
        double g(double lrint) { return lrint * 3; }
        double f(double x, int a) {
            double cosl = cos(x), sinl = sin(x), *tanl = &x;
            long llabs = labs(a);
            struct s e = {exp(-x * x)};
            return cosl + 2 * sinl + *tanl + llabs + e.expl + expl(0.5L) + g(x) + lround(x);
        }""",
        (-3, 3), SMALL,
    ),
    "variables named as functions that others are": _case(
        _LIBM + """double sin(double), cos(double); long double sinl(long double);
        double f(double x, int a) {
            double sin = cos(x), cos = 3;
            long long llabs = labs(a);
            return sin + sinl(x) * cos + llabs;
        }""",
        (-3, 3), SMALL,
    ),
    "ldexp": _case(_LIBM + "double f(double x, int n) { return ldexp(x, n); }", UNIT, SMALL),
    "tests": _case(
        "int f(double x) { double y = 1 / x, z = y - y; return __builtin_isnan(z) + 2 * __builtin_isinf(y) + 4 * __builtin_isfinite(x) + 8 * !!__builtin_signbit(y) + 16 * __builtin_isless(z, x); }",
        (0, 1),
    ),
    "set bits": _case("int f(unsigned x) { return __builtin_popcount(x) + 100 * __builtin_clz(x | 1) + 10000 * __builtin_ctz(x | 4096); }", (0, 2.0**32 - 1)),
    "set bits of 64": _case("int f(unsigned long x) { return __builtin_popcountll(x) + 100 * __builtin_clzll(x | 1) + 10000 * __builtin_ctzll(x | 4096); }", (0, 2.0**53)),
    "exponent": _case("int ilogb(double); double logb(double); double f(double x) { return ilogb(x) + logb(x * 3); }", (0.01, 900)),
    "a helper takes a library name": _case("static double fmin(double a, double b) { return a - b; } double f(double x) { return fmin(x, 2); }", UNIT),
}  # fmt: skip

CONTROL = {
    "early returns": _case(
        "static double clamp(double x, double lo, double hi) { if (x < lo) return lo; if (x > hi) return hi; return x; }"
        "double f(double a, float b) { return clamp(a * 3, -1, 1) + clamp(b, 0, 0.5); }", UNIT, UNIT,
    ),
    "clamps": _case(
        "static unsigned char low(int v) { if (v < 0) return 0; if (v > 7) return 7; return v; }"
        "static float unit(double x) { return x >= -0.5 ? (x <= 0.5 ? x : 0.5) : -0.5; }"
        "double f(int v, double x) { return low(v) + unit(x / x * x) + unit(x) + (v > 5 ? 5u : v < 1 ? 1u : v); }", SMALL, UNIT,
    ),
    "nested returns": _case(
        "int f(int a, int b) { if (a > 0) { if (b > 0) return 1; a += 2; if (a > b) { b = 7; } else return a * 100; } else if (b == 2) return 5; return a * 10 + b; }",
        SMALL, SMALL,
    ),
    "both return": _case("int f(int a) { if (a > 2) return a; else { if (a > 0) return -a; else return 5; } return 9; }", SMALL),
    "shadowing": _case("int f(int a) { int b = 1; { int b = 2; a += b; { int a = 50; b += a; } a += b; } if (a > 3) { int b = 9; a -= b; } return a * 10 + b; }", SMALL),
    "for with continue": _case("double f(double x) { double s = 0; for (int i = 0; i < 5; i++) { if (i == 3) continue; s = s * x + i; } return s; }", UNIT),
    "break and return": _case("double f(double x, int n) { double s = 0; for (int i = 0; i < 8; i++) { if (i == n) break; if (s > 3) return s * 100; s += x; } return s; }", (0, 1), (-1, 9)),
    "break after return": _case("int f(int a, int n) { for (int i = 0; i < 4; i++) { if (a == i) return 50; if (n == i) break; a += 3; if (a > 9) { a = 1; continue; } n++; } if (a == 2) return 77; return a * 10 + n; }", SMALL, SMALL),
    "while": _case("int f(int a) { int n = 0; while (a > 0) { a /= 2; n++; } return n; }", (-5, 200)),
    "do": _case("int f(int a) { int n = 0; do { n += a; if (n % 3 == 1) continue; a++; } while (n < 20 && ++n < 25); return n * 100 + a; }", (4, 9)),
    "do once": _case("int f(int a) { do { if (a > 3) break; a = 3; } while (0); return a; }", SMALL),
    "a loop of the argument": _case("double f(double x, int n) { double s = 0; for (int i = 0; i < n; i++) s = s * x + 1; return s; }", (0, 1), (0, 12)),
    "a loop down": _case("int f(int n) { int s = 0; for (; n-- > 0;) s += n * n; return s; }", (-3, 12)),
    "nested loops": _case("int f(int a, int b) { int s = 0; for (int i = 0; i < 3; i++) for (int j = 0; j < 3; j++) { if (j == b) continue; if (a == i + j) goto out; s += i * j + a; } out: return s; }", (-3, 9), (-1, 4)),
    "break out of the inner loop": _case("int f(int a) { int s = 0; for (int i = 0; i < 4; i++) { for (int j = 0; ; j++) { if (j > i || s > a) break; s += j; } s += 10; } return s; }", (-3, 50)),
    "switch": _case("int f(int a) { int r = 0; switch (a) { case 0: r = 1; break; case 1: case 2: r = 5; case 3: r++; break; default: return -1; } return r * 2; }", (-2, 5)),
    "default in the middle": _case("int f(int a) { int r = 0; switch (a) { case 1: r = 1; default: r += 10; case 2: r += 100; break; case 3: r = 7; } return r; }", (-2, 5)),
    "default shared": _case("int f(int a) { switch (a) { case 1: return 3; case 2: default: return 4; case 5: break; } return 8; }", (-2, 6)),
    "switch in a loop": _case("int f(int a) { int s = 0; for (int i = 0; i < 5; i++) { switch ((a + i) % 4) { case 0: continue; case 1: s += 2; break; case 2: if (a > 3) break; s += 5; default: s *= 2; } s++; } return s; }", (0, 9)),
    "switch on a char": _case("int f(signed char a) { switch (a) { case -1: return 1; case 'a': return 2; } return 0; }", (-2, 100)),
    "switch with negative guards": _case("int f(int a, int b) { int t; switch (a > b) { case 0: t = b == 0 ? 1 : a / b; break; case 1: t = a; break; default: t = 9; } return t; }", SMALL, SMALL),
    "jump forwards": _case("int f(int a) { int r = 1; if (a > 3) goto done; r = 2; if (a < 0) goto other; r = 3; goto done; other: r += 10; done: return r * a; }", SMALL),
    "jump backwards": _case("int f(int a) { int s = 0; again: s += a; if (s < 20) { a++; goto again; } return s; }", (3, 9)),
    "jump into a branch": _case("int f(int a) { if (a < 0) goto bad; if (a > 5) { a -= 2; bad: a = -a; return a * 3; } return a; }", SMALL),
    "jump into the other branch": _case("int f(int a) { int r = 0; if (a > 2) { r = 1; if (a > 4) goto odd; r += 2; } else if (a > 0) { r = 10; odd: r += a; if (r < 12) r *= 2; } else r--; return r; }", SMALL),
    "jump into a block": _case("int f(int a, int b) { int r = 3; if (b == 0) goto out; r = a / b; { if (r > 2) { out: r -= 7; } r *= 2; } return r; }", SMALL, (-2, 2)),
    "recursion of constants": _case("static int fact(int n) { return n <= 1 ? 1 : n * fact(n - 1); } int f(int n) { return fact(6) + n; }", SMALL),
    "recursion": _case("static int fact(int n) { if (n < 2) return 1; return n * fact(n - 1); } int f(int n) { return fact(n); }", (-12, 12)),
    "double recursion": _case("int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }", (0, 15)),
    "mutual recursion": _case("static int odd(int n); static int even(int n) { return n == 0 ? 1 : odd(n - 1); } static int odd(int n) { return n == 0 ? 0 : even(n - 1); } int f(int a) { return even(6) * 10 + odd(5) + a; }", SMALL),
    "helper converts": _case("static int half(float x) { return x / 2; } static unsigned char low(int x) { return x; } double f(double x) { return half(x) + low(x * 3) / 2; }", (0, 400)),
    "void helper": _case("static void nothing(int a) { a++; } int f(int a) { nothing(a); return a; }", SMALL),
    "an untaken branch's division": _case("int f(int a, int b) { int r = 0; if (b) r = a / b; else r = 7; return r; }", SMALL, (-2, 2)),
    "division after a return": _case("int f(int a, int b) { if (b == 0) return 1; int q = a / b; if (q > 2) return q; return a % b; }", SMALL, (-2, 2)),
    "division guarded by a loop": _case("int f(int a, int b) { int s = 0; for (int i = 0; i < 3; i++) { if (b == i) break; s += a / (b - i); } return s; }", SMALL, (-2, 4)),
    "unset until assigned": _case("double f(double x) { double t; if (x > 0) t = x; else t = -2 * x; return t; }", UNIT),
    "newton with a limit": _case("double f(double x) { double y = x; for (int i = 0; i < 6; i++) { double next = (y + x / y) / 2; double d = next - y; y = next; if (d < 1e-6 && d > -1e-6) break; } return y; }", (0.5, 4)),
}  # fmt: skip

AGGREGATES = {
    "complex numbers": _case(
        "typedef struct { double re, im; } C; static C mul(C a, C b) { C r = {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; return r; }"
        "C f(double x, double y) { C z = {x, y}; C w = {.im = y}; w.re = x; return mul(mul(z, z), w); }", UNIT, UNIT,
    ),
    "nested structs": _case(
        "struct p { int x; float y; }; struct q { struct p a; double b; }; static struct q make(int n) { return (struct q){.b = n / 2.0, .a = {n, 0.5f}}; }"
        "struct q f(int n) { struct q r = make(n), s; s = r; s.a.x += 1; s.a = n > 0 ? s.a : r.a; return s; }", SMALL,
    ),
    "struct argument is a copy": _case("struct v { int a[2]; int n; }; static int g(struct v v) { v.a[0] = 9; v.n++; return v.a[0] + v.n; } int f(int x) { struct v v = {{x, 2}, 3}; int r = g(v); return r * 100 + v.a[0] * 10 + v.n; }", SMALL),
    "member of a call": _case("struct v { double x, y; }; static struct v g(double t) { struct v v = {t, 2 * t}; return v; } double f(double t) { return g(t).y + g(t + 1).x; }", UNIT),
    "braces left out": _case("struct s { int a[2][2]; struct { int x, y; } b; }; int f(int n) { struct s s = {n, 2, 3, n, 5, 6}; struct s t = {{{1}, {2, n}}, {.y = n}}; return s.a[0][0] + 10 * s.a[1][1] + 100 * s.b.y + t.a[1][1] * t.b.y + t.a[0][1]; }", SMALL),
    "designators": _case("int f(int n) { int a[] = {1, [3] = n, 5, [1] = 7}; int b[4] = {[2] = n}; return a[0] + 10 * a[1] + 100 * a[3] + 1000 * a[4] + b[2] * b[3] + sizeof a / sizeof *a; }".replace("sizeof *a", "sizeof a[0]"), SMALL),
    "array": _case("double f(double x) { double a[4] = {x, 2 * x}; for (int i = 2; i < 4; i++) a[i] = a[i - 1] + a[i - 2]; return a[3] * a[0]; }", UNIT),
    "dynamic index": _case("double f(int i, double x) { double a[3] = {x, 2 * x, 3 * x}; a[i & 1] = 7; return a[i % 3]; }", (-2, 9), UNIT),
    "dynamic store": _case("int f(int i, int j) { int a[4] = {1, 2, 3, 4}; a[i] += 10; a[j]++; return a[0] + 10 * a[1] + 100 * a[2] + 1000 * a[3]; }", (-1, 4), (0, 3)),
    "two dynamic indices": _case("int f(int i, int j) { int a[2][3] = {{1, 2, 3}, {4, 5, 6}}; a[i][j] *= 7; return a[i][1] + 100 * a[0][j]; }", (0, 2), (-1, 3)),
    "array of structs": _case("struct v { int x; int y; }; int f(int i) { struct v t[3] = {{1, 2}, {3, 4}, {5, 6}}; t[i].y = 9; struct v u = t[2 - i]; return u.x * 10 + u.y; }", (0, 2)),
    "short table": _case("static const double t[4] = {1, 2, 4, 8.5}; double f(int i) { return t[i]; }", (-1, 4)),
    "long table": _case("static const double t[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.5}; double f(int i, double x) { return t[i] * x + t[3]; }", (-2, 14), UNIT),
    "table of bytes": _case("const unsigned char t[] = {9, 200, 3, 4, 5, 6, 7, 8, 1, 250}; int f(unsigned i) { return t[i] - t[9]; }", (0, 11)),
    "table in two dimensions": _case("static const int t[3][10] = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {0}, {5, 4, 3, 2, 1, [9] = 8}}; int f(int i, int j) { return t[i][j] + t[2][j]; }", (-1, 3), (-1, 10)),
    "local table": _case("int f(int i) { static const int t[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}; return t[i % 10]; }", (0, 99)),
    "constant globals": _case("static const double k = 2.5; enum { N = 3 }; const int t[N] = {1, N, 2 * N}; struct p { int a; float b; }; static const struct p q = {4, .b = 1.5f}; double f(double x) { double s = 0; for (int i = 0; i < N; i++) s += t[i] * x; return s * k + q.a * q.b; }", UNIT),
    "sorting": _case("int f(int a, int b, int c) { int t[3] = {a, b, c}; for (int i = 0; i < 2; i++) for (int j = 0; j < 2 - i; j++) if (t[j] > t[j + 1]) { int s = t[j]; t[j] = t[j + 1]; t[j + 1] = s; } return t[1]; }", SMALL, SMALL, SMALL),
    "guarded index": _case("int f(int i) { int t[3] = {5, 6, 7}; if (i < 0 || i >= 3) return -1; return t[i]; }", (-4, 8)),
}  # fmt: skip

_MEMORY = (
    "void *memcpy(void *to, const void *from, unsigned long n); void *memmove(void *to, const void *from, unsigned long n);"
    "void *memset(void *to, int byte, unsigned long n); int memcmp(const void *a, const void *b, unsigned long n); "
)
POINTERS = {
    "address of a local": _case("int f(int a) { int b = 2; int *p = &b, **q = &p; *p += a; **q *= 3; return b; }", SMALL),
    "address of a field": _case("struct s { int x; double y[2]; }; double f(double a) { struct s s = {1, {a, 2}}; double *p = &s.y[1]; int *n = &s.x; *p += *n; *n = 7; p[-1] *= 2; return s.y[0] + s.y[1] + s.x; }", UNIT),
    "swap": _case("static void swap(double *a, double *b) { double t = *a; *a = *b; *b = t; } double f(double a, double b) { if (a > b) swap(&a, &b); return a - 2 * b; }", UNIT, UNIT),
    "results through pointers": _case("static int split(double x, double *whole, double *part) { if (x < 0) return 0; *whole = (int)x; *part = x - *whole; return 1; } double f(double x) { double w = -1, p = -2; int ok = split(x, &w, &p); return ok + 10 * w + p; }", (-4, 9)),
    "a walk over a table": _case("static const double t[] = {1, 2.5, 4, 8, 9}; double f(double x) { const double *p = t, *end = t + 5; double s = *p++; while (p != end) s = s * x + *p++; return s; }", UNIT),
    "a walk backwards": _case("double f(double x) { double t[4] = {x, 2, 3, x * x}; double s = 0; for (double *p = t + 3; p >= t; p--) s = s / 2 + *p; return s; }", UNIT),
    "a walk that only a run ends": _case("int f(int n) { int t[6] = {3, 1, 4, 1, 5, 0}, *p = t; while (*p && n-- > 0) ++p; return 10 * (p - t) + *p; }", (0, 9)),
    "pointers to rows": _case("static double row(const double *v, int n) { double s = 0; for (int i = 0; i < n; i++) s += v[i] * (i + 1); return s; } double f(double x) { double m[2][3] = {{1, x, 2}, {x, x, 3}}; double (*p)[3] = m; return row(m[0], 3) + 10 * row(*(p + 1), 3) + p[1][0]; }", UNIT),
    "a row that an index chooses": _case("static double first(const double *v) { return v[0] + v[1]; } double f(int i, double x) { double m[3][2] = {{x, 1}, {2, x}, {3, 4}}; m[i][1] += 1; return first(m[i]) - *(m[i] + 1); }", (0, 2), UNIT),
    "matrices in helpers": _case("static void mul(double a[2][2], double b[][2], double out[2][2]) { for (int i = 0; i < 2; i++) for (int j = 0; j < 2; j++) { out[i][j] = 0; for (int k = 0; k < 2; k++) out[i][j] += a[i][k] * b[k][j]; } } double f(double x) { double a[2][2] = {{x, 1}, {2, x}}, b[2][2], c[2][2]; mul(a, a, b); mul(a, b, c); return c[0][1] + 3 * c[1][1]; }", UNIT),
    "either of two": _case("double f(double a, double b) { double x = 1, y = 2, *p = a < b ? &x : &y; *p += a; double *q = p == &x ? &y : &x; *q -= b; return x + 10 * y; }", UNIT, UNIT),
    "guarded by null": _case("static double get(const double *p, double otherwise) { return p ? *p : otherwise; } double f(double a) { double x = 3, *p = a > 0 ? &x : 0; if (p) *p += a; if (p != 0 && *p > 3.5) x *= 2; return get(p, -a) + get(0, 1) + x; }", UNIT),
    "a pointer in a struct": _case("struct view { const double *data; int n; }; static double sum(struct view v) { double s = 0; for (int i = 0; i < v.n; i++) s += v.data[i]; return s; } double f(double x) { double d[4] = {x, 1, 2, x}; struct view v = {d, 3}; struct view w = v; w.data++; return sum(v) * 10 + sum(w); }", UNIT),
    "an array of pointers": _case("double f(int k, double x) { double a[2] = {x, 1}, b[2] = {2, x}, c[2] = {x, x}; const double *v[3] = {a, b, c}; return v[k][0] - v[2 - k][1]; }", (0, 2), UNIT),
    "a returned pointer": _case("static double *most(double *a, double *b) { return *a > *b ? a : b; } static double *scaled(double *v, double s) { v[0] *= s; v[1] *= s; return v; } double f(double a, double b) { double v[2] = {a, b}; *most(&v[0], &v[1]) += 1; return scaled(v, 2)[1] + v[0]; }", UNIT, UNIT),
    "structs through pointers": _case("struct v { double x, y; }; static struct v *add(struct v *out, const struct v *a) { out->x += a->x; out->y += a->y; return out; } double f(double a) { struct v p = {a, 1}, q = {2, a}, *r = &p; struct v s = *add(r, &q); r = &q; r->x = 9; (*r).y = p.x; return s.x + 2 * s.y + 3 * q.x + 4 * q.y; }", UNIT),
    "structs that are copied in a loop": _case("struct v { int x, y; }; int f(int n) { struct v t[4] = {{n, 1}, {2, n}, {3, 3}, {n, 4}}, best = t[0]; for (int i = 1; i < 4; i++) if (t[i].x > best.x) best = t[i]; return 10 * best.x + best.y; }", SMALL),
    "functions that pointers point to": _case("static double twice(double x) { return 2 * x; } static double square(double x) { return x * x; } static double map(double (*g)(double), double x) { return g(x) + (*g)(1); } double f(double x) { double (*g)(double) = x > 0 ? twice : &square; return map(g, x) + map(twice, x); }", UNIT),
    "a table of functions": _case("static int inc(int x) { return x + 1; } static int dec(int x) { return x - 1; } static int neg(int x) { return -x; } static int (*const ops[])(int) = {inc, dec, neg}; int f(int k, int x) { return ops[k](x) * 10 + ops[1](x); }", (0, 2), SMALL),
    "recursion with results through pointers": _case("static void halve(int n, int *count) { if (n > 1) { (*count)++; halve(n / 2, count); } } int f(int n) { int c = 0; halve(n, &c); return c; }", (0, 99)),
    "a null pointer on a way that no row takes": _case("static double at(const double *p, int i) { return p[i] + *p; } double f(int n, double x) { const double *p = 0; if (n > 9) p = &x; return n > 9 ? at(p, 0) : n > 10 ? at(0, n) : x; }", SMALL, UNIT),
    "insertion": _case("static void sort(int *a, int n) { for (int i = 1; i < n; i++) for (int *p = a + i; p > a && p[-1] > *p; p--) { int t = *p; *p = p[-1]; p[-1] = t; } } int f(int a, int b, int c) { int t[3] = {a, b, c}; sort(t, 3); return t[0] + 20 * t[1] + 400 * t[2]; }", SMALL, SMALL, SMALL),
}  # fmt: skip

BITS = {
    "bits of a float": _case("unsigned f(float x) { union { float f; unsigned u; } v = {x}; return v.u >> 23 & 0xff; }", (-300, 300)),
    "a float of bits": _case("float f(int e, float x) { union { float f; unsigned u; } v = {.u = (unsigned)(e + 127) << 23}; return v.f * x; }", (-9, 9), UNIT),
    "fast inverse root": _case("float f(float x) { float h = 0.5f * x; int i = *(int *)&x; i = 0x5f3759df - (i >> 1); float y = *(float *)&i; return y * (1.5f - h * y * y); }", (0.1, 9)),
    "words of a double": _case("int f(double x) { union { double d; struct { unsigned lo; int hi; } w; } v; v.d = x; return (v.w.hi >> 20) + (v.w.lo & 1u ? 7 : 0); }", (-300, 300)),
    "a double of words": _case("double f(double x, int n) { union { double d; unsigned long u; unsigned w[2]; } v = {x}; v.w[1] += (unsigned)n << 20; v.u &= ~1ul; return v.d; }", (1, 2), (-9, 9)),
    "bytes, the lowest first": _case("int f(unsigned x) { unsigned char *p = (unsigned char *)&x; int s = p[0] - p[3]; p[1] = 7; *(unsigned short *)(p + 2) = 0x0102; return s ^ (int)x; }", (0, 2.0**31)),
    "a copy of bits": _case(_MEMORY + "long f(double x) { long u; memcpy(&u, &x, sizeof u); u &= 0x7fffffffffffffff; double y; memcpy(&y, &u, 8); return (long)(y * 64) + (u >> 52); }", (-99, 99)),
    "a copy of an array": _case(_MEMORY + "double f(double x) { double a[3] = {x, 1, 2}, b[3] = {0}; memcpy(b, a, sizeof a); memmove(b, b + 1, 2 * sizeof *b); memset(a, 0, sizeof(a)); return a[0] + b[0] + 10 * b[1] + 100 * b[2]; }".replace("sizeof *b", "sizeof b[0]"), UNIT),
    "bytes that are set": _case(_MEMORY + "int f(int x) { struct { int a; short b[2]; unsigned char c; } s = {x, {1, 2}, 3}; memset(s.b, 0xff, sizeof s.b); memset(&s.c, x, 1); return s.a + s.b[1] * 5 + s.c * 100; }".replace("memset(&s.c, x, 1)", "memset(&s.c, 1, 1)"), SMALL),
    "bytes that are compared": _case(_MEMORY + "int f(int a, int b) { int x[2] = {a, 3}, y[2] = {b, 3}; return (memcmp(x, y, sizeof x) == 0) * 10 + !memcmp(x + 1, y + 1, 4); }", (0, 2), (0, 2)),
    "bit-fields": _case("struct s { unsigned a : 3; int b : 5; unsigned char c : 1, : 0; unsigned d : 20; }; int f(int x) { struct s s = {x, x, x}; s.a++; s.b -= 3; s.d = x * 1000; return s.a + 100 * s.b + 10000 * s.c + (int)s.d; }", (-20, 20)),
    "parts of a float as bit-fields": _case("float f(float x, int e) { union { float f; struct { unsigned m : 23, e : 8, s : 1; } p; } v = {x}; int old = v.p.e; v.p.e += e; v.p.s ^= 1; v.p.m |= 1; return v.f + old; }", (0.5, 300), (-9, 9)),
    "flags in a union": _case("union u { struct { unsigned a : 1, b : 3, : 4, c : 8; int d : 9, : 0; unsigned char e : 2; } s; unsigned w[2]; unsigned char b[8]; }; int f(unsigned x, int y) { union u u = {.w = {x}}, v = {{1, 2, 3, -4, 1}}; u.s.b += y; u.s.d -= y; v.s.c = u.b[1]; u.b[4] = 7; u.b[2] ^= 5; return (int)(u.w[0] % 100003) + u.s.d * 7 + u.s.c - v.w[0] % 1009 + v.s.d + u.s.e * 5 + v.b[4] + sizeof v; }", (0, 2.0**31), (-9, 9)),
    "copies of bit-fields": _case(_MEMORY + "struct s { int a : 5, b : 11; unsigned char c; _Bool d : 1; unsigned long e : 40; }; long f(int x) { struct s s = {x, x * 9, x, x, x}, t, u[2]; memcpy(&t, &s, sizeof s); memcpy(u + 1, &t, sizeof t); memset(u, 0, sizeof u[0]); unsigned w; memcpy(&w, &u[1], 4); return (w & 0xffff) + t.b + 100 * u[1].a + u[0].c + u[1].d + (long)u[1].e % 1000; }", (-99, 99)),
    "anonymous members": _case("struct v { union { struct { double x, y; }; double e[2]; }; int n; }; double f(double a) { struct v v = {.x = a, .y = 2, .n = 3}, w = {{{1, a}}, 5}; v.e[1] += w.y; return v.y * v.n + w.e[0] + v.e[0]; }", UNIT),
    "unions of structs": _case("union u { struct { unsigned char r, g, b, a; } c; unsigned n; }; unsigned f(unsigned n, int r) { union u u = {.n = n}, w = {{1, 2, 3, 4}}; u.c.r = r; u.c.a += 3; return u.n ^ w.n; }", (0, 2.0**31), BYTE),
    "strings": _case("int f(int i) { char s[] = \"abc\"; const char *p = \"xyz\"; char t[5] = \"q\"; s[1]++; return s[i] + 2 * p[i] + 3 * t[i] + sizeof s + sizeof \"four\"; }", (0, 3)),
    "fraction and exponent": _case("double frexp(double, int *); float frexpf(float, int *); double f(double x, float y) { int e, n = 0; double m = frexp(x * x * x, &e); float t = frexpf(y, &n); return m + e + 100 * (t * 2 + n) + frexp(0, &n) + frexp(x * 4e-310, &n) + n; }", (-9, 9), (-300, 300)),
    "remainder and quotient": _case("double remquo(double, double, int *); double f(double x, double y) { int q; double r = remquo(x, y, &q); return r + 10 * (q % 8); }", (-9, 9), (-0.4, 2)),
    "whole and fraction": _case("double modf(double, double *); float modff(float, float *); double f(double x, float y) { double w; float v; return modf(x, &w) + 10 * w + modff(y, &v) * v; }", (-9, 9), (-9, 9)),
    "a gamma's sign": _case("double lgamma_r(double, int *); double f(double x) { int s; double g = lgamma_r(x, &s); return s * g + s; }", (-6, 6)),
    "sizes known at run time": _case("double f(double x) { int n = 3; double a[n], m[n][2]; for (int i = 0; i < n; i++) { a[i] = x * i; m[i][0] = i; m[i][1] = x; } return a[2] + m[2][0] * m[1][1] + sizeof a / sizeof a[0]; }", UNIT),
}  # fmt: skip

UNBOUNDED = {
    "a long loop": _inexact("double f(double x) { double s = 0; for (int i = 0; i < 1000; i++) { s += x * i; if (s > 4) s -= x; } return s; }", (0.1, 4)),
    "newton": _inexact("double f(double x) { double y = x; while (y * y - x > 1e-6) { if (y < -5) break; if (y > 1e6) return y; y = (y + x / y) / 2; } return y; }", (0.1, 4)),
    "collatz": _inexact("int f(int n) { int s = 0; while (n > 1) { n = n % 2 ? 3 * n + 1 : n / 2; s++; } return s; }", (1, 99)),
    "deep recursion": _inexact("static int g(int n) { return n <= 1 ? 1 : 2 + g(n - 1); } int f(int n) { return g(n); }", (0, 1200)),
    "ackermann": _inexact("static int a(int m, int n) { return m == 0 ? n + 1 : n == 0 ? a(m - 1, 1) : a(m - 1, a(m, n - 1)); } int f(int m, int n) { return a(m, n); }", (0, 2), (0, 3)),
    "a loop in a helper in a loop": _inexact("static double root(double x) { double y = x; for (; y * y - x > 1e-3;) y = (y + x / y) / 2; return y; } double f(double x) { double s = 0; for (int i = 0; i < 4; i++) s += root(x + i); return s; }", (1, 4)),
    "jump backwards for long": _inexact("double f(double x) { double s = 0; again: s += x; if (s < 100) goto again; return s; }", (0.01, 1)),
    "no end": _inexact("int f(int x) { while (1) { } return x; }", SMALL),
    "an unknown function": _inexact("double j0(double); double f(double x) { return j0(x) + 1; }", UNIT),
}  # fmt: skip

CASES: dict[str, Case] = {**ARITHMETIC, **LIBM, **CONTROL, **AGGREGATES, **POINTERS, **BITS, **UNBOUNDED}
