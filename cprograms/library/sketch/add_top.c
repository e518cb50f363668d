/* The sum of the upper two of a 2 x 2 grid of pictures of digits, from sums alone: nobody says what a digit is, nor
 * where to look. An interpreter of four lines runs a program that is learned; `digit` is a network. */
enum { NOOP, NORTH, EAST, SOUTH, WEST, ADD };

#pragma surrogate modulus(19)
#pragma surrogate learn(digit, values(10), hidden(256, 256))
extern int digit(const float picture[784]);

#pragma surrogate choose(op, 0, 5)
#pragma surrogate choose(left, 0, 4)
#pragma surrogate choose(right, 0, 4)
#pragma surrogate choose(out, 0, 4)
extern const int op[4], left[4], right[4], out;

int add(const float grid[2][2][784])
{
    int r[5] = {0}, x = 0, y = 0;
    r[0] = digit(grid[y][x]);
    for (int t = 1; t <= 4; t++) {
        switch (op[t - 1]) {
        case NOOP:
            r[t] = 0;
            break;
        case NORTH:
            y = y > 0 ? y - 1 : y;
            r[t] = digit(grid[y][x]);
            break;
        case EAST:
            x = x < 1 ? x + 1 : x;
            r[t] = digit(grid[y][x]);
            break;
        case SOUTH:
            y = y < 1 ? y + 1 : y;
            r[t] = digit(grid[y][x]);
            break;
        case WEST:
            x = x > 0 ? x - 1 : x;
            r[t] = digit(grid[y][x]);
            break;
        case ADD:
            r[t] = (r[left[t - 1]] + r[right[t - 1]]) % 19;
            break;
        }
    }
    return r[out];
}
