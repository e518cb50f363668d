/* Numerics: product of two Q7.8 fixed-point numbers, rounded and saturated to 16 bits. */

typedef short q7_8;

#pragma surrogate range(a, -4096, 4096)
#pragma surrogate range(b, -4096, 4096)
#pragma surrogate range(return, -32768, 32767)
q7_8 fixed_multiply(q7_8 a, q7_8 b)
{
    int product = ((int)a * b + 128) >> 8;

    if (product > 32767)
        product = 32767;
    else if (product < -32768)
        product = -32768;
    return (q7_8)product;
}
