/* The greatest common divisor of two numbers, by Euclid's algorithm.

   Tape: a, b
   Afterwards cell 0 holds the divisor. */

void gcd(int *mem)
{
    int a = mem[0];
    int b = mem[1];

    while (b != 0) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    mem[0] = a;
}
