/* Merges two arrays that are sorted downwards.

   Tape: a, b, out, A[0], A[1], ..., 0, B[0], B[1], ..., 0
   a and b are the addresses of A and B. Afterwards the merged array lies at address `out`. */

void merge(int *mem)
{
    int a = mem[0];
    int b = mem[1];
    int out = mem[2];

    while (mem[a] != 0 && mem[b] != 0) {
        if (mem[a] > mem[b])
            mem[out++] = mem[a++];
        else
            mem[out++] = mem[b++];
    }
    if (mem[a] == 0)
        a = b;
    while (mem[a] != 0)
        mem[out++] = mem[a++];
}
