/* Permutes an array.

   Tape: P[0], ..., P[n - 1], 0, A[1], ..., A[n], where P is a permutation of 1..n
   Afterwards cell i holds A[P[i]]. */

void permutation(int *mem)
{
    int n = 0;

    while (mem[n] != 0)
        n++;
    for (int i = 0; mem[i] != 0; i++)
        mem[i] = mem[n + mem[i]];
}
