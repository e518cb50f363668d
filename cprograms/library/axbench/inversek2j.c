/*
 * Geometry: joint angles in radians of a planar arm of two links whose hand is at (x, y), elbow down, by the law of
 * cosines (AxBench's inversek2j, Yazdanbakhsh et al., 2017). All of the declared square is within reach.
 */
#include <math.h>

float l1 = 0.5f;
float l2 = 0.5f;

#pragma surrogate range(x, 0.1, 0.7)
#pragma surrogate range(y, 0.1, 0.7)
#pragma surrogate range(theta1, -1, 0.7)
#pragma surrogate range(theta2, 0, 3.1416)
void inversek2j(float x, float y, float *theta1, float *theta2)
{
    float cosine = (x * x + y * y - l1 * l1 - l2 * l2) / (2.0f * l1 * l2);

    *theta2 = acosf(cosine);
    *theta1 = atan2f(y, x) - atan2f(l2 * sinf(*theta2), l1 + l2 * cosine);
}
