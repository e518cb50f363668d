/* Run-length encoding.

   Tape: out, A[0], A[1], ..., 0
   Afterwards pairs [value, length] lie at address `out`, then a zero. */

void run_length(int *mem)
{
    int out = mem[0];
    int i = 1;

    while (mem[i] != 0) {
        int value = mem[i];
        int length = 0;
        while (mem[i] == value) {
            length++;
            i++;
        }
        mem[out++] = value;
        mem[out++] = length;
    }
    mem[out] = 0;
}
