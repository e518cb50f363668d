/* Enumerations defined inside the declaration of something else. */
enum { N = 4 } mode_of(int x);
enum colour { RED, GREEN = 3 } global_unused;
const enum side { LEFT, RIGHT } which = RIGHT;

double f(double x, int k) {
    enum side s = k > 0 ? LEFT : RIGHT;
    return x * (s == which) + GREEN + N;
}
