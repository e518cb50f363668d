/* Solves a sudoku by trying digits cell by cell and taking them back.

   Tape: the 81 cells row by row, 0 where there is no digit; afterwards all have one. */

enum { SIDE = 9, BOX = 3, CELLS = 81 };

static int box_of(int i)
{
    return i < BOX ? 0 : i < BOX + BOX ? BOX : BOX + BOX;
}

static int fits(int *mem, int cell, int row, int column)
{
    int digit = mem[cell];
    int start = cell - column;
    int corner = box_of(row) * SIDE + box_of(column);

    for (int k = 0; k < SIDE; k++) {
        if (start + k != cell && mem[start + k] == digit)
            return 0;
        if (column + k * SIDE != cell && mem[column + k * SIDE] == digit)
            return 0;
    }
    for (int i = 0; i < BOX; i++)
        for (int j = 0; j < BOX; j++)
            if (corner + i * SIDE + j != cell && mem[corner + i * SIDE + j] == digit)
                return 0;
    return 1;
}

void sudoku(int *mem)
{
    int given[CELLS];
    int cell = 0;
    int row = 0;
    int column = 0;
    int back = 0;

    for (int i = 0; i < CELLS; i++)
        given[i] = mem[i];
    while (cell < CELLS) {
        if (!given[cell]) {
            back = 1;
            while (mem[cell] < SIDE && back) {
                mem[cell]++;
                back = !fits(mem, cell, row, column);
            }
            if (back)
                mem[cell] = 0;
        }
        if (back) {
            cell--;
            if (column == 0) {
                column = SIDE;
                row--;
            }
            column--;
        } else {
            cell++;
            column++;
            if (column == SIDE) {
                column = 0;
                row++;
            }
        }
    }
}
