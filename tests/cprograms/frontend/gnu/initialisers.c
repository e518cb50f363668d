#define N(a) (sizeof(a) / sizeof((a)[0]))
static const float lut[][3] = { {1, 2, 3}, {4, 5, 6}, };
static const struct { double a; int b; } rows[] = { {.a = 1, .b = 2}, {3, 4} };
static const double sparse[] = { [2] = 5, 6, [1] = 7 }, flat[][2] = {1, 2, 3, 4, 5};
double f(int n) {
    const double here[] = {1.0, .5, 0x1p-2, 1e-3,};
    double m[2][2] = { {1}, { [1] = n } }, z[3] = {0}, s = 0;
    for (unsigned i = 0; i < N(rows); ++i) s += rows[i].a * 10 + rows[i].b;
    for (unsigned i = 0; i < N(sparse); ++i) s = s * 2 + sparse[i];
    s += N(flat) + flat[2][0] + flat[2][1] + lut[1][n & 1] + here[n & 3] + m[0][0] + m[0][1] + m[1][1] + z[2];
    return s + ((struct { int u, v; }) { .v = n }).v + (double []) {1, 2}[n & 1];
}
