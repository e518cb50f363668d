/* Signal processing: eight samples through a fixed linear-phase low-pass filter of unit gain at zero frequency. */

static const double TAPS[8] = {-0.0125, 0.0225, 0.1525, 0.3375, 0.3375, 0.1525, 0.0225, -0.0125};

#pragma surrogate range(x0, -1, 1)
#pragma surrogate range(x1, -1, 1)
#pragma surrogate range(x2, -1, 1)
#pragma surrogate range(x3, -1, 1)
#pragma surrogate range(x4, -1, 1)
#pragma surrogate range(x5, -1, 1)
#pragma surrogate range(x6, -1, 1)
#pragma surrogate range(x7, -1, 1)
#pragma surrogate range(return, -1.05, 1.05)
double lowpass8(double x0, double x1, double x2, double x3, double x4, double x5, double x6, double x7)
{
    /* Symmetric taps halve the number of products. */
    return TAPS[0] * (x0 + x7) + TAPS[1] * (x1 + x6) + TAPS[2] * (x2 + x5) + TAPS[3] * (x3 + x4);
}
