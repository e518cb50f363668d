#include <math.h>
double f(register double x, const float y) { long double s = 0.5L; s += sinl(x) * y; { auto double t = s; return t; } }
