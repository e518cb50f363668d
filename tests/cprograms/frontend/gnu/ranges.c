enum { LAST = 6 };
static const int plain[8] = { [0 ... 2] = 5, [5 ... 6] = 9, 11 };
static const double grid[3][4] = { [0 ... 1] = { [1 ... 2] = 2.5 }, [2][0 ... 2] = 4 };
static const signed char open[] = { [1 + 1 ... 2 * 3] = -3 };
double f(double x, int n) {
    int own[LAST] = { [0 ... 3] = 2, [2] = 7 };
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += plain[i] * (i + 1) + open[i % (sizeof open / sizeof open[0])];
    for (int i = 0; i < LAST; i++)
        sum += own[i] * i;
    switch (n) {
    case -9 ... -5: x += 1;
    case 'a' - 'a' ... 1 + 1: x *= 2; break;
    case 3: case 4 ... 5: x = -x; break;
    default: x += grid[n & 1][(n >> 1) & 3] + grid[2][n & 3];
    }
    return x + sum;
}
