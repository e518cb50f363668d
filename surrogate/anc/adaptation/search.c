/* Simulated annealing over programs of the ANC machine (behind annealing.c compiled to WebAssembly, and driven by
   hybrid.py).

   The state is a program with its initial registers. A proposal edits it a little: another opcode or register, a line
   swapped, deleted or inserted, a register's initial value changed, or a line replaced by the constant that it gives on
   one of the tapes. Its cost is the mean number of steps plus `wrong_cost` times the share of wrong cells; one that is
   worse by d is taken with probability exp(-d / temperature), and its execution ends as soon as that is all but decided.
   An edit of what is not executed, or not read, is taken without a run. */

/* TABLE is that of machine/instructions.py. */
#define CASE(name, operands, value) case name: return reduced(value);

enum { TABLE(NAME) OPS };
enum { CELLS = 256, REGISTERS = 64, TAPES = 512 };

typedef struct {
    int op, a, b, out;
} Line;

typedef struct {
    int lines;
    Line line[CELLS];
    int initial[REGISTERS];
} Program;

Program best;
double best_cost;
int tape[TAPES][CELLS], target[TAPES][CELLS], mask[TAPES][CELLS];

static int cells, registers, tapes, max_steps, ops;
static const double LEAST = 0.7;      /* of the best cost, what a tape yet to run is taken to cost */
static unsigned char executed[CELLS]; /* the lines that the program at hand has executed on some tape */
static double wrong_cost;

static const int operands[OPS] = {TABLE(OPERANDS)};

static int reduced(int value) { /* most are at most one round away */
    if (value >= cells) return value < 2 * cells ? value - cells : value % cells;
    if (value < 0) return value >= -cells ? value + cells : cells - 1 - (-1 - value) % cells;
    return value;
}

/* What an instruction gives. */
static int compute(int op, int a, int b, const int *mem) {
    switch (op) { TABLE(CASE) }
    __builtin_unreachable();
}

/* Runs on tape t, leaving cell[] and value[] (the registers) as they end, until `watch` is executed if it ever is.
   Returns the steps, negative if it did not stop (or meet `watch`) within max_steps. */
static int execute(const Program *p, int t, int *cell, int *value, int watch, int *given) {
    int at = 0;
    for (int i = 0; i < cells; i++) cell[i] = tape[t][i];
    for (int i = 0; i < registers; i++) value[i] = p->initial[i];
    for (int steps = 1; steps <= max_steps && at < p->lines; steps++) {
        const Line *line = &p->line[at];
        int a = value[line->a], b = value[line->b];
        executed[at] = 1;
        if (line->op == STOP) return steps;
        int result = compute(line->op, a, b, cell);
        if (line->op == WRITE) cell[a] = b;
        if (at == watch) {
            *given = result;
            return steps;
        }
        value[line->out] = result;
        at = line->op == JEZ && a == 0 ? b : at + 1 == cells ? 0 : at + 1;
    }
    return -max_steps;
}

/* The share of wrong cells. A cell whose value lies in a register counts a little less: it only wants writing. */
static double error(int t, const int *cell, const int *value) {
    double wrong = 0, counted = 0;
    for (int i = 0; i < cells; i++) {
        if (!mask[t][i]) continue;
        counted++;
        if (cell[i] == target[t][i]) continue;
        double weight = 1;
        for (int r = 0; r < registers; r++)
            if (value[r] == target[t][i]) weight = 0.7;
        wrong += weight;
    }
    return counted > 0 ? wrong / counted : 0;
}

/* The cost over all tapes. Given up, for something above `limit`, once the mean would exceed it if each tape yet to run
   cost `rest`. */
static double cost_of(const Program *p, double limit, double rest, int *right) {
    int cell[CELLS], value[REGISTERS];
    double sum = 0;
    *right = 1;
    for (int i = 0; i < p->lines; i++) executed[i] = 0;
    for (int t = 0; t < tapes; t++) {
        if (sum + (tapes - t) * rest > limit * tapes) return 2 * limit + 1;
        int steps = execute(p, t, cell, value, -1, 0);
        double wrong = steps < 0 ? 1 : error(t, cell, value);
        if (wrong > 0) *right = 0;
        sum += (steps < 0 ? -steps : steps) + wrong_cost * wrong;
    }
    return sum / tapes + 1e-3 * p->lines; /* among equals the shorter program */
}

/* Registers that hold jump targets behind line `from` move with their lines. */
static void retarget(Program *p, int from, int by) {
    for (int r = 0; r < registers; r++) {
        int target_register = 0;
        for (int i = 0; i < p->lines; i++) target_register |= p->line[i].op == JEZ && p->line[i].b == r;
        int moved = p->initial[r] + by;
        if (target_register && p->initial[r] >= from && moved >= 0 && moved < cells) p->initial[r] = moved;
    }
}

static void delete(Program *p, int at) {
    if (p->lines == 1) return;
    p->lines--;
    for (int i = at; i < p->lines; i++) p->line[i] = p->line[i + 1];
    retarget(p, at + 1, -1);
}

static Line random_line(void) {
    Line line = {below(ops), below(registers), below(registers), below(registers)};
    return line;
}

static void insert(Program *p, int at) {
    if (p->lines == cells) return;
    for (int i = p->lines; i > at; i--) p->line[i] = p->line[i - 1];
    p->lines++;
    retarget(p, at, 1);
    p->line[at] = random_line();
}

static void copy(Program *to, const Program *from) { /* only what is in use: candidates are many */
    to->lines = from->lines;
    for (int i = 0; i < from->lines; i++) to->line[i] = from->line[i];
    for (int r = 0; r < registers; r++) to->initial[r] = from->initial[r];
}

static void swap(Program *p, int i, int j) {
    Line line = p->line[i];
    p->line[i] = p->line[j];
    p->line[j] = line;
}

/* Line `at` becomes, or register `r` starts as, the value that the line gives first on a random tape. Returns whether
   it gives any. */
static int use_observed(Program *p, int at, int r, int replace) {
    int cell[CELLS], value[REGISTERS], given = -1;
    execute(p, below(tapes), cell, value, at, &given);
    if (given < 0) return 0;
    if (replace) delete(p, at);
    p->initial[r] = given;
    return 1;
}

static int set(int *field, int value) {
    int changed = *field != value;
    *field = value;
    return changed;
}

/* Edits a program a little. Returns whether that may change what it does; `live` are the lines that it executes. */
static int propose(Program *p, const unsigned char *live) {
    int at = below(p->lines), r = below(registers);
    Line *line = &p->line[at];
    switch (below(12)) {
        case 0: return set(&line->op, below(ops)) && live[at];
        case 1: return set(&line->a, r) && live[at] && operands[line->op] > 0;
        case 2: return set(&line->b, r) && live[at] && operands[line->op] > 1;
        case 3: return set(&line->out, r) && live[at] && line->op != STOP;
        case 4: *line = random_line(); return live[at];
        case 5: swap(p, at, below(p->lines)); return 1;
        case 6:
        case 7: delete(p, at); return 1;
        case 8: insert(p, below(p->lines + 1)); return 1;
        case 9: return set(&p->initial[r], below(cells));
        case 10: return use_observed(p, at, line->out, 1);
        default: return use_observed(p, at, r, 0);
    }
}

/* Starts the search at the program in `best`, of the first so many instructions. Returns whether it is right on every
   tape. */
int start(int m, int r, int t, int steps, int instructions, unsigned long long seed) {
    int right;
    cells = m, registers = r, tapes = t, max_steps = steps, ops = instructions;
    sow(seed);
    best_cost = cost_of(&best, 1e30, 0, &right);
    return right;
}

/* One annealing from the best program. The temperature falls geometrically from `hot` to `cold`; a tape that is wrong
   in all its cells costs `wrong` (all in steps). */
void anneal(int proposals, double hot, double cold, double wrong) {
    static Program current, proposal;
    static unsigned char live[CELLS];
    int right;
    copy(&current, &best);
    double current_cost = cost_of(&current, 1e30, 0, &right);
    for (int k = 0; k < CELLS; k++) live[k] = executed[k];
    wrong_cost = wrong;
    double fall = exp(log(cold / hot) / proposals), temperature = hot;
    for (int i = 0; i < proposals; i++, temperature *= fall) {
        copy(&proposal, &current);
        int changed = 0;
        do changed |= propose(&proposal, live);
        while (below(3) == 0);
        if (!changed) {
            copy(&current, &proposal);
            continue;
        }
        double limit = limit_of(current_cost, temperature);
        double cost = cost_of(&proposal, limit, best_cost * LEAST, &right);
        if (cost > limit) continue;
        copy(&current, &proposal), current_cost = cost;
        for (int k = 0; k < current.lines; k++) live[k] = executed[k];
        if (right && cost < best_cost) copy(&best, &proposal), best_cost = cost;
    }
}
