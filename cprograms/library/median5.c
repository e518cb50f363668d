/* Signal processing: median of five integer samples, by insertion sort. */

#pragma surrogate range(a, 0, 1023)
#pragma surrogate range(b, 0, 1023)
#pragma surrogate range(c, 0, 1023)
#pragma surrogate range(d, 0, 1023)
#pragma surrogate range(e, 0, 1023)
int median5(int a, int b, int c, int d, int e)
{
    int sorted[5] = {a, b, c, d, e};

    for (int i = 1; i < 5; i++) {
        int value = sorted[i];
        int j = i - 1;
        while (j >= 0 && sorted[j] > value) {
            sorted[j + 1] = sorted[j];
            j--;
        }
        sorted[j + 1] = value;
    }
    return sorted[2];
}
