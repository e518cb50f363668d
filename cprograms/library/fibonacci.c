/* Numerics: Fibonacci number by its defining recursion. */

#pragma surrogate range(n, 0, 15)
#pragma surrogate range(return, 0, 610)
int fibonacci(int n)
{
    if (n < 2)
        return n;
    return fibonacci(n - 1) + fibonacci(n - 2);
}
