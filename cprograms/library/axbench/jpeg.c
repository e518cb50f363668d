/*
 * Graphics: two-dimensional discrete cosine transform of a block of 8x8 samples about 0, in place, orthonormal and
 * rounded (Ahmed, Natarajan and Rao, 1974; the transform of AxBench's jpeg, Yazdanbakhsh et al., 2017).
 */
#include <math.h>

typedef short INT16;

/* cos(k pi / 16) / 2 */
#define C1 0.49039264f
#define C2 0.46193977f
#define C3 0.41573481f
#define C4 0.35355339f
#define C5 0.27778512f
#define C6 0.19134172f
#define C7 0.09754516f

/* The transform of eight values, `step` apart: sums of mirrored ones give the even terms, differences the odd ones. */
static void transform(float *v, int step)
{
    float s0 = v[0] + v[7 * step], d0 = v[0] - v[7 * step];
    float s1 = v[step] + v[6 * step], d1 = v[step] - v[6 * step];
    float s2 = v[2 * step] + v[5 * step], d2 = v[2 * step] - v[5 * step];
    float s3 = v[3 * step] + v[4 * step], d3 = v[3 * step] - v[4 * step];

    v[0] = C4 * (s0 + s1 + s2 + s3);
    v[step] = C1 * d0 + C3 * d1 + C5 * d2 + C7 * d3;
    v[2 * step] = C2 * (s0 - s3) + C6 * (s1 - s2);
    v[3 * step] = C3 * d0 - C7 * d1 - C1 * d2 - C5 * d3;
    v[4 * step] = C4 * (s0 - s1 - s2 + s3);
    v[5 * step] = C5 * d0 - C1 * d1 + C7 * d2 + C3 * d3;
    v[6 * step] = C6 * (s0 - s3) - C2 * (s1 - s2);
    v[7 * step] = C7 * d0 - C5 * d1 + C3 * d2 - C1 * d3;
}

#pragma surrogate range(data, -128, 127)
void dct(INT16 *data)
{
    float block[64];

    for (int k = 0; k < 64; k++)
        block[k] = data[k];
    for (int row = 0; row < 8; row++)
        transform(block + 8 * row, 1);
    for (int column = 0; column < 8; column++)
        transform(block + column, 8);
    for (int k = 0; k < 64; k++)
        data[k] = (INT16)floorf(block[k] + 0.5f);
}
