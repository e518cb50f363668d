/* Finds a value in an array that holds it.

   Tape: value, A[1], A[2], ...
   Afterwards cell 0 holds the address of the first element that equals the value. */

void linear_search(int *mem)
{
    int value = mem[0];
    int i = 1;

    while (mem[i] != value)
        i++;
    mem[0] = i;
}
