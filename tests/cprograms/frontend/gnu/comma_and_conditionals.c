double f(double x, int n) {
    int i, j; double s = 0;
    for (i = 0, j = n & 15; i < j; i++, --j) s += (s += x, i * j), s = s > 10 ? s - 10 : s;
    while (i --> 0) if (i & 1) continue; else s -= i;
    return !s ? x : (n, s) + (x < 0 ? -1 : x > 0) + ~n + -n - +n;
}
