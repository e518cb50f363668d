/* The least cost of giving each of n workers a task of his own, by dynamic programming over sets of tasks.

   Tape: n, the n rows of n costs
   Afterwards cell 0 holds the cost. n is at most 6, and all costs together less than M - 1. */

enum { MOST = 6, SETS = 64 };

void matching(int *mem)
{
    int best[SETS];
    int taken[MOST];
    int weight[MOST];
    int n = mem[0];
    int sets = 1;

    for (int j = 0; j < n; j++) {
        taken[j] = 0;
        weight[j] = sets;
        sets += sets;
    }
    for (int set = 1; set < sets; set++)
        best[set] = -1;
    best[0] = 0;
    for (int set = 0; set < sets - 1; set++) {
        int row = 1;
        for (int j = 0; j < n; j++)
            if (taken[j])
                row += n;
        for (int j = 0; j < n; j++)
            if (!taken[j])
                best[set + weight[j]] = min(best[set + weight[j]], best[set] + mem[row + j]);
        int j = 0;
        while (taken[j]) {
            taken[j] = 0;
            j++;
        }
        taken[j] = 1;
    }
    mem[0] = best[sets - 1];
}
