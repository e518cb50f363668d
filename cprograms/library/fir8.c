/* Signal processing: output of a filter of eight taps, the sum of samples times taps. */

#define TAPS 8

#pragma surrogate range(x0, -1, 1)
#pragma surrogate range(x1, -1, 1)
#pragma surrogate range(x2, -1, 1)
#pragma surrogate range(x3, -1, 1)
#pragma surrogate range(x4, -1, 1)
#pragma surrogate range(x5, -1, 1)
#pragma surrogate range(x6, -1, 1)
#pragma surrogate range(x7, -1, 1)
#pragma surrogate range(h0, 0, 1)
#pragma surrogate range(h1, 0, 1)
#pragma surrogate range(h2, 0, 1)
#pragma surrogate range(h3, 0, 1)
#pragma surrogate range(h4, 0, 1)
#pragma surrogate range(h5, 0, 1)
#pragma surrogate range(h6, 0, 1)
#pragma surrogate range(h7, 0, 1)
double fir8(double x0, double x1, double x2, double x3, double x4, double x5, double x6, double x7,
            double h0, double h1, double h2, double h3, double h4, double h5, double h6, double h7)
{
    double x[TAPS] = {x0, x1, x2, x3, x4, x5, x6, x7};
    double h[TAPS] = {h0, h1, h2, h3, h4, h5, h6, h7};
    double y = 0.0;

    for (int k = 0; k < TAPS; k++)
        y += h[k] * x[k];
    return y;
}
