#include <math.h>
double f(double x, int n) { double y = floor(x) ?: 0.5; return y * ((n & 3) ?: n ?: 7) + (x > 0 ?: -2); }
