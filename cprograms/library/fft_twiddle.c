/* Signal processing: twiddle factor exp(-2 pi i x) of a fast Fourier transform; x is the fraction of a turn. */
#include <math.h>

struct complex_number {
    double re;
    double im;
};

#pragma surrogate range(x, 0, 1)
#pragma surrogate range(re, -1, 1)
#pragma surrogate range(im, -1, 1)
struct complex_number fft_twiddle(double x)
{
    const double two_pi = 6.28318530717958647693;
    struct complex_number w;

    w.re = cos(-two_pi * x);
    w.im = sin(-two_pi * x);
    return w;
}
