/* The logarithm of Goldstein and Price's function, which has four minima (1971). */
#include <math.h>

#pragma surrogate range(x, -2, 2)
#pragma surrogate range(y, -2, 2)
double goldstein_price(double x, double y)
{
    double a = x + y + 1, b = 2 * x - 3 * y;
    double first = 1 + a * a * (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y);
    double second = 30 + b * b * (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y);
    return log(first * second);
}
