/* Numerics: the Ackermann-Peter function for small arguments; not primitive recursive. */

#pragma surrogate range(m, 0, 3)
#pragma surrogate range(n, 0, 4)
#pragma surrogate range(return, 1, 125)
unsigned int ackermann(unsigned int m, unsigned int n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}
