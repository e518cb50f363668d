/* An element of an array.

   Tape: k, A[0], A[1], ...
   Afterwards cell 0 holds A[k]. */

void access(int *mem)
{
    mem[0] = mem[mem[0] + 1];
}
