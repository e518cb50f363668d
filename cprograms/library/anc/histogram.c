/* Counts the elements of an array in four bins.

   Tape: out, width, A[0], A[1], ..., 0
   A bin is `width` values wide, the last takes the rest. Afterwards the counts lie at address `out`. */

enum { BINS = 4 };

static int bin_of(int value, int width)
{
    int bin = value / width;

    return bin < BINS ? bin : BINS - 1;
}

void histogram(int *mem)
{
    int counts[BINS] = {0, 0, 0, 0};

    for (int i = 2; mem[i] != 0; i++)
        counts[bin_of(mem[i], mem[1])]++;
    for (int bin = 0; bin < BINS; bin++)
        mem[mem[0] + bin] = counts[bin];
}
