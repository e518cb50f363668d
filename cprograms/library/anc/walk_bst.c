/* Walks down a binary tree.

   Tape: root, out, turns (1 left, 2 right), 0, nodes
   A node is [value, left, right]; root, left and right are addresses.
   Afterwards cell `out` holds the value of the node that the turns lead to. */

void walk_bst(int *mem)
{
    int node = mem[0];

    for (int i = 2; mem[i] != 0; i++)
        node = mem[node + mem[i]];
    mem[mem[1]] = mem[node];
}
