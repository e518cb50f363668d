/* Copies an array.

   Tape: out, A[0], A[1], ..., 0
   Afterwards A lies at address `out`, without the final zero. */

void copy(int *mem)
{
    int out = mem[0];

    for (int i = 1; mem[i] != 0; i++)
        mem[out++] = mem[i];
}
