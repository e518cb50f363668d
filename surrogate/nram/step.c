/* One step of the neural random-access machine and its derivatives, for many programs and tapes at once (compiled to
   WebAssembly and driven by machine.py).

   MODULES(X) is X(operands, kind) for each module in order, written from the table of modules.py; what a module gives
   for all arguments is in `results`. Sixteen tapes of one program are computed at once, one in each lane. In every
   array the tapes of a program lie beside each other: `batch` of them, a multiple of 16, for each number. */
typedef float Lanes __attribute__((vector_size(64)));
typedef int Masks __attribute__((vector_size(64)));
#define FAST __attribute__((target("simd128")))

enum { TABLE, READ, WRITE };
#define COUNT(operands, kind) +1
#define OPERANDS(operands, kind) +operands
#define ROW(operands, kind) {operands, kind},
enum { Q = 0 MODULES(COUNT), A = 0 MODULES(OPERANDS), LANES = 16, M_MOST = 64, R_MOST = 8, K_MOST = R_MOST + Q };
enum { NUMBERS = 1 << 20 };
static const struct { int operands, kind; } module[Q] = {MODULES(ROW)};

int results[Q * M_MOST * M_MOST]; /* of module q from q * M * M on */
float choice[NUMBERS], choice_grad[NUMBERS];             /* [P, A + R, R + Q, B] */
float registers[NUMBERS], registers_grad[NUMBERS];       /* [P, R, M, B], before the step */
float registers_next[NUMBERS], registers_next_grad[NUMBERS];
float tape[NUMBERS], tape_grad[NUMBERS];                 /* [P, M, M, B], before the step */
float tape_next[NUMBERS], tape_next_grad[NUMBERS];

static Lanes value[K_MOST][M_MOST], value_grad[K_MOST][M_MOST]; /* registers, then what the modules give */
static Lanes argument[A][M_MOST], argument_grad[2][M_MOST];
static Lanes cells[M_MOST][M_MOST], cells_grad[M_MOST][M_MOST];

typedef struct { int m, r, batch, program, lane; } Place;

/* Number `index` of `count` ones that an array has for each program. */
static inline FAST Lanes *at(float *array, const Place *p, int count, int index) {
    return (Lanes *)(array + ((long)p->program * count + index) * p->batch + p->lane);
}

static inline FAST Lanes *choice_at(float *array, const Place *p, int wire, int source) {
    return at(array, p, (A + p->r) * (p->r + Q), wire * (p->r + Q) + source);
}

/* Numbers too small to matter slow arithmetic down. */
static inline FAST Lanes flushed(Lanes x) {
    return (Lanes)((Masks)x & (x > 1e-12f));
}

static FAST void mix(const Place *p, int wire, int sources, Lanes *out) {
    Lanes sum[M_MOST];
    for (int i = 0; i < p->m; i++) sum[i] = (Lanes){0};
    for (int k = 0; k < sources; k++) {
        Lanes w = *choice_at(choice, p, wire, k);
        for (int i = 0; i < p->m; i++) sum[i] += w * value[k][i];
    }
    for (int i = 0; i < p->m; i++) out[i] = flushed(sum[i]);
}

static FAST void unmix(const Place *p, int wire, int sources, const Lanes *grad) {
    for (int k = 0; k < sources; k++) {
        Lanes w = *choice_at(choice, p, wire, k), sum = {0};
        for (int i = 0; i < p->m; i++) {
            sum += grad[i] * value[k][i];
            value_grad[k][i] += w * grad[i];
        }
        *choice_at(choice_grad, p, wire, k) = sum;
    }
    for (int k = sources; k < p->r + Q; k++) *choice_at(choice_grad, p, wire, k) = (Lanes){0};
}

static FAST void compute(const Place *p, int q, const Lanes *x, const Lanes *y, Lanes *out) {
    int m = p->m, *found = results + q * m * m;
    for (int i = 0; i < m; i++) out[i] = (Lanes){0};
    if (module[q].kind == READ) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) out[j] += x[i] * cells[i][j];
    } else if (module[q].kind == WRITE || module[q].operands == 0) {
        out[*found] += 1.0f;
    } else if (module[q].operands == 1) {
        for (int i = 0; i < m; i++) out[found[i]] += x[i];
    } else {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) out[found[i * m + j]] += x[i] * y[j];
    }
    for (int i = 0; i < m; i++) out[i] = flushed(out[i]);
}

/* The derivatives by the arguments of a module whose output has the derivative `out`. */
static FAST void uncompute(const Place *p, int q, const Lanes *x, const Lanes *y, const Lanes *out) {
    int m = p->m, *found = results + q * m * m;
    Lanes *gx = argument_grad[0], *gy = argument_grad[1];
    for (int i = 0; i < m; i++) gx[i] = gy[i] = (Lanes){0};
    if (module[q].kind == READ) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) {
                gx[i] += out[j] * cells[i][j];
                cells_grad[i][j] += x[i] * out[j];
            }
    } else if (module[q].kind == WRITE) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) {
                Lanes g = cells_grad[i][j];
                gx[i] += g * (y[j] - cells[i][j]);
                gy[j] += g * x[i];
                cells_grad[i][j] = g * (1.0f - x[i]);
            }
    } else if (module[q].operands == 1) {
        for (int i = 0; i < m; i++) gx[i] = out[found[i]];
    } else if (module[q].operands == 2) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) {
                Lanes g = out[found[i * m + j]];
                gx[i] += g * y[j];
                gy[j] += g * x[i];
            }
    }
}

static FAST void forward_lanes(const Place *p) {
    int m = p->m;
    for (int k = 0; k < p->r; k++)
        for (int i = 0; i < m; i++) value[k][i] = *at(registers, p, p->r * m, k * m + i);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) cells[i][j] = *at(tape, p, m * m, i * m + j);
    for (int q = 0, wire = 0; q < Q; wire += module[q++].operands) {
        for (int k = 0; k < module[q].operands; k++) mix(p, wire + k, p->r + q, argument[wire + k]);
        compute(p, q, argument[wire], argument[wire + module[q].operands - 1], value[p->r + q]);
    }
}

static FAST void backward_lanes(const Place *p) {
    int m = p->m;
    for (int k = 0; k < p->r + Q; k++)
        for (int i = 0; i < m; i++) value_grad[k][i] = (Lanes){0};
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) cells_grad[i][j] = *at(tape_next_grad, p, m * m, i * m + j);
    for (int k = 0; k < p->r; k++) {
        Lanes grad[M_MOST];
        for (int i = 0; i < m; i++) grad[i] = *at(registers_next_grad, p, p->r * m, k * m + i);
        unmix(p, A + k, p->r + Q, grad);
    }
    for (int q = Q - 1, wire = A; q >= 0; q--) {
        wire -= module[q].operands;
        uncompute(p, q, argument[wire], argument[wire + module[q].operands - 1], value_grad[p->r + q]);
        for (int k = 0; k < module[q].operands; k++) unmix(p, wire + k, p->r + q, argument_grad[k]);
    }
    for (int k = 0; k < p->r; k++)
        for (int i = 0; i < m; i++) *at(registers_grad, p, p->r * m, k * m + i) = value_grad[k][i];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) *at(tape_grad, p, m * m, i * m + j) = cells_grad[i][j];
}

/* The registers and the tapes after the step. */
FAST int forward(int programs, int m, int r, int batch) {
    for (int program = 0; program < programs; program++)
        for (int lane = 0; lane < batch; lane += LANES) {
            Place p = {m, r, batch, program, lane};
            forward_lanes(&p);
            for (int k = 0; k < r; k++) {
                Lanes out[M_MOST];
                mix(&p, A + k, r + Q, out);
                for (int i = 0; i < m; i++) *at(registers_next, &p, r * m, k * m + i) = out[i];
            }
            for (int i = 0; i < m; i++)
                for (int j = 0; j < m; j++) {
                    Lanes write = argument[A - 2][i];
                    *at(tape_next, &p, m * m, i * m + j) = cells[i][j] + write * (argument[A - 1][j] - cells[i][j]);
                }
        }
    return 0;
}

/* The derivatives by the choices, the registers and the tapes before the step, from those after it. */
FAST int backward(int programs, int m, int r, int batch) {
    for (int program = 0; program < programs; program++)
        for (int lane = 0; lane < batch; lane += LANES) {
            Place p = {m, r, batch, program, lane};
            forward_lanes(&p);
            backward_lanes(&p);
        }
    return 0;
}
