/* Adds two numbers digit by digit, as on paper.

   Tape: n, the n digits of one, the n digits of the other, the highest first; the n + 1 digits of the sum follow. */

enum { BASE = 10 };

void long_addition(int *mem)
{
    int n = mem[0];
    int carry = 0;

    for (int i = n; i > 0; i--) {
        int digit = mem[i] + mem[n + i] + carry;
        carry = digit >= BASE;
        mem[n + n + 1 + i] = carry ? digit - BASE : digit;
    }
    mem[n + n + 1] = carry;
}
