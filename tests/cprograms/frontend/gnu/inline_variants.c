inline int a(int x) { return x + 1; }
extern inline int b(int x) { return x + 2; }
static inline int c(int x); static int d();
int (e)(int x) { return c(x) * d(); }
static inline int c(int x) { return x - 3; }
static int d() { return 7; }
extern int f(int);
int f(int x) { extern int e(int); return a(x) + b(x) + e(x); }
