int f(int x) {
    switch (x + 'a') { case 'a' ... 'c': return 1; case 'd': return 2; case -5 ... 5: return 3; default: return x; }
}
