/* The sum of two numbers, by counting.

   Tape: x, y
   Afterwards cell 0 holds x + y. */

void addition(int *mem)
{
    int x = mem[0];

    for (int y = mem[1]; y != 0; y--)
        x++;
    mem[0] = x;
}
