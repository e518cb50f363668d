"""Which objects at file scope change: what gcc's code changes is known to, and what is plain stays a constant."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.frontend.loading import NumericFile
from cprograms.frontend.source import read
from cprograms.frontend.subset import Subset
from tests.cprograms.native import GCC

TABLE = "static double g[4] = {1, 2, 3, 4};\n"

WRITES = {
    "directly": "double f(double x) { g[1] = x; return x; }",
    "an increment": "double f(double x) { g[1]++; return x; }",
    "a pointer": "double f(double x) { double *p = g; p[1] = x; return x; }",
    "a pointer that walks": "double f(double x) { double *p = g; p++; *p++ = x; return x; }",
    "a pointer to the end": "double f(double x) { *(g + 1) = x; return x; }",
    "the index first": "double f(double x) { 1[g] = x; return x; }",
    "an address": "double f(double x) { double *p = &g[1]; *p += x; return x; }",
    "a choice": "double f(double x) { double own[4]; double *p = x > 0 ? g : own; p[1] = x; return x; }",
    "a helper": "static void set(double *p, double x) { p[1] = x; }\ndouble f(double x) { set(g, x); return x; }",
    "a helper's helper": (
        "static void set(double x, double *p) { *p = x; }\nstatic void next(double *q, double x) { set(x, ++q); }\n"
        "double f(double x) { next(g, x); return x; }"
    ),
    "recursion": (
        "static void down(int n, double *p) { if (n) down(n - 1, p + 1); else *p = 9; }\n"
        "double f(double x) { down(1, g); return x; }"
    ),
    "what a helper returns": (
        "static double *second(double *p) { return p + 1; }\ndouble f(double x) { *second(g) = x; return x; }"
    ),
    "a function that gives it": "static double *h(void) { return g; }\ndouble f(double x) { h()[1] = x; return x; }",
    "a struct": (
        "struct s { int n; double *p; };\ndouble f(double x) { struct s s = {1, g}; s.p[s.n] = x; return x; }"
    ),
    "a struct that is filled": (
        "struct s { double *p; };\nstatic void fill(struct s *s) { s->p = g; }\n"
        "double f(double x) { struct s s; fill(&s); s.p[1] = x; return x; }"
    ),
    "a struct by value": (
        "struct s { double *p; };\nstatic void set(struct s s, double x) { s.p[1] = x; }\n"
        "double f(double x) { struct s s = {g}; set(s, x); return x; }"
    ),
    "another global": "static double *h = g;\ndouble f(double x) { h[1] = x; return x; }",
    "a table of pointers": "static double *const h[] = {g};\ndouble f(double x) { h[0][1] = x; return x; }",
    "a static local": "double f(double x) { static double *h = g; h[1] = x; return x; }",
    "a pointer to a pointer": "double f(double x) { double *p = 0, **q = &p; *q = g; p[1] = x; return x; }",
    "a function pointer": (
        "static void set(double *p, double x) { p[1] = x; }\n"
        "double f(double x) { void (*s)(double *, double) = set; s(g, x); return x; }"
    ),
    "memcpy": "#include <string.h>\ndouble f(double x) { memcpy(g + 1, &x, sizeof x); return x; }",
    "memset": "#include <string.h>\ndouble f(double x) { memset(g, 0, sizeof g); return x; }",
    "a copied pointer": (
        "#include <string.h>\ndouble f(double x) { double *p = g, *q; memcpy(&q, &p, sizeof p); q[1] = x; return x; }"
    ),
    "the C library": "#include <math.h>\ndouble f(double x) { return modf(x + 8, g + 1); }",
    "an address as a number": "double f(double x) { unsigned long n = (unsigned long)g; *(double *)n = x; return x; }",
    "a cast": "double f(double x) { const double *p = g; ((double *)p)[1] = x; return x; }",
    "bytes": "double f(double x) { ((char *)g)[7] = 9; return x; }",
    "a compound literal": (
        "struct s { double *p; };\nstatic void set(struct s *s, double x) { s->p[1] = x; }\n"
        "double f(double x) { set(&(struct s){g}, x); return x; }"
    ),
    "behind a local of its name": "double f(double x) { { double g[1] = {x}; x = g[0]; } g[1] = x; return x; }",
    "a statement expression": "double f(double x) { double y = ({ double *p = g; *p; }); g[2] = y + x; return x; }",
}

KEEPS = {
    "read": "double f(double x) { return x * g[1]; }",
    "a helper": (
        "static double sum(double *p, int n) { double s = 0; while (n--) s += *p++; return s; }\n"
        "double f(double x) { return sum(g, 4) + x; }"
    ),
    "Horner": (
        "static double polevl(double x, double c[], int n) { double *p = c; double a = *p++; int i = n;"
        " do a = a * x + *p++; while (--i); return a; }\ndouble f(double x) { return polevl(x, g, 3); }"
    ),
    "out of it": "static void get(double *p, double *y) { *y = p[1]; }\ndouble f(double x) { get(g, &x); return x; }",
    "a copy": (
        "#include <string.h>\ndouble f(double x) { double h[4]; memcpy(h, g, sizeof g); h[1] = x; return h[1]; }"
    ),
    "a pointer to const": "static const double *h = g;\ndouble f(double x) { return h[1] + x; }",
    "a struct that reads": (
        "struct s { int n; double *p; };\ndouble f(double x) { struct s s = {1, g}; s.n = 2; return s.p[s.n] * x; }"
    ),
    "a local of its name": "double f(double x) { double g[4] = {x}; g[1] = x; return g[1]; }",
    "a field of its name": "struct s { double g; };\ndouble f(double x) { struct s s = {x}; s.g = 2; return s.g; }",
    "a static local": "double f(double x) { static double h[] = {1, 2}; return h[x > 0] + g[0]; }",
    "recursion": (
        "static double down(int n, double *p) { return n ? down(n - 1, p + 1) : *p; }\n"
        "double f(double x) { return down(2, g) + x; }"
    ),
    "no other's": "static void set(double *p, double x) { *p = x; }\ndouble f(double x) { set(&x, g[1]); return x; }",
}


def mutable(source: str) -> list[str]:
    return list(Subset(NumericFile(read(None, source))._scope).mutable("f"))


def changed_by_gcc(source: str, folder: Path) -> bool:
    """Whether calling f changes g."""
    assert GCC is not None
    text = source + "\nint changed(void) { double was[4]; for (int i = 0; i < 4; i++) was[i] = g[i]; f(-0.5); f(7);"
    text += " for (int i = 0; i < 4; i++) if (was[i] != g[i]) return 1; return 0; }\n"
    (folder / "f.c").write_text(text)
    library = folder / "f.so"
    subprocess.run([GCC, "-O0", "-w", "-fPIC", "-shared", "-o", library, folder / "f.c", "-lm"], check=True)
    return bool(ctypes.CDLL(str(library)).changed())


@pytest.mark.skipif(GCC is None, reason="gcc is the oracle")
@pytest.mark.parametrize("case", WRITES)
def test_what_is_written_is_known_to_change(case: str, tmp_path: Path):
    source = TABLE + WRITES[case]
    assert changed_by_gcc(source, tmp_path)
    assert "g" in mutable(source)


@pytest.mark.skipif(GCC is None, reason="gcc is the oracle")
@pytest.mark.parametrize("case", KEEPS)
def test_what_is_only_read_is_constant(case: str, tmp_path: Path):
    source = TABLE + KEEPS[case]
    assert not changed_by_gcc(source, tmp_path)
    assert mutable(source) == []


@pytest.mark.parametrize(
    "helper", ["", "void set(double x) { g[1] = x; }"], ids=["nothing writes", "a stranger writes"]
)
def test_what_is_written_elsewhere_keeps_its_value(helper: str):
    source = f"{TABLE}{helper}\ndouble f(double x) {{ return g[1] * x; }}"
    program = cprograms.load(source=source, entry="f")
    assert [w.message for w in program.warnings] == (
        ["'g' keeps its initial value: what changes it is not part of 'f'"] if helper else []
    )
    assert cprograms.run(program, np.array([[3.0]])).item() == 6
