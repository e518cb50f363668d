/* Executes programs of the ANC machine over integers (compiled to WebAssembly and driven by interpreter.py).

   INSTRUCTIONS(X) is X(name, value) for each instruction in order, written from the table of instructions.py; the value
   is an expression over a, b and mem, to be reduced modulo the number of cells. */
#define NAME(name, value) name,
#define CASE(name, value) case name: result = value; break;

enum { INSTRUCTIONS(NAME) OPS };
enum { LINES = 1 << 15, NUMBERS = 1 << 18, EXECUTIONS = 1 << 12 };

typedef struct {
    int op, a, b, out;
} Line;

Line line[LINES];
int tape[NUMBERS];  /* of the executions one after the other, `cells` each */
int value[NUMBERS]; /* their registers, `registers` each: the last one takes what nobody wants */
int at[EXECUTIONS]; /* the line that each will execute next */
long long steps[EXECUTIONS];
int stopped[EXECUTIONS];

/* Executes all that have not stopped, up to `most` steps of each. Returns how many steps of `budget` are left: if there
   are none, this may have ended early, to be called again. */
long long execute(int cells, int registers, int executions, long long most, long long budget) {
    for (int i = 0; i < executions && budget > 0; i++) {
        if (stopped[i]) continue;
        int *mem = tape + (long)i * cells, *held = value + (long)i * registers, here = at[i];
        long long left = most - steps[i] < budget ? most - steps[i] : budget;
        budget -= left;
        steps[i] += left;
        while (left > 0) {
            Line now = line[here];
            int a = held[now.a], b = held[now.b], result;
            left--;
            if (++here == cells) here = 0;
            switch (now.op) {
                INSTRUCTIONS(CASE)
                default: __builtin_unreachable();
            }
            if (result >= cells) result = result < 2 * cells ? result - cells : result % cells;
            if (result < 0) result = result >= -cells ? result + cells : cells - 1 - (-1 - result) % cells;
            if (now.op == WRITE) mem[a] = b;
            if (now.op == JEZ && a == 0) here = b;
            held[now.out] = result;
            if (now.op == STOP) {
                stopped[i] = 1;
                break;
            }
        }
        at[i] = here;
        steps[i] -= left;
        budget += left;
    }
    return budget;
}
