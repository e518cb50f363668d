/* Finds a value in an array that is sorted upwards.

   Tape: value, n, A[0], ..., A[n - 1]
   Afterwards cell 0 holds the index of the first element that is not smaller, n where there is none. */

void binary_search(int *mem)
{
    int low = 0;
    int high = mem[1];

    while (low < high) {
        int middle = low + (high - low) / 2;
        if (mem[middle + 2] < mem[0])
            low = middle + 1;
        else
            high = middle;
    }
    mem[0] = low;
}
