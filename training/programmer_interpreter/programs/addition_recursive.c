/* Adds two numbers, column by column from the right; it calls itself for the columns that are left. */
#include "column.h"

void add(int *mem)
{
    if (mem[mem[FIRST]] != BLANK || mem[mem[SECOND]] != BLANK || mem[mem[CARRY]] != 0) {
        add_column(mem);
        left(mem);
        add(mem);
    }
}
