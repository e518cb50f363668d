/* Signal processing: weight of sample n of a symmetric Hann window of `length` samples; 0 outside it. */
#include <math.h>

#pragma surrogate range(n, 0, 64)
#pragma surrogate range(length, 16, 64)
#pragma surrogate range(return, 0, 1)
double hann_window(int n, int length)
{
    if (n < 0 || n >= length)
        return 0.0;
    return 0.5 - 0.5 * cos(2.0 * 3.14159265358979323846 * n / (length - 1));
}
