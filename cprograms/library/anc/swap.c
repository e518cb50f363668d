/* Swaps two elements of an array.

   Tape: p, q, A[0], A[1], ... */

void swap(int *mem)
{
    int p = mem[0] + 2;
    int q = mem[1] + 2;
    int saved = mem[p];

    mem[p] = mem[q];
    mem[q] = saved;
}
