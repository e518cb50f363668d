/* What two digits come to, and two given numbers by a written operator, from pictures: the first acquaintance with
 * symbols, before expressions of them are read (math.c). */
#pragma surrogate modulus(19)
#pragma surrogate learn(digit, values(10), hidden(128))
extern int digit(const float picture[784]);
#pragma surrogate learn(sign, values(4), hidden(128))
extern int sign(const float picture[784]);

static int apply(int x, int y, int by)
{
    switch (by) {
    case 0: return (x + y) % 19;
    case 1: return (x - y + 19) % 19;
    case 2: return x * y % 19;
    default: return y ? x / y : 18;
    }
}

void symbols(const float digits[2][784], int x, int y, const float by[784], int result[2])
{
    result[0] = digit(digits[0]) + digit(digits[1]);
    result[1] = apply(x, y, sign(by));
}
