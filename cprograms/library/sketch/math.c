/* The value of an expression of handwritten digits and operators on a tape, read from left to right, without
 * precedence, modulo 19; nobody says what a picture shows, nor how expressions are read. A program of three blocks is
 * learned: what each does, with which registers, and which block comes next. It ends once it moves past the end. */
#ifndef LENGTH
#define LENGTH 5 /* of the tape, at most: an expression of d digits has 2 d - 1 symbols */
#endif
#define STEPS (3 * (LENGTH - 1) / 2 + 1)
enum { MOVE, APPLY };

#pragma surrogate modulus(19)
#pragma surrogate learn(digit, values(10), hidden(128))
extern int digit(const float picture[784]);
#pragma surrogate learn(sign, values(4), hidden(128))
extern int sign(const float picture[784]);

#pragma surrogate choose(instr, 0, 1)
#pragma surrogate choose(net, 0, 1)
#pragma surrogate choose(to, 0, 2)
#pragma surrogate choose(a, 0, 2)
#pragma surrogate choose(b, 0, 2)
#pragma surrogate choose(op, 0, 2)
#pragma surrogate choose(next, 0, 2)
#pragma surrogate choose(out, 0, 2)
extern const int instr[3], net[3], to[3], next[3], a, b, op, out;

static int apply(int x, int y, int by)
{
    switch (by) {
    case 0: return (x + y) % 19;
    case 1: return (x - y + 19) % 19;
    case 2: return x * y % 19;
    case 3: return y ? x / y : 18;
    default: return 0;
    }
}

int math(const float tape[LENGTH][784], int digits)
{
    int n = 2 * digits - 1, r[3] = {0}, at = 0, block = 0;
    r[0] = digit(tape[0]);
    for (int step = 0; step < STEPS && step < 3 * digits - 2; step++) {
        int value = 0;
        if (instr[block] == MOVE) {
            at++;
            if (at < n)
                value = net[block] ? sign(tape[at]) : digit(tape[at]);
        } else {
            value = apply(r[a], r[b], r[op]);
        }
        r[to[block]] = value;
        if (at == n)
            break;
        block = next[block];
    }
    return r[out];
}
