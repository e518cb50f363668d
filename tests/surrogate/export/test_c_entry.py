"""The drop-in function against the original, each called by the same C; guards."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms.diagnostics import UsageError
from surrogate.cli import main as command
from surrogate.container import Measurement
from surrogate.export.c import sources
from surrogate.graph.artifact import GraphProgram
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.fitting.tuning import Finetuning
from surrogate.numeric.check import Report
from surrogate.numeric.checking.bounds import Bound
from tests.surrogate.export.networks import plain

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")

# Each is a program, then the body of a `main` that prints what a call gives and changes.
CALLS = {
    "the names of the arguments are those of the file": (
        "double f(double x, double y) { return x - 2 * y; }",
        'printf("%.17g", f(0.25, 0.5));',
    ),
    "a struct in and out": (
        "#include <math.h>\ntypedef struct { double re, im; } complex_t;\n"
        "static double twice(double v) { return 2 * v; }\n"
        "complex_t f(complex_t z, complex_t c) {"
        " complex_t r = { z.re * z.re - z.im * z.im + c.re, twice(z.re) * z.im + c.im }; return r; }",
        'complex_t a = {0.5, 0.25}, b = {-0.5, 1}; complex_t r = f(a, b); printf("%.17g %.17g", r.re, r.im);',
    ),
    "a struct that the function's head defines": (
        "struct pair { float lo; int hi; } f(float a) { struct pair p = { a / 2, a > 0 ? 3 : -3 }; return p; }",
        'struct pair p = f(0.3f); printf("%.9g %d", (double)p.lo, p.hi);',
    ),
    "pointers, arrays and a constant": (
        "#pragma surrogate size(w, 3)\n#pragma surrogate fix(n, 3)\n"
        "void f(const double *w, int n, double out[2]) {"
        " out[0] = 0; for (int i = 0; i < n; i++) out[0] += w[i] * (i + 1); out[1] = w[2]; }",
        'double w[3] = {0.5, -0.25, 1}, out[2] = {9, 9}; f(w, 3, out); printf("%.17g %.17g", out[0], out[1]);',
    ),
    "an object that is read and written": (
        "struct s { double at; struct { float v; short n; } in[2]; };\n"
        "int f(struct s *s) { s->at += s->in[1].v; s->in[0].n = (short)(s->in[0].n + 1); return s->at > 0; }",
        "struct s s = {0.5, {{0.25f, 3}, {0.125f, 4}}}; int r = f(&s);"
        ' printf("%d %.17g %d %d", r, s.at, s.in[0].n, s.in[1].n);',
    ),
    "a matrix": (
        "double f(double m[2][2]) { double d = m[0][0] * m[1][1] - m[0][1] * m[1][0]; m[0][0] = 1; return d; }",
        'double m[2][2] = {{0.5, 1}, {0.25, -1}}; double d = f(m); printf("%.17g %.17g", d, m[0][0]);',
    ),
    "state": (
        "#pragma surrogate state(total)\nstatic double total = 0.5;\n"
        "double f(double x) { total += x; return total * x; }",
        'double a = f(0.25), b = f(0.5); printf("%.17g %.17g", a, b);',
    ),
    "integers of all kinds": (
        "struct r { unsigned char a; long b; _Bool c; unsigned d; signed char e; };\n"
        "struct r f(int n, unsigned char c) {"
        " struct r r = { (unsigned char)(n * 7), (long)n - 99, n & 1, (unsigned)n + c, (signed char)-c }; return r; }",
        'struct r r = f(21, 5); printf("%d %ld %d %u %d", r.a, r.b, (int)r.c, r.d, r.e);',
    ),
}


def printed(folder: Path, main: str, texts: dict[str, str]) -> str:
    """What a program prints: its `main` sees the headers among the texts."""
    for name, text in texts.items():
        (folder / name).write_text(text)
    headers = "".join(f'#include "{name}"\n' for name in texts if name.endswith(".h"))
    (folder / "main.c").write_text(f"#include <stdio.h>\n{headers}int main(void) {{ {main} return 0; }}\n")
    units = [str(folder / name) for name in ("main.c", *texts) if name.endswith(".c")]
    flags = ["-std=gnu99", "-O0", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-function"]
    done = subprocess.run(["gcc", *flags, *units, "-o", str(folder / "program"), "-lm"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return subprocess.run([str(folder / "program")], capture_output=True, text=True, check=True).stdout


def test_the_drop_in_is_the_original(tmp_path: Path) -> None:
    for k, (name, (source, main)) in enumerate(CALLS.items()):
        folder = tmp_path / str(k)
        folder.mkdir()
        artifact = surrogate.compile(source=source, target="graph")
        assert isinstance(artifact, GraphProgram)
        expected = printed(folder, main, {"f.h": source})
        assert printed(folder, main, sources(artifact, name="f")) == expected, name
        guarded = sources(artifact, name="f", file="g", guard=True)
        assert printed(folder, main, guarded) == expected, name


def test_results_of_integer_types_are_rounded_and_clamped(tmp_path: Path) -> None:
    artifact = plain(
        source="struct r { int a; unsigned char b; _Bool c; long long d; };\n"
        "struct r f(double x) { struct r r = { x, x, x, x }; return r; }"
    )
    for k in range(4):
        artifact.module.silence(k)
    for means, expected in (
        ([2.5, 3.49, 0.6, -2.5], "3 3 1 -3"),
        ([-1e300, -1.0, 0.4, 1e30], "-2147483648 0 0 9223372036854775807"),
        ([float("nan"), 255.5, float("nan"), -1e30], "0 255 0 -9223372036854775808"),
    ):
        for k, mean in enumerate(means):
            artifact.module.mean[k] = mean
        main = 'struct r r = f(0); printf("%d %d %d %lld", r.a, r.b, (int)r.c, r.d);'
        assert printed(tmp_path, main, sources(artifact, name="f")) == expected


# --- Guards ---


def guarded() -> Surrogate:
    """A surrogate that is always 7, of a program that never is."""
    artifact = plain(source="#pragma surrogate range(x, 0, 1)\ndouble f(double x) { return x * 100; }")
    artifact.module.silence(0)
    artifact.module.mean[0] = 7
    return artifact


def with_bars(artifact: Surrogate, *bounds: Bound) -> Surrogate:
    report = Report(100, 0, 0, artifact.check(100).results, bounds=bounds)
    return replace(artifact, measurement=Measurement(report, artifact._fingerprint()))


MAIN = (
    'double at[] = {0, 0.1, 0.5, 0.9, 1, 1.01, -0.01, 0.0 / 0.0}; for (int i = 0; i < 8; i++) printf("%g ", f(at[i]));'
)


def test_a_guard_calls_the_original_outside_of_the_domain(tmp_path: Path) -> None:
    found = printed(tmp_path, MAIN, sources(guarded(), name="f", guard=True)).split()
    assert found[:5] == ["7"] * 5
    assert found[5:7] == ["101", "-1"]
    assert "nan" in found[7]
    assert set(printed(tmp_path, MAIN, sources(guarded(), name="f")).split()[:7]) == {"7"}


def test_a_guard_calls_the_original_where_the_error_bars_are_wide(tmp_path: Path) -> None:
    bar = Bound("return", 1.0, 2.0, "x", (0.0, 0.25, 0.75, 1.0), ((1.0, 1.5), (0.1, 0.2), (2.0, 3.0)))
    artifact = with_bars(guarded(), bar)
    found = printed(tmp_path, MAIN, sources(artifact, name="f", guard=True, max_error=0.5)).split()
    assert found[:5] == ["0", "10", "7", "90", "100"]
    found = printed(tmp_path, MAIN, sources(artifact, name="f", guard=True, max_error=2.0)).split()
    assert found[:5] == ["7", "7", "7", "90", "100"]


@pytest.mark.parametrize(
    ("bars", "why"),
    [((), "no error bars"), ((Bound("return", 1.0, 2.0),), "above --max-error 0.5 everywhere")],
)
def test_a_guard_without_a_use_is_refused(bars: tuple[Bound, ...], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        sources(with_bars(guarded(), *bars), name="f", guard=True, max_error=0.5)


def test_a_guard_needs_the_program_that_is_mimicked() -> None:
    artifact = guarded()
    assert artifact.program
    artifact.text = ""
    with pytest.raises(UsageError, match="this artifact has none"):
        sources(artifact, name="f", guard=True)
    record = Finetuning.__new__(Finetuning)
    object.__setattr__(record, "measured", 5)
    with pytest.raises(UsageError, match="fitted to measured rows"):
        sources(replace(guarded(), finetunings=(record,)), name="f", guard=True)


def test_a_header_says_once_what_the_types_are(tmp_path: Path) -> None:
    source, main = CALLS["a struct in and out"]
    artifact = surrogate.compile(source=source, target="graph")
    assert isinstance(artifact, GraphProgram)
    texts = sources(artifact, name="f")
    types = "typedef struct { double re, im; } complex_t;\n"
    (tmp_path / "types.h").write_text(types)
    texts["f.h"] = f'#include "types.h"\n#define F_HAS_TYPES\n{texts["f.h"]}'
    texts["f.h"] = texts["f.h"].replace('#include "types.h"', "#ifndef T_H\n#define T_H\n" + types + "#endif")
    assert printed(tmp_path, main, texts)


OF_MANY_TYPES = """
typedef int va_list;
typedef unsigned __u32;
typedef __u32 uint32_t;
typedef unsigned int uint32_t;
typedef unsigned long size_t;
typedef signed char int8_t;
typedef enum { LEFT, RIGHT, SIDES } side;
typedef void (*handler)(const char *, va_list);
typedef struct { handler told; uint32_t count; } logger;
struct pair;
typedef struct pair pair_t;
struct inner { float weight[SIDES]; };
struct pair { struct inner inner; uint32_t step; short small; };
static uint32_t total;
double f(pair_t *p, uint32_t by, double x) {
    logger l = { 0, by };
    p->step += l.count + sizeof(size_t) * 0 + (int8_t)0;
    total += by;
    return x * p->inner.weight[RIGHT] + p->small;
}
"""


@pytest.mark.parametrize("guard", [False, True])
def test_a_header_has_the_types_that_its_function_needs_and_no_others(guard: bool, tmp_path: Path) -> None:
    """Those of the C library are there as it declares them, on every machine."""
    artifact = surrogate.compile(source=OF_MANY_TYPES, target="graph", state=True)
    assert isinstance(artifact, GraphProgram)
    texts = sources(artifact, name="f", guard=guard)
    header = texts["f.h"]
    assert "#include <stdint.h>" in header
    assert not any(name in header for name in ("va_list", "handler", "logger", "__u32", "int8_t", "uint32_t;"))
    assert header.count("typedef struct pair pair_t;") == 1
    main = 'pair_t p = {{{2, 0.5f}}, 3, 1}; double y = f(&p, 1, 0.25); printf("%g %u %u", y, p.step, total);'
    assert printed(tmp_path, main, texts).split() == ["1.125", "4", "1"]


def test_a_guard_says_what_its_original_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = """
    #include <stdlib.h>
    #include <stdio.h>
    void p_error(const char *what);
    int log_of(int);
    double f(double x) {
        if (x > 0.9) { p_error("too large"); exit(1); }
        if (x > 0.8) return log_of(3);
        printf("%g", x);
        return 2 * x;
    }"""
    surrogate.compile(source=source, target="graph").save(tmp_path / "f.graph")
    export = ["export", str(tmp_path / "f.graph"), "--force", "-o", str(tmp_path / "f.c")]
    assert command([*export, "--guard"]) == 0
    assert "  needs     log_of, p_error, which the original calls\n" in capsys.readouterr().out
    assert command([*export, "--guard", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["needs"] == ["log_of", "p_error"]
    assert command(export) == 0
    assert "needs" not in capsys.readouterr().out


def test_a_type_that_only_sounds_like_the_c_librarys_is_the_programs(tmp_path: Path) -> None:
    source = "typedef short int64_t; typedef unsigned uint32_t;\nint64_t f(int64_t x, uint32_t n) { return x + n; }"
    artifact = surrogate.compile(source=source, target="graph")
    assert isinstance(artifact, GraphProgram)
    texts = sources(artifact, name="f")
    assert "stdint.h" not in texts["f.h"]
    assert printed(tmp_path, 'printf("%d", f(1, 2));', texts) == "3"


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
@pytest.mark.parametrize(
    "source",
    [
        "#pragma surrogate fix(n, 3)\ndouble f(int n, const double a[n]) { return a[0] + a[2]; }",
        "double f(double a[static 3], int n) { return a[0] + a[2] * n; }",
        "enum { N = 2 };\ndouble f(double a[N + 1], double b[2]) { return a[0] + a[2] + b[1]; }",
        "enum { N = 2 };\ndouble f(double a[N][N + 1]) { return a[0][0] + a[1][2]; }",
        "double f(double a[][2]) { return a[0][0] + a[1][1]; }",
    ],
)
def test_the_header_is_of_cplusplus_too(source: str, tmp_path: Path) -> None:
    artifact = surrogate.compile(source=source, target="graph")
    assert isinstance(artifact, GraphProgram)
    texts = sources(artifact, name="f")
    assert printed(tmp_path, "", texts) == ""
    (tmp_path / "main.cpp").write_text('#include "f.h"\n')
    done = subprocess.run(["g++", "-Wall", "-c", "main.cpp"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_names_are_as_asked_for() -> None:
    artifact = guarded()
    texts = sources(artifact, name="price", file="market")
    assert set(texts) == {"market.h", "market.c"}
    assert "double price(double x);" in texts["market.h"]
    assert "void price_batch(" in texts["market.c"]
    assert np.isfinite(cprograms.run(artifact.program, np.zeros((1, 1)))).all()
