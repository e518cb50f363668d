/* Bubble sort, in loops. */
#include "neighbours.h"

/* Carries the largest value to the end of the row. */
static void bubble(int *mem)
{
    while (mem[mem[RIGHT]] != END)
        step(mem);
}

/* Brings the two pointers back to the start. */
static void reset(int *mem)
{
    while (mem[mem[LEFT]] != START)
        left(mem);
}

static void pass(int *mem)
{
    bubble(mem);
    reset(mem);
    mem[TURN]++;
}

/* Brings the counter back to its first one. */
static void rewind(int *mem)
{
    do
        mem[TURN]--;
    while (mem[mem[TURN]] != START);
    mem[TURN]++;
}

void sort(int *mem)
{
    while (mem[mem[TURN]] != END)
        pass(mem);
    rewind(mem);
}
