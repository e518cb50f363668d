typedef enum kind { A = 1, B = 1 << 3, C = B | A, D } kind_t;
typedef unsigned int uint; typedef uint word; typedef const double cdouble;
typedef struct vec vec; struct vec { float x, y; };
static cdouble k = 2.5; enum { LIMIT = D * 2 };
static vec make(float x) { vec v = { x, LIMIT }; return v; }
double f(double x, word w) { kind_t t = w & 1 ? C : D; enum kind u = B; vec v = make(x); return k * t + u + v.x * v.y; }
