enum { E = 2 };
static const int rows = E + 1, columns = 2 * 2;
static const unsigned char narrow = 7;
double f(double x, int n) {
    const int k = rows * 2;
    const unsigned half = k / 2;
    double t[rows][columns], u[half + narrow], v[E] = {1, 2};
    for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) t[i][j] = i * x + j;
    for (unsigned i = 0; i < sizeof u / sizeof u[0]; i++) u[i] = t[i % 3][i % 4] + v[i % E];
    return u[n & 7] + sizeof(t) / sizeof(double);
}
