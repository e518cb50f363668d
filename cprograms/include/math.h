/* The part of <math.h> that numeric programs may use, with macros that expand to plain calls and constants.
   `long double` is double here, and every function that returns a long returns a 64-bit one. */
#ifndef SURROGATE_MATH_H
#define SURROGATE_MATH_H

typedef float float_t;
typedef double double_t;

#define HUGE_VAL 1e5000
#define HUGE_VALF 1e5000f
#define HUGE_VALL 1e5000
#define INFINITY 1e5000f
#define NAN (0.0f / 0.0f)

#define FP_ILOGB0 (-2147483647 - 1)
#define FP_ILOGBNAN (-2147483647 - 1)

#define M_E 2.7182818284590452354
#define M_LOG2E 1.4426950408889634074
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_1_PI 0.31830988618379067154
#define M_2_PI 0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#define MAXFLOAT 3.40282346638528859812e+38F

#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#define isnormal(x) __builtin_isnormal(x)
#define signbit(x) __builtin_signbit(x)
#define isgreater(x, y) __builtin_isgreater(x, y)
#define isgreaterequal(x, y) __builtin_isgreaterequal(x, y)
#define isless(x, y) __builtin_isless(x, y)
#define islessequal(x, y) __builtin_islessequal(x, y)
#define islessgreater(x, y) __builtin_islessgreater(x, y)
#define isunordered(x, y) __builtin_isunordered(x, y)
#define finite(x) __builtin_isfinite(x)

double acos(double);
float acosf(float);
#define acosl acos
double asin(double);
float asinf(float);
#define asinl asin
double atan(double);
float atanf(float);
#define atanl atan
double cos(double);
float cosf(float);
#define cosl cos
double sin(double);
float sinf(float);
#define sinl sin
double tan(double);
float tanf(float);
#define tanl tan
double acosh(double);
float acoshf(float);
#define acoshl acosh
double asinh(double);
float asinhf(float);
#define asinhl asinh
double atanh(double);
float atanhf(float);
#define atanhl atanh
double cosh(double);
float coshf(float);
#define coshl cosh
double sinh(double);
float sinhf(float);
#define sinhl sinh
double tanh(double);
float tanhf(float);
#define tanhl tanh
double exp(double);
float expf(float);
#define expl exp
double exp2(double);
float exp2f(float);
#define exp2l exp2
double expm1(double);
float expm1f(float);
#define expm1l expm1
double log(double);
float logf(float);
#define logl log
double log10(double);
float log10f(float);
#define log10l log10
double log1p(double);
float log1pf(float);
#define log1pl log1p
double log2(double);
float log2f(float);
#define log2l log2
double logb(double);
float logbf(float);
#define logbl logb
double cbrt(double);
float cbrtf(float);
#define cbrtl cbrt
double fabs(double);
float fabsf(float);
#define fabsl fabs
double sqrt(double);
float sqrtf(float);
#define sqrtl sqrt
double erf(double);
float erff(float);
#define erfl erf
double erfc(double);
float erfcf(float);
#define erfcl erfc
double lgamma(double);
float lgammaf(float);
#define lgammal lgamma
double tgamma(double);
float tgammaf(float);
#define tgammal tgamma
double ceil(double);
float ceilf(float);
#define ceill ceil
double floor(double);
float floorf(float);
#define floorl floor
double nearbyint(double);
float nearbyintf(float);
#define nearbyintl nearbyint
double rint(double);
float rintf(float);
#define rintl rint
double round(double);
float roundf(float);
#define roundl round
double trunc(double);
float truncf(float);
#define truncl trunc
double atan2(double, double);
float atan2f(float, float);
#define atan2l atan2
double pow(double, double);
float powf(float, float);
#define powl pow
double hypot(double, double);
float hypotf(float, float);
#define hypotl hypot
double fmod(double, double);
float fmodf(float, float);
#define fmodl fmod
double remainder(double, double);
float remainderf(float, float);
#define remainderl remainder
double copysign(double, double);
float copysignf(float, float);
#define copysignl copysign
double nextafter(double, double);
float nextafterf(float, float);
#define nextafterl nextafter
double fdim(double, double);
float fdimf(float, float);
#define fdiml fdim
double fmax(double, double);
float fmaxf(float, float);
#define fmaxl fmax
double fmin(double, double);
float fminf(float, float);
#define fminl fmin
double fma(double, double, double);
float fmaf(float, float, float);
#define fmal fma
double ldexp(double, int);
float ldexpf(float, int);
#define ldexpl ldexp
double scalbn(double, int);
float scalbnf(float, int);
#define scalbnl scalbn
int ilogb(double);
int ilogbf(float);
#define ilogbl ilogb
long long llround(double);
long long llroundf(float);
#define llroundl llround
long long llrint(double);
long long llrintf(float);
#define llrintl llrint
double frexp(double, int *);
float frexpf(float, int *);
#define frexpl frexp
double modf(double, double *);
float modff(float, float *);
#define modfl modf
double remquo(double, double, int *);
float remquof(float, float, int *);
#define remquol remquo
double nan(const char *);
float nanf(const char *);
double j0(double);
double j1(double);
double y0(double);
double y1(double);
double jn(int, double);
double yn(int, double);

/* The sandbox's long is 32-bit, so functions of a long become those of a long long. */
#define lround llround
#define lroundf llroundf
#define lroundl llround
#define lrint llrint
#define lrintf llrintf
#define lrintl llrint
#define scalbln(x, n) scalbn(x, (int)(n))
#define scalblnf(x, n) scalbnf(x, (int)(n))
#define scalblnl(x, n) scalbn(x, (int)(n))

#endif
