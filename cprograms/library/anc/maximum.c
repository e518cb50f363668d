/* The largest element of an array.

   Tape: n, A[0], ..., A[n - 1]
   Afterwards cell 0 holds the largest element, 0 where there is none. */

void maximum(int *mem)
{
    int largest = 0;

    for (int i = mem[0]; i > 0; i--)
        if (mem[i] > largest)
            largest = mem[i];
    mem[0] = largest;
}
