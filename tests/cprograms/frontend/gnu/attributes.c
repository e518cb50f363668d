#define PURE __attribute__((const, nonnull(1)))
double g(double *p) PURE;
static __inline__ __attribute__((__always_inline__)) double half(double x) { return x / 2; }
__extension__ typedef long long wide __attribute__((aligned(16)));
struct __attribute__((packed)) pair { char c; double d __attribute__((aligned(8))); };
double __attribute__((noinline, hot)) f(double x, int n __attribute__((unused)))
{
    struct pair p __attribute__((unused)) = { 'c', x };
    wide w = 1;
    return half(p.d) + p.c + (w << 40);
}
