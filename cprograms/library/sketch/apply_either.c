/* As apply_top.c, and what reads pictures is chosen, too: `digit`, which other programs may have learned, or
 * `operator_`. For lifelong learning. */
enum { NOOP, NORTH, EAST, SOUTH, WEST, APPLY };
enum { M = 19 };

#pragma surrogate modulus(19)
#pragma surrogate learn(operator_, values(4), hidden(256, 256))
extern int operator_(const float picture[784]);
#pragma surrogate learn(digit, values(10), hidden(256, 256))
extern int digit(const float picture[784]);

#pragma surrogate choose(net, 0, 1)
extern const int net;
#pragma surrogate choose(op, 0, 5)
#pragma surrogate choose(left, 0, 7)
#pragma surrogate choose(right, 0, 7)
#pragma surrogate choose(how, 0, 7)
#pragma surrogate choose(out, 0, 7)
extern const int op[4], left[4], right[4], how[4], out;

static int applied(int a, int b, int how)
{
    switch (how) {
    case 0:
        return (a + b) % M;
    case 1:
        return (a - b + M) % M;
    case 2:
        return a * b % M;
    default:
        return b ? a / b : M - 1;
    }
}

static int look(const float picture[784])
{
    return net ? operator_(picture) : digit(picture);
}

int apply(const float grid[2][2][784], const int number[3])
{
    int r[8] = {number[0], number[1], number[2]}, x = 0, y = 0;
    r[3] = look(grid[y][x]);
    for (int t = 0; t < 4; t++) {
        switch (op[t]) {
        case NOOP:
            r[4 + t] = 0;
            break;
        case NORTH:
            y = y > 0 ? y - 1 : y;
            r[4 + t] = look(grid[y][x]);
            break;
        case EAST:
            x = x < 1 ? x + 1 : x;
            r[4 + t] = look(grid[y][x]);
            break;
        case SOUTH:
            y = y < 1 ? y + 1 : y;
            r[4 + t] = look(grid[y][x]);
            break;
        case WEST:
            x = x > 0 ? x - 1 : x;
            r[4 + t] = look(grid[y][x]);
            break;
        case APPLY:
            r[4 + t] = applied(r[left[t]], r[right[t]], r[how[t]]);
            break;
        }
    }
    return r[out];
}
