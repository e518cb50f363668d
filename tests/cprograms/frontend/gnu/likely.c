#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
double f(double x) { if (unlikely(x < 0)) return -x; if (likely(x < 10)) return x * x; __builtin_unreachable(); }
