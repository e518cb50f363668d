/* Compares two strings in dictionary order.

   Tape: s, t, characters
   s and t are the addresses of zero-terminated strings. Afterwards cell 0 holds 0 where they are equal, 1 where
   s comes first, 2 where t does. */

void string_compare(int *mem)
{
    int s = mem[0];
    int t = mem[1];

    while (mem[s] != 0 && mem[s] == mem[t]) {
        s++;
        t++;
    }
    if (mem[s] == mem[t])
        mem[0] = 0;
    else
        mem[0] = mem[s] < mem[t] ? 1 : 2;
}
