/* The sum of an array, modulo M.

   Tape: n, A[0], ..., A[n - 1]
   Afterwards cell 0 holds the sum. */

void sum(int *mem)
{
    int n = mem[0];
    int total = 0;

    for (int i = 1; i <= n; i++)
        total += mem[i];
    mem[0] = total;
}
