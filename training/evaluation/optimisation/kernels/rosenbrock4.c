/* Rosenbrock's valley in four dimensions (1960). */

#pragma surrogate range(x, -2, 2)
double rosenbrock4(const double x[4])
{
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double step = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
        sum += 100 * step * step + rest * rest;
    }
    return sum;
}
