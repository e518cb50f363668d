"""Bodies of tape programs that random ones seldom look like, over the helpers of `HELPERS`."""

HELPERS = """
static int get(int *m, int i) { return m[i]; }
static void put(int *m, int i, int v) { m[i] = v; if (v == 2) return; m[i]++; }
static int sq(int x) { int r = 0; for (int i = 0; i < 3; i++) { if (i == x) return r; r += x; } return r; }
static int next(int *m) { m[1]++; return m[1]; }
static int first(int *t, int v) { for (int i = 0; i < 6; i++) if (t[i] == v) return i; return -1; }
static _Bool even(int x) { while (x > 1) x -= 2; return !x; }
"""

ODD = [
    "switch (mem[0]) { case 0: ; int y = 1; mem[1] = y; break; case 1: y = 2; mem[2] = y; }",
    "int i = 0; while (mem[i++] && i < 9) ; mem[20] = i;",
    "int i = 3; do { if (mem[i] == 2) continue; mem[i] *= 2; } while (i-- > 0 && mem[i] != 5);",
    "mem[0] = (mem[1] ? mem[2] ? 1 : 2 : mem[3] ? 3 : 4) * 2;",
    "int a = 1, b = 2; a = b = mem[0] = 7; mem[1] = a + b;",
    "int a = mem[0]; a = a; a -= a; mem[1] = a;",
    "for (int i = 0; i < 3; i++) { switch (mem[i]) { case 0: continue; case 1: break; default: mem[9]++; } mem[i]++; }",
    "for (int i = 0; i < 4; i++) for (int i = 0; i < 2; i++) mem[i]++;",
    "_Bool b = mem[0], c; c = b; if (c != b || !c) mem[1] = c; mem[2] = b + c + (_Bool)mem[3];",
    "unsigned u = mem[0] - 1; if (u > 4) mem[1] = u; long l = (int)u / 2; mem[2] = l;",
    "mem[0] = 'a' % 7; mem[1] = '\\n'; mem[2] = 0x1f; mem[3] = 010; mem[4] = 3u;",
    "int a[3] = {1, 2, 3}, s = 0; for (int i = 0; i < 3; i++) s += a[i] * a[2 - i]; mem[0] = s;",
    "int a[2]; a[0] = mem[0]; { int a[2] = {5}; a[1] = mem[1]; mem[2] = a[0] + a[1]; } mem[3] = a[0];",
    "mem[0] = -mem[0] % 3; mem[1] = -mem[1] / -2; mem[2] = mem[2] * -1; mem[3] = mem[3] - -3;",
    "mem[0] /= 1; mem[1] %= 1; mem[2] *= 0; mem[3] *= 1; mem[4] = 0 / (1 + mem[5] % 2); mem[6] = 5 % (1 + mem[7] % 3);",
    "if (mem[0] == mem[1] && mem[1] == mem[2] || mem[3] < mem[4] && !(mem[5] >= mem[6])) mem[7] = 1; else mem[7] = 2;",
    "mem[0] = mem[1] < 0; mem[2] = mem[3] >= 0; mem[4] = mem[5] <= -1; mem[6] = mem[7] > -1; mem[8] = 0 > mem[9];",
    "mem[0] = mem[0] <= 0; mem[1] = mem[1] > 0; mem[2] = mem[2] < 1; mem[3] = 1 <= mem[3]; mem[4] = mem[4] < -1;",
    "int x; if (mem[0]) x = 3; mem[1] = x;",
    "return; mem[0] = 1;",
    "for (;;) { if (mem[0] == 0) return; mem[0]--; mem[1]++; }",
    "while (1) { if (mem[0]-- == 0) break; if (mem[1]) { mem[1]--; continue; } mem[2]++; }",
    "int i = mem[0], j = mem[1]; if (i > j) { int t = i; i = j; j = t; } mem[2] = i; mem[3] = j; mem[4] = j - i;",
    "*mem = *(mem + *mem); *(mem + 1) += *(2 + mem); 3[mem]--;",
    "put(mem, 3, get(mem, 4)); mem[5] = sq(sq(mem[6]) + 1); put(mem, get(mem, 7), first(mem, 3));",
    "mem[0] = first(mem, mem[1]); if (first(mem, 2)) mem[2] = 9; if (!even(mem[3])) mem[4] = even(mem[4]) && mem[5];",
    "int i = 0; for (; i < 5; ) { mem[i] = i; i += 2; } mem[9] = i;",
    "int i = 5; do { int k = i; mem[k] += k; if (k == 2) break; } while (--i);",
    "switch (mem[0] % 3) { default: mem[1] = 1; break; case 1: switch (mem[2]) { case 0: mem[3] = 1; "
    "case 3: mem[4] = 2; } case 2: mem[5] = 3; }",
    "switch (mem[0]) { } switch (mem[1]++) { default: ; } switch (mem[2]) { case 1: case 2: case 5: mem[3] = 1; }",
    "mem[0] = (mem[1]++, mem[2]--, mem[1] + mem[2]);",
    "mem[0] = !mem[1] + !!mem[2] * 2 - !(mem[3] - 1);",
    "mem[0] = min(mem[1], mem[2]) == max(mem[3], 2) ? min(0, mem[4]) : max(-1, mem[4]);",
    "int n = mem[0] < mem[1] ? mem[0] : mem[1]; int m = mem[0] <= mem[1] ? mem[1] : mem[0]; mem[2] = n; mem[3] = m;",
    "int n = 0; if (mem[0] > n) n = mem[0]; if (mem[1] > n) n = mem[1]; if (n > 5) n = 5; mem[2] = n;",
    "int i = 2; mem[i]++; ++mem[i]; mem[i]--; mem[0] = mem[i]-- + 1; mem[1] = --mem[3];",
    # What C leaves open has an order here.
    "int i = 3; mem[i] += ++i; mem[i++] = i; mem[i] = i = 4;",
    "int i = 3; i += i++; mem[0] = i; i += (i = 10); mem[1] = i; mem[2] = i++ + i++ * i;",
    "mem[0] += mem[0]++; mem[1] += (mem[1] = 9); mem[2] *= ++mem[2]; mem[3] = mem[4] + (mem[4] = 7);",
    "mem[0] = next(mem) - next(mem); mem[1] += next(mem); mem[next(mem)] = next(mem); mem[next(mem)] -= next(mem) + 5;",
    "int i = 2; mem[0] = min(i++, mem[1]--) + max(mem[1]++, i--); i -= next(mem) + i++; mem[2] = (i < 9 ? i++ : 2);",
    "int i = 3; mem[i] -= (i = 2); mem[mem[i]] = mem[i] = 8; mem[0] = i + (i = 5); mem[6] = (i++, i) - i--;",
]
