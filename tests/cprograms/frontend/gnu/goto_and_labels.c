int f(int n) {
    int s = 0, i = 0;
again:
    if (i >= (n & 7)) goto done;
    switch (i % 3) { case 0: s += 5; goto next; case 1: { s ^= 9; break; } default: ; }
    s -= 1;
next: i++;
    goto again;
done: return s;
}
