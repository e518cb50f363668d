/*
 * One column of an addition.
 *
 * Cells 0 to 3 of the tape hold pointers. Each walks on a row of its own: the digits of the two numbers, the carries,
 * which are 0 before, and the sum, which is blank before. Left of a number its row is blank.
 */
enum { FIRST, SECOND, CARRY, SUM };
enum { BLANK = 10 };

static int digit(int cell) { return cell == BLANK ? 0 : cell; }

/* Notes a carry for the next column. */
static void carry(int *mem)
{
    mem[CARRY]--;
    mem[mem[CARRY]] = 1;
    mem[CARRY]++;
}

/* Adds one column. */
static void add_column(int *mem)
{
    int sum = digit(mem[mem[FIRST]]) + digit(mem[mem[SECOND]]) + mem[mem[CARRY]];

    mem[mem[SUM]] = sum % 10;
    if (sum >= 10)
        carry(mem);
}

/* Moves every pointer to the next column. */
static void left(int *mem)
{
    mem[FIRST]--;
    mem[SECOND]--;
    mem[CARRY]--;
    mem[SUM]--;
}
