#define COUNT(x) _Generic((x), float: 2, double: 3, default: 4)
struct box { double v[COUNT(1.0f)]; unsigned narrow : COUNT(1.0); };
typedef double row[COUNT(1.0)];
enum { FIRST = COUNT(0), SECOND };
static const double table[COUNT(0) + 1] = {5, 4, 3, 2, 1};

static double last(const row r) { return r[COUNT(1.0) - 1]; }

double f(double x, unsigned n) {
    struct box b = {{x, 2 * x}, n};
    row r = {x, table[FIRST], SECOND};
    double more[COUNT(x) + 1] = {x};
    switch (n) {
        case COUNT(1.0f): return -x;
    }
    return last(r) + b.v[1] + b.narrow + sizeof b.v + sizeof more / sizeof *more + more[3];
}
