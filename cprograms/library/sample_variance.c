/* Statistics: unbiased variance of six observations, Welford's recurrence (1962). */

#pragma surrogate range(x1, -1, 1)
#pragma surrogate range(x2, -1, 1)
#pragma surrogate range(x3, -1, 1)
#pragma surrogate range(x4, -1, 1)
#pragma surrogate range(x5, -1, 1)
#pragma surrogate range(x6, -1, 1)
#pragma surrogate range(return, 0, 1.2)
double sample_variance(double x1, double x2, double x3, double x4, double x5, double x6)
{
    double x[6] = {x1, x2, x3, x4, x5, x6};
    double mean = 0.0, squares = 0.0;

    for (int n = 0; n < 6; n++) {
        double delta = x[n] - mean;
        mean += delta / (n + 1);
        squares += delta * (x[n] - mean);
    }
    return squares / 5.0;
}
