/* Bubble sort; what others do in loops calls itself. */
#include "neighbours.h"

/* Carries the largest value to the end of the row. */
static void bubble(int *mem)
{
    if (mem[mem[RIGHT]] != END) {
        step(mem);
        bubble(mem);
    }
}

/* Brings the two pointers back to the start. */
static void reset(int *mem)
{
    if (mem[mem[LEFT]] != START) {
        left(mem);
        reset(mem);
    }
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
    mem[TURN]--;
    if (mem[mem[TURN]] != START)
        rewind(mem);
    else
        mem[TURN]++;
}

void sort(int *mem)
{
    if (mem[mem[TURN]] != END) {
        pass(mem);
        sort(mem);
    } else {
        rewind(mem);
    }
}
