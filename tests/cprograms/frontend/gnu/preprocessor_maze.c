#ifndef SCALE
# if defined(__GNUC__) && (__GNUC__ >= 4)
#  define SCALE 3
# else
#  error "unknown compiler"
# endif
#endif
#define CAT_(a, b) a ## b
#define CAT(a, b) CAT_(a, b)
#define STR(x) #x
#define APPLY(m, ...) m(__VA_ARGS__)
#define ADD3(a, b, c) ((a) + (b) + (c))
#define FIELDS(X) X(one, 1) X(two, 2) X(three, 3)
#define AS_ENUM(n, v) CAT(K_, n) = v,
#define AS_SUM(n, v) + CAT(K_, n)
enum { FIELDS(AS_ENUM) };
#if 0
this is not C at all '
#endif
_Static_assert(sizeof(STR(abc) "d") == 5, "stringised");
static int CAT(he, lper)(int x) { return x FIELDS(AS_SUM); }
int f(int x) { return APPLY(ADD3, helper(x), SCALE, K_two) - __LINE__ + __LINE__; }
