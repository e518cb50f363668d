/* Adds one to every element of an array, in place.

   Tape: A[0], A[1], ..., 0 */

void increment(int *mem)
{
    for (int i = 0; mem[i] != 0; i++)
        mem[i]++;
}
