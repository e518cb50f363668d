/* Signal processing: power of one frequency bin of eight samples, by Goertzel's recurrence (1958). */
#include <math.h>

#pragma surrogate range(s0, -1, 1)
#pragma surrogate range(s1, -1, 1)
#pragma surrogate range(s2, -1, 1)
#pragma surrogate range(s3, -1, 1)
#pragma surrogate range(s4, -1, 1)
#pragma surrogate range(s5, -1, 1)
#pragma surrogate range(s6, -1, 1)
#pragma surrogate range(s7, -1, 1)
#pragma surrogate range(bin, 1, 3)
#pragma surrogate range(return, 0, 32)
double goertzel_power(double s0, double s1, double s2, double s3, double s4, double s5, double s6, double s7, int bin)
{
    const double samples[8] = {s0, s1, s2, s3, s4, s5, s6, s7};
    double coefficient = 2.0 * cos(6.28318530717958647693 * bin / 8.0);
    double previous = 0.0, before = 0.0;

    for (int i = 0; i < 8; i++) {
        double current = samples[i] + coefficient * previous - before;
        before = previous;
        previous = current;
    }
    return previous * previous + before * before - coefficient * previous * before;
}
