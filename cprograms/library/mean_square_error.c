/* Statistics: mean squared difference of two vectors of eight components. */

#pragma surrogate range(a0, 0, 1)
#pragma surrogate range(a1, 0, 1)
#pragma surrogate range(a2, 0, 1)
#pragma surrogate range(a3, 0, 1)
#pragma surrogate range(a4, 0, 1)
#pragma surrogate range(a5, 0, 1)
#pragma surrogate range(a6, 0, 1)
#pragma surrogate range(a7, 0, 1)
#pragma surrogate range(b0, 0, 1)
#pragma surrogate range(b1, 0, 1)
#pragma surrogate range(b2, 0, 1)
#pragma surrogate range(b3, 0, 1)
#pragma surrogate range(b4, 0, 1)
#pragma surrogate range(b5, 0, 1)
#pragma surrogate range(b6, 0, 1)
#pragma surrogate range(b7, 0, 1)
#pragma surrogate range(return, 0, 1)
float mean_square_error(float a0, float a1, float a2, float a3, float a4, float a5, float a6, float a7,
                        float b0, float b1, float b2, float b3, float b4, float b5, float b6, float b7)
{
    const float difference[8] = {a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5, a6 - b6, a7 - b7};
    float sum = 0.0f;

    for (int i = 0; i < 8; i++)
        sum += difference[i] * difference[i];
    return sum / 8.0f;
}
