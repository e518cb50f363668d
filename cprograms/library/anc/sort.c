/* Bubble sort, upwards and in place.

   Tape: A[0], A[1], ..., 0 (at least one element) */

void sort(int *mem)
{
    int swapped;

    do {
        swapped = 0;
        for (int i = 1; mem[i] != 0; i++) {
            int left = mem[i - 1];
            int right = mem[i];
            if (right < left) {
                mem[i - 1] = right;
                mem[i] = left;
                swapped = 1;
            }
        }
    } while (swapped);
}
