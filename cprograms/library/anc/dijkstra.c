/* Shortest paths from node 1 of a graph: Dijkstra's algorithm.

   Tape: out, L[1], L[2], ..., L[n], 0, edges
   L[i] is the address of the edges [to, weight] that leave node i; a zero ends them. Afterwards a pair
   [distance, open] lies for every node at address `out`: open is 0 for the nodes that can be reached, and
   the others keep open 1 and the largest distance, M - 1. */

enum { FAR = -1 };

void dijkstra(int *mem)
{
    int out = mem[0];
    int end = out;

    for (int i = 1; mem[i] != 0; i++) {
        mem[end++] = FAR;
        mem[end++] = 1;
    }
    mem[out] = 0;
    for (;;) {
        int nearest = FAR;
        int best = 0;
        int node = 0;

        for (int entry = out; entry != end; entry += 2) {
            node++;
            if (mem[entry + 1] != 0 && mem[entry] < nearest) {
                nearest = mem[entry];
                best = node;
            }
        }
        if (nearest == FAR)
            return;
        mem[out + 2 * best - 1] = 0;
        for (int edge = mem[best]; mem[edge] != 0; edge += 2) {
            int to = out + 2 * (mem[edge] - 1);
            int distance = nearest + mem[edge + 1];
            if (distance < mem[to])
                mem[to] = distance;
        }
    }
}
