/* Geometry: scalar product of two vectors of four components. */

#pragma surrogate range(a0, -1, 1)
#pragma surrogate range(a1, -1, 1)
#pragma surrogate range(a2, -1, 1)
#pragma surrogate range(a3, -1, 1)
#pragma surrogate range(b0, -1, 1)
#pragma surrogate range(b1, -1, 1)
#pragma surrogate range(b2, -1, 1)
#pragma surrogate range(b3, -1, 1)
#pragma surrogate range(return, -4, 4)
float dot4(float a0, float a1, float a2, float a3, float b0, float b1, float b2, float b3)
{
    float a[4] = {a0, a1, a2, a3}, b[4] = {b0, b1, b2, b3};
    float sum = 0;

    for (int i = 0; i < 4; i++)
        sum += a[i] * b[i];
    return sum;
}
