/* Numerics: a real base to a whole exponent, recursion by squaring. */

static double power(double base, int exponent)
{
    if (exponent == 0)
        return 1.0;
    if (exponent < 0)
        return 1.0 / power(base, -exponent);
    double half = power(base, exponent / 2);
    return exponent % 2 ? half * half * base : half * half;
}

#pragma surrogate range(base, 0.5, 1.5)
#pragma surrogate range(exponent, -4, 8)
double integer_power(double base, int exponent)
{
    return power(base, exponent);
}
