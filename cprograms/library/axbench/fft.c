/*
 * Signal processing: sine and cosine of a twiddle factor exp(-2 pi i x) of a radix-2 fast Fourier transform; x is the
 * fraction of a turn (Cooley and Tukey, 1965; AxBench's fft, Yazdanbakhsh et al., 2017).
 */
#include <math.h>

#define TURN 6.28318530717958647693

#pragma surrogate range(x, 0, 1)
#pragma surrogate range(s, -1, 1)
#pragma surrogate range(c, -1, 1)
void fftSinCos(float x, float *s, float *c)
{
    *s = (float)sin(-TURN * x);
    *c = (float)cos(-TURN * x);
}
