/* Merges two arrays that are sorted downwards.

   Tape: a, b, out, A[0], A[1], ..., 0, B[0], B[1], ..., 0
   a and b are the addresses of A and B. Afterwards the merged array lies at address `out`. */

void merge(int *mem)
{
    int a = mem[0];
    int b = mem[1];
    int out = mem[2];
    int x = mem[a];
    int y = mem[b];

    while (x != 0 && y != 0) {
        int larger = x > y ? x : y;

        mem[out++] = larger;
        if (x == larger)
            x = mem[++a];
        else
            y = mem[++b];
    }
    if (x == 0) {
        x = y;
        a = b;
    }
    while (x != 0) {
        mem[out++] = x;
        x = mem[++a];
    }
}
