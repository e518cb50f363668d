/* Statistics: softmax of three scores, shifted by the greatest so that exp never overflows. */
#include <math.h>

typedef struct {
    double first, second, third;
} weights;

#pragma surrogate range(a, -3, 3)
#pragma surrogate range(b, -3, 3)
#pragma surrogate range(c, -3, 3)
#pragma surrogate range(first, 0, 1)
#pragma surrogate range(second, 0, 1)
#pragma surrogate range(third, 0, 1)
weights softmax3(double a, double b, double c)
{
    double top = a > b ? a : b;
    top = top > c ? top : c;
    double ea = exp(a - top), eb = exp(b - top), ec = exp(c - top);
    double sum = ea + eb + ec;

    return (weights){ea / sum, eb / sum, ec / sum};
}
