volatile int flag; static int counter; extern char **environ;
int tick(void) { return ++counter + flag; }
union u { int i; float g; }; float pun(int i) { union u u; u.i = i; return u.g; }
void asm_code(void) { __asm__ volatile ("nop" ::: "memory"); }
int dispatch(int i) { static void *const t[] = { &&a, &&b }; goto *t[i & 1]; a: return 1; b: return 2; }
double sum(int n, ...) { __builtin_va_list l; __builtin_va_start(l, n); __builtin_va_end(l); return n; }
int elvis(int x) { return x ?: 3; }
int nested(int x) { return x; }
double f(double x) { return x + 1; }
int main(int argc, char **argv) { return tick() + argc; }
