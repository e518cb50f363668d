/* The steps that a number takes to 1: halved where it is even, else three times as much and one more.

   Tape: n
   Afterwards cell 0 holds the steps. */

void collatz(int *mem)
{
    int n = mem[0];
    int steps = 0;

    while (n != 1) {
        int half = 0;
        int rest = n;
        while (rest > 1) {
            rest -= 2;
            half++;
        }
        n = rest == 0 ? half : n + n + n + 1;
        steps++;
    }
    mem[0] = steps;
}
