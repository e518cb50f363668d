/* The k-th value of a linked list, counted from 1.

   Tape: head, k, out, nodes
   A node is [next, value]; head and next are addresses, so cell 0 is itself a link.
   Afterwards cell `out` holds the value. */

void listk(int *mem)
{
    int node = 0;
    int k = mem[1];

    do
        node = mem[node];
    while (--k != 0);
    mem[mem[2]] = mem[node + 1];
}
