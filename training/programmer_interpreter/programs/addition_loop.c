/* Adds two numbers, column by column from the right, in a loop. */
#include "column.h"

void add(int *mem)
{
    while (mem[mem[FIRST]] != BLANK || mem[mem[SECOND]] != BLANK || mem[mem[CARRY]] != 0) {
        add_column(mem);
        left(mem);
    }
}
