/* Insertion sort, upwards and in place.

   Tape: n, A[0], ..., A[n - 1] */

void insertion_sort(int *mem)
{
    int n = mem[0];

    for (int i = 2; i <= n; i++) {
        int value = mem[i];
        int j = i;
        while (j > 1 && mem[j - 1] > value) {
            mem[j] = mem[j - 1];
            j--;
        }
        mem[j] = value;
    }
}
