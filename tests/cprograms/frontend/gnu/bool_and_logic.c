#include <stdbool.h>
typedef bool flag;
static flag between(double x, double a, double b) { return a <= x && x <= b; }
bool f(double x, flag b) { _Bool c = x * 4; return (between(x, -.5, .5) || c) != (b & true) ? !c : false; }
