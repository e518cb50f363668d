/* Counts how often a value occurs in an array.

   Tape: value, A[0], A[1], ..., 0
   Afterwards cell 0 holds the count. */

void count(int *mem)
{
    int found = 0;

    for (int i = 1; mem[i] != 0; i++)
        if (mem[i] == mem[0])
            found++;
    mem[0] = found;
}
