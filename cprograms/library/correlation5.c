/* Statistics: Pearson's correlation of five pairs, 0 where a side is constant. */
#include <math.h>

enum { N = 5 };

#pragma surrogate range(x1, -1, 1)
#pragma surrogate range(x2, -1, 1)
#pragma surrogate range(x3, -1, 1)
#pragma surrogate range(x4, -1, 1)
#pragma surrogate range(x5, -1, 1)
#pragma surrogate range(y1, -1, 1)
#pragma surrogate range(y2, -1, 1)
#pragma surrogate range(y3, -1, 1)
#pragma surrogate range(y4, -1, 1)
#pragma surrogate range(y5, -1, 1)
#pragma surrogate range(return, -1, 1)
double correlation5(double x1, double x2, double x3, double x4, double x5,
                    double y1, double y2, double y3, double y4, double y5)
{
    double x[N] = {x1, x2, x3, x4, x5}, y[N] = {y1, y2, y3, y4, y5};
    double mx = 0, my = 0, sxx = 0, syy = 0, sxy = 0;
    int i;

    for (i = 0; i < N; i++) {
        mx += x[i] / N;
        my += y[i] / N;
    }
    for (i = 0; i < N; i++) {
        sxx += (x[i] - mx) * (x[i] - mx);
        syy += (y[i] - my) * (y[i] - my);
        sxy += (x[i] - mx) * (y[i] - my);
    }
    if (sxx == 0 || syy == 0)
        return 0;
    return sxy / sqrt(sxx * syy);
}
