/* Simulated annealing over circuits of the neural random-access machine (behind annealing.c compiled to WebAssembly, and
   driven by search.py).

   What is changed is a table: for each state of the registers the source of every choice, and whether the step is the
   last one. A proposal changes some of its entries. One that costs more by d is taken with probability
   exp(-d / temperature), and its runs end as soon as that is decided. A change of what no run meets, or nothing depends
   on, is taken without a run. */

/* TABLE is that of modules.py. */
#define SUM(name, operands, value) +operands
#define CASE(name, operands, value) case name: return reduced(value, cells);

enum { TABLE(NAME) Q, A = 0 TABLE(SUM) };
enum { CELLS = 64, TAPES = 512, R_MOST = 8, STATES = 1 << R_MOST, ROW = A + R_MOST + 1 };
static const int operands[Q] = {TABLE(OPERANDS)};

int best[STATES * ROW]; /* the circuit of each state: the sources of the arguments, of the registers, and `finish` */
double costs[2];        /* of `best`: its error, and its length */
double schedule[2];     /* the first temperature and the last one */
double weight[1];       /* of the length */
int tape[TAPES * CELLS], target[TAPES * CELLS], mask[TAPES * CELLS];
int size[TAPES], last[TAPES]; /* of each tape its cells, and the most steps of a run on it */

typedef struct {
    int count, finish;
    struct { unsigned char module, a, b; } op[Q]; /* those that something depends on, without constants */
    unsigned char next[R_MOST];
} Circuit;

static int current[STATES * ROW];
static Circuit circuit[STATES];
static unsigned char reached[STATES], met[STATES]; /* by the circuits at hand on some tape; by the proposal's */
static int registers, states, tapes;

static int reduced(int value, int cells) { /* they are at most one round away */
    return value >= cells ? value - cells : value < 0 ? value + cells : value;
}

static inline int compute(int module, int a, int b, const int *mem, int cells) {
    switch (module) { TABLE(CASE) }
    __builtin_unreachable();
}

/* How many sources choice `wire` has. */
static int sources(int wire) {
    for (int q = 0, at = 0; q < Q; at += operands[q++])
        if (wire < at + operands[q]) return registers + q;
    return registers + Q;
}

/* What counts of the circuit of a state. */
static void compile(int state) {
    const int *row = current + state * ROW;
    Circuit *c = &circuit[state];
    int live[Q] = {0}, at[Q];
    c->count = 0, c->finish = row[A + registers];
    live[WRITE] = 1;
    for (int r = 0; r < registers; r++) {
        c->next[r] = (unsigned char)row[A + r];
        if (!c->finish && row[A + r] >= registers) live[row[A + r] - registers] = 1;
    }
    for (int q = 0, wire = 0; q < Q; wire += operands[q++]) at[q] = wire;
    for (int q = Q - 1; q >= 0; q--)
        for (int k = 0; live[q] && k < operands[q]; k++)
            if (row[at[q] + k] >= registers) live[row[at[q] + k] - registers] = 1;
    for (int q = 0; q < Q; q++) {
        if (!live[q] || !operands[q]) continue;
        c->op[c->count].module = (unsigned char)q;
        c->op[c->count].a = (unsigned char)row[at[q]];
        c->op[c->count++].b = (unsigned char)row[at[q] + operands[q] - 1];
    }
}

static int same(const Circuit *one, const Circuit *other) {
    if (one->count != other->count || one->finish != other->finish) return 0;
    for (int k = 0; k < one->count; k++)
        if (one->op[k].module != other->op[k].module || one->op[k].a != other->op[k].a || one->op[k].b != other->op[k].b)
            return 0;
    for (int r = 0; !one->finish && r < registers; r++)
        if (one->next[r] != other->next[r]) return 0;
    return 1;
}

/* Runs on tape t, leaving it in mem. Returns whether the run finishes by itself. */
static int execute(int t, int *mem) {
    int cells = size[t], value[R_MOST + Q], next[R_MOST];
    for (int i = 0; i < cells; i++) mem[i] = tape[t * CELLS + i];
    for (int r = 0; r < registers; r++) value[r] = 0;
    for (int q = 0; q < Q; q++) value[registers + q] = operands[q] ? 0 : compute(q, 0, 0, mem, cells);
    for (int step = 0; step < last[t]; step++) {
        int state = 0;
        for (int r = 0; r < registers; r++) state |= (value[r] == 0) << r;
        const Circuit *c = &circuit[state];
        met[state] = 1;
        for (int k = 0; k < c->count; k++) {
            int q = c->op[k].module, a = value[c->op[k].a], b = value[c->op[k].b];
            if (q == WRITE) mem[a] = b;
            else value[registers + q] = compute(q, a, b, mem, cells);
        }
        if (c->finish) return 1;
        for (int r = 0; r < registers; r++) next[r] = value[c->next[r]];
        for (int r = 0; r < registers; r++) value[r] = next[r];
    }
    return 0;
}

/* Of circuits, the mean over the tapes of the share of wrong cells among those that count; and how long they are: the
   states that are met, the modules that count in their circuits, and UNFINISHED times the share of the tapes on which
   runs do not finish. */
typedef struct { double error, length; } Cost;
static const double UNFINISHED = 10;

static double total(Cost c) { return c.error + weight[0] * c.length; }
static int less(Cost c, Cost than) { return c.error < than.error || (c.error == than.error && c.length < than.length); }

/* Adds tape t. */
static void add(Cost *cost, int t) {
    int mem[CELLS], wrong = 0, counted = 0, finished = execute(t, mem);
    for (int i = 0; i < size[t]; i++) {
        counted += mask[t * CELLS + i];
        wrong += mask[t * CELLS + i] && mem[i] != target[t * CELLS + i];
    }
    cost->error += (double)wrong / counted / tapes;
    cost->length += UNFINISHED * !finished / tapes;
}

/* What the circuits at hand cost; something above `limit` where it is above that. */
static Cost cost_of(double limit) {
    Cost cost = {0, 0};
    for (int s = 0; s < states; s++) met[s] = 0;
    for (int t = 0; t < tapes; t++) {
        add(&cost, t);
        if (cost.error > limit) break;
    }
    for (int s = 0; s < states; s++) cost.length += met[s] ? 1 + circuit[s].count : 0;
    return cost;
}

static void take(int *to, const int *from) {
    for (int i = 0; i < states * ROW; i++) to[i] = from[i];
}

static Cost cost, least; /* of `current`, of `best` */

/* Begins at the circuits in `best`, with r registers and the first t tapes. */
int start(int r, int t) {
    registers = r, states = 1 << r, tapes = t;
    take(current, best);
    for (int s = 0; s < states; s++) compile(s);
    cost = least = cost_of(1e30);
    for (int s = 0; s < states; s++) reached[s] = met[s];
    costs[0] = least.error, costs[1] = least.length;
    return 0;
}

int seed(int number) {
    sow((unsigned)number);
    return 0;
}

enum { EDITS = 4 };
static struct { int at, was; } edit[EDITS];
static int edits;

static void set(int at, int value) {
    edit[edits].at = at, edit[edits++].was = current[at];
    current[at] = value;
}

/* A state that a run meets, mostly. */
static int some_state(void) {
    int s = below(states);
    for (int k = 0; k < 8 && !reached[s]; k++) s = below(states);
    return s;
}

static void propose(void) {
    int state = some_state(), wire = below(A + registers + 1), at = state * ROW + wire;
    if (wire == A + registers) set(at, !current[at]);
    else if (below(4)) set(at, below(sources(wire)));
    else set(at, current[some_state() * ROW + wire]);
}

/* Proposals `first` to `end` of an annealing of `count`, in which the temperature falls geometrically. Without a weight of
   the length it ends where all is right. */
int anneal(int first, int end, int count) {
    double fall = exp(log(schedule[1] / schedule[0]) / count), temperature = schedule[0] * exp(log(fall) * first);
    for (int i = first; i < end && (least.error > 0 || weight[0] > 0); i++, temperature *= fall) {
        int matters = 0;
        edits = 0;
        do propose();
        while (edits < EDITS && below(2));
        for (int k = 0; k < edits; k++) {
            int s = edit[k].at / ROW;
            Circuit before = circuit[s];
            compile(s);
            matters |= reached[s] && !same(&before, &circuit[s]);
        }
        if (!matters) continue;
        double limit = limit_of(total(cost), temperature);
        Cost found = cost_of(limit);
        if (total(found) > limit) {
            while (edits-- > 0) {
                current[edit[edits].at] = edit[edits].was;
                compile(edit[edits].at / ROW);
            }
            continue;
        }
        cost = found;
        for (int s = 0; s < states; s++) reached[s] = met[s];
        if (less(cost, least)) take(best, current), least = cost;
    }
    costs[0] = least.error, costs[1] = least.length;
    return 0;
}
