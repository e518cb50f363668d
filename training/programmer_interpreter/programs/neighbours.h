/*
 * Two neighbours of a row that is sorted.
 *
 * Cells 0 to 2 of the tape hold pointers. LEFT and RIGHT walk side by side on a row START, values of 1 to 9, END.
 * TURN counts on a row START, as many ones, END. Between passes LEFT is at START, RIGHT at the first value.
 */
enum { LEFT, RIGHT, TURN };
enum { START = 0, END = 10 };

static void swap(int *mem)
{
    int held = mem[mem[LEFT]];

    mem[mem[LEFT]] = mem[mem[RIGHT]];
    mem[mem[RIGHT]] = held;
}

static void compare_swap(int *mem)
{
    if (mem[mem[LEFT]] > mem[mem[RIGHT]])
        swap(mem);
}

static void right(int *mem)
{
    mem[LEFT]++;
    mem[RIGHT]++;
}

static void left(int *mem)
{
    mem[LEFT]--;
    mem[RIGHT]--;
}

static void step(int *mem)
{
    compare_swap(mem);
    right(mem);
}
