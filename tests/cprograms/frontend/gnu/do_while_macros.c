#define STEP(x) do { (x) += 0.25; if ((x) > 1) break; (x) *= 2; } while (0)
#define SWAP(T, a, b) do { T t_ = a; a = b; b = t_; } while (0)
double f(double x, double y) { STEP(x); if (x < y) SWAP(double, x, y); else STEP(y); return x - 3 * y; }
