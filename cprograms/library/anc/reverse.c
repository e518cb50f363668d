/* Copies an array backwards.

   Tape: out, A[0], A[1], ..., 0
   Afterwards A lies at address `out`, the last element first. */

void reverse(int *mem)
{
    int out = mem[0];
    int i = 1;

    while (mem[i] != 0)
        i++;
    while (--i != 0)
        mem[out++] = mem[i];
}
