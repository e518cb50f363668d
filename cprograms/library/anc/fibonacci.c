/* A Fibonacci number, modulo M.

   Tape: n
   Afterwards cell 0 holds the n-th number; the 0th is 0, the first 1. */

void fibonacci(int *mem)
{
    int a = 0;
    int b = 1;

    for (int n = mem[0]; n > 0; n--) {
        int next = a + b;
        a = b;
        b = next;
    }
    mem[0] = a;
}
