/*
 * Graphics: magnitude of the Sobel gradient of a 3x3 window of intensities in 0..1, row by row. Each kernel is scaled by
 * 1/4, so that a straight black and white edge gives 1; the result is clamped there.
 */
#include <math.h>

static const int HORIZONTAL[3][3] = {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}};

#pragma surrogate range(p00, 0, 1)
#pragma surrogate range(p01, 0, 1)
#pragma surrogate range(p02, 0, 1)
#pragma surrogate range(p10, 0, 1)
#pragma surrogate range(p11, 0, 1)
#pragma surrogate range(p12, 0, 1)
#pragma surrogate range(p20, 0, 1)
#pragma surrogate range(p21, 0, 1)
#pragma surrogate range(p22, 0, 1)
#pragma surrogate range(return, 0, 1)
double sobel(double p00, double p01, double p02,
             double p10, double p11, double p12,
             double p20, double p21, double p22)
{
    double window[3][3] = {{p00, p01, p02}, {p10, p11, p12}, {p20, p21, p22}};
    double gx = 0.0, gy = 0.0;

    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 3; column++) {
            gx += HORIZONTAL[row][column] * window[row][column];
            gy += HORIZONTAL[column][row] * window[row][column];
        }
    double magnitude = 0.25 * sqrt(gx * gx + gy * gy);
    return magnitude > 1.0 ? 1.0 : magnitude;
}
