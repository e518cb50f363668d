static unsigned gcd(unsigned a, unsigned b) { return b ? gcd(b, a % b) : a; }
static int ackermann(int m, int n) { return m ? n ? ackermann(m - 1, ackermann(m, n - 1)) : ackermann(m - 1, 1) : n + 1; }
double f(unsigned char a, unsigned char b) { return gcd(a, b) + ackermann(a & 1, b & 7); }
