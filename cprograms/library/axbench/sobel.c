/*
 * Graphics: magnitude of the Sobel gradient of a 3x3 window of grey values 0..255, clamped there (Sobel and Feldman,
 * 1968; AxBench's sobel, Yazdanbakhsh et al., 2017).
 */
#include <math.h>

#define WHITE 255.0f

static const float ACROSS[3][3] = {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}};
static const float DOWN[3][3] = {{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}};

static float correlate(float w[][3], const float kernel[3][3])
{
    float sum = 0.0f;

    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 3; column++)
            sum += kernel[row][column] * w[row][column];
    return sum;
}

#pragma surrogate range(w, 0, 255)
#pragma surrogate range(return, 0, 255)
float sobel(float w[][3])
{
    float gx = correlate(w, ACROSS), gy = correlate(w, DOWN);
    float magnitude = sqrtf(gx * gx + gy * gy);

    return magnitude > WHITE ? WHITE : magnitude;
}
