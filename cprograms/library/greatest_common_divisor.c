/* Numerics: greatest common divisor by Euclid's algorithm; the loop's length depends on the data. */

#pragma surrogate range(a, 1, 100)
#pragma surrogate range(b, 1, 100)
int greatest_common_divisor(int a, int b)
{
    while (b != 0) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
