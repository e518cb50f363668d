/* The largest value of a row, on top of its sort: LEFT ends under it. */
#include "sort_recursive.c"

/* Brings the two pointers to the end. */
static void jump(int *mem)
{
    if (mem[mem[RIGHT]] != END) {
        right(mem);
        jump(mem);
    }
}

void maximum(int *mem)
{
    sort(mem);
    jump(mem);
}
