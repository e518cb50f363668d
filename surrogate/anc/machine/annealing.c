/* What the two searches, both named search.c, have in common; `search_text` of kernel.py puts it before them: what they
   read off TABLE(X), which is X(name, operands, value) for each row in order, and random numbers.

   The value of a row is an expression over a, b and mem, to be reduced modulo the number of cells. */

#define NAME(name, operands, value) name,
#define OPERANDS(name, operands, value) operands,

double log(double);
double exp(double);

static unsigned long long random_state;

static void sow(unsigned long long seed) { random_state = (seed + 1) * 0x9E3779B97F4A7C15ull; }

static unsigned next_random(void) {
    random_state ^= random_state << 13; /* xorshift64 (Marsaglia, 2003) */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 32);
}

static int below(int n) { return (int)((unsigned long long)next_random() * (unsigned)n >> 32); }

/* What a proposal may cost that is taken at a temperature: one that costs more by d is, with probability
   exp(-d / temperature). */
static double limit_of(double cost, double temperature) {
    return cost - temperature * log((next_random() + 1.0) / 4294967296.0);
}
