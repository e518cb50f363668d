/* Signal processing: gain in dB of a Butterworth low-pass filter of order 1..6 at a frequency over its cut-off. */
#include <math.h>

#pragma surrogate range(ratio, 0, 3)
#pragma surrogate range(order, 1, 6)
#pragma surrogate range(return, -58, 0)
double butterworth_gain(double ratio, int order)
{
    return -10.0 * log10(1.0 + pow(ratio * ratio, order));
}
