/* Numerics: steps of the 3n + 1 iteration down to 1, at most 100. Hard on purpose: nearly arbitrary in n. */

#pragma surrogate range(n, 1, 200)
#pragma surrogate range(return, 0, 100)
int collatz_steps(unsigned int n)
{
    int steps = 0;

    while (n > 1 && steps < 100) {
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        steps++;
    }
    return steps;
}
