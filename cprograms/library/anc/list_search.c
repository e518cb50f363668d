/* Finds a value in a linked list that holds it.

   Tape: head, value, out, nodes
   A node is [next, value]; head and next are addresses, so cell 0 is itself a link.
   Afterwards cell `out` holds the address of the first node with the value. */

void list_search(int *mem)
{
    int node = 0;
    int value = mem[1];

    do
        node = mem[node];
    while (mem[node + 1] != value);
    mem[mem[2]] = node;
}
