/* The largest value of a row: LEFT ends under it. A pass over a sorted row changes nothing, and ends behind it. */
#include "sort_recursive.c"

void maximum(int *mem)
{
    sort(mem);
    bubble(mem);
}
