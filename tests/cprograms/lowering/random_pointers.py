"""Small random C programs over arrays, structs, unions and pointers into them: unsigned numbers, so all is defined."""

from __future__ import annotations

from random import Random

_HEAD = """
void *memcpy(void *to, const void *from, unsigned long n);
struct s { unsigned x; unsigned y[2]; struct { unsigned short lo; unsigned char q[2]; } z; };
union u { unsigned word; unsigned short half[2]; unsigned char byte[4]; struct s s; };
static void swap(unsigned *a, unsigned *b) { unsigned t = *a; *a = *b; *b = t; }
static unsigned sum(const unsigned *v, int n)
{ unsigned s = 0; for (int i = 0; i < n; i++) s = 3 * s + v[i]; return s; }
static unsigned *larger(unsigned *a, unsigned *b) { return *a > *b ? a : b; }
static struct s *bump(struct s *s, unsigned by)
{ s->x += by; s->y[by % 2] ^= by; s->z.lo += by; s->z.q[1]--; return s; }
static void reverse(unsigned *first, unsigned *last) { while (first < last) swap(first++, last--); }
static unsigned twice(unsigned x) { return 2 * x; }
static unsigned next(unsigned x) { return x + 1; }
unsigned f(unsigned a, unsigned b, unsigned c)
{
  unsigned v[4] = {a, 1, b, 2}, w[2][3] = {{c, 1}, {a, b}}, *p = v, *q = 0;
  struct s s = {a, {b, c}, {3, {1, 2}}}, t = {.y = {1, a}};
  union u u = {c};
  unsigned (*g)(unsigned) = a > b ? twice : next;
  struct s *r = &s;
"""
_TAIL = """
  return sum(v, 4) + 5 * sum(w[0], 3) + 7 * sum(w[1], 3) + 11 * s.x + 13 * sum(s.y, 2) + 17 * s.z.lo + 19 * s.z.q[1]
    + 23 * t.x + 29 * sum(t.y, 2) + 31 * t.z.lo + 37 * u.word + 41 * u.s.y[1] + 43 * *p + 47 * (p == v) + 53 * (q != 0);
}
"""
_LEAVES = (
    "a b c 1 2 3u 100 *p *p s.x t.y[1] r->x r->z.lo u.word u.half[1] u.byte[3] u.s.y[0] sum(v,4) sum(w[1],3)".split()
)


def pointer_program(seed: int) -> str:
    random = Random(seed)
    body = "\n  ".join(_statement(random, 2) for _ in range(random.randint(2, 6)))
    return f"{_HEAD}  {body}{_TAIL}"


def _expression(random: Random, depth: int = 2) -> str:
    if depth == 0 or random.random() < 0.3:
        return random.choice([*_LEAVES, _element(random, 0)])
    one, other = _expression(random, depth - 1), _expression(random, depth - 1)
    return random.choice(
        [
            f"({one} {random.choice('+ - * ^ & |'.split())} {other})",
            f"({one} {random.choice('< <= == != &&'.split())} {other})",
            f"({one} >> {random.randint(1, 9)})",
            f"({one} % 2 ? {other} : {_expression(random, 0)})",
            f"g({one})",
            f"*larger(&{_word(random)}, &{_word(random)})",
        ]
    )


def _element(random: Random, depth: int) -> str:
    index = str(random.randint(0, 1)) if random.random() < 0.6 else f"{_expression(random, depth)} %% {{}}"
    place, length = random.choice([("v[{}]", 4), ("w[1][{}]", 3), ("w[{}][2]", 2), ("s.y[{}]", 2), ("r->y[{}]", 2)])
    return place.format(index.replace("%%", "%").format(length))


def _word(random: Random) -> str:
    """Something of type unsigned that has an address."""
    return random.choice(["s.x", "t.x", "r->x", "u.word", "*p", "*(v + 1)", _element(random, 0), _element(random, 0)])


def _statement(random: Random, depth: int) -> str:
    e = _expression(random)
    if depth and random.random() < 0.25:
        inner, other = _statement(random, depth - 1), _statement(random, depth - 1)
        return random.choice(
            [f"if ({e} % 3) {{ {inner} }} else {{ {other} }}", f"if ({e} % 5 == 1) {{ {inner} {other} }}"]
        )
    return random.choice(
        [
            f"{_word(random)} {random.choice(['=', '+=', '^=', '*='])} {e};",
            f"{random.choice(['s.z.lo', 'u.half[0]', 'u.byte[1]', 'u.byte[2]', 's.z.q[0]', 't.z.lo'])} += {e};",
            f"p = &{_word(random)};",
            f"p = {e} % 2 ? &{_word(random)} : &{_word(random)};",
            f"q = {e} % 2 ? p : 0; if (q) *q += {_expression(random)};",
            f"swap(&{_word(random)}, &{_word(random)});",
            f"*larger(&{_word(random)}, p) -= {e};",
            f"r = {e} % 2 ? &s : &t; r->y[1]++;",
            f"bump({random.choice(['&s', 'r', '&u.s'])}, {e})->x ^= {random.randint(1, 99)};",
            random.choice(["s = t;", "t = *r;", "u.s = s;", "*r = u.s;", "w[0][1] = bump(&s, 3)->y[0];"]),
            random.choice(["memcpy(v, w[1], 12);", "memcpy(s.y, v + 1, sizeof s.y);", "memcpy(&u, &t, sizeof t);"]),
            random.choice(["memcpy(&u.word, p, 4);", "memcpy(&s.z, &u.half[1], 2);", "memcpy(r, &u.s, sizeof *r);"]),
            f"for (int i = 0; i < 4; i++) v[i] += i * {e};",
            f"for (p = w[1]; p < w[1] + 3; p++) *p ^= {e}; p--;",
            f"for (int i = 0; i < 2; i++) for (int j = 0; j < 3; j++) w[i][j] += {e} + w[1 - i][j];",
            random.choice(["reverse(v, v + 3);", "reverse(w[0], w[0] + 2);", "reverse(&w[1][0], &w[1][2]);"]),
            f"g = {e} % 2 ? next : g;",
            f"{{ unsigned char *bytes = (unsigned char *)&v[1]; bytes[{random.randint(0, 3)}] = {e}; }}",
        ]
    )
