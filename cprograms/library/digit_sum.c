/* Numerics: sum of the decimal digits of a number below 10000. */

#pragma surrogate range(n, 0, 9999)
#pragma surrogate range(return, 0, 36)
int digit_sum(int n)
{
    int sum = 0;

    for (; n > 0; n /= 10)
        sum += n % 10;
    return sum;
}
