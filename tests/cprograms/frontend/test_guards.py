"""Calls that only some rows reach, and output: what stays of a program is what gcc gives where no row ends."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms import ProgramError
from cprograms.frontend.loading import load
from cprograms.sandbox import Status, run_many
from tests.cprograms.native import GCC

HEAD = """#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
double report(int code, const char *why);
static void log_it(const char *format, ...) { puts(format); }
"""
ROWS = np.array([[-3.0], [-0.5], [0.0], [0.5], [2.0], [7.0]])

ENDS = {
    "an error report": "double f(double x) { if (x < 0) return report(3, __FILE__); return sqrt(x); }",
    "exit": 'double f(double x) { if (x < 0) { fprintf(stderr, "bad %g\\n", x); exit(1); } return sqrt(x); }',
    "in a helper": "static void check(double x) { if (x < 0) abort(); }\ndouble f(double x) { check(x); return x; }",
    "an assertion": "double f(double x) { assert(x >= 0); return sqrt(x); }",
    "a variable number": 'double f(double x) { if (x < 0) log_it("bad %g", x); return x; }',
    "memory": "double f(double x) { double t[1], *p = x < 0 ? malloc(8) : t; *p = x; return *p; }",
    "a short circuit": "double f(double x) { return x >= 0 || report(1, __func__) ? x : 1; }",
    "the file's own puts": "int putchar(int c);\ndouble f(double x) { return x < 0 ? putchar(65) : x; }",
    "random": "double f(double x) { return x < 0 ? rand() : x; }",
    "a case": "double f(double x) { switch (x < 0) { case 1: exit(2); default: return x; } }",
    "after a return": "double f(double x) { if (x >= 0) return x; exit(2); }",
    "in a loop": "double f(double x) { for (int i = x; i < 0; i++) exit(i); return x; }",
}


@pytest.mark.parametrize("case", ENDS)
def test_a_row_that_reaches_what_is_not_defined_ends_there(case: str):
    program = load(source=HEAD + ENDS[case], entry="f")
    (rows,) = run_many([program], [ROWS])
    negative = ROWS[:, 0] < (-0.9 if case == "in a loop" else 0)
    assert ((rows.status == Status.CALL) == negative).all()
    assert (rows.status[~negative] == Status.OK).all()
    given = np.sqrt(np.maximum(ROWS[:, 0], 0)) if "sqrt" in ENDS[case] else ROWS[:, 0]
    np.testing.assert_array_equal(rows.y[:, 0], np.where(negative, np.nan, given))


ALWAYS = {
    "plainly": ("double f(double x) { exit(1); return x; }", "'exit' leaves the function"),
    "in a helper": (
        "static double g(double x) { return x + rand(); }\ndouble f(double x) { return g(x); }",
        "is random",
    ),
    "before a return": ("double f(double x) { double y = report(1, 0); if (x) return x; return y; }", "not defined in"),
    "in a condition": ("double f(double x) { if (report(1, 0)) return x; return 1; }", "not defined in"),
    "first of a loop": ("double f(double x) { do { if (x > 1) break; abort(); } while (0); return x; }", None),
    "in an endless loop": ("double f(double x) { for (;;) abort(); }", "'abort' leaves the function"),
    "in a loop's condition": ("double f(double x) { while (rand() > x) x++; return x; }", "is random"),
    "after a loop that is left": (
        "double f(double x) { for (;;) { if (x > 3) break; x++; } abort(); }",
        "'abort' leaves the function",
    ),
    "after a jump": ("double f(double x) { if (x > 0) goto end; abort(); end: return x; }", None),
    "not evaluated": ("double f(double x) { return sizeof(rand()) + x; }", None),
}


@pytest.mark.parametrize("case", ALWAYS)
def test_what_every_row_reaches_is_an_error_at_its_place(case: str):
    source, message = ALWAYS[case]
    if message is None:
        assert load(source=HEAD + source, entry="f").entry == "f"
        return
    with pytest.raises(ProgramError) as error:
        load(source=HEAD + source, entry="f")
    (found,) = error.value.diagnostics
    assert message in found.message
    assert (
        found.column == found.source_line.index(message.split("'")[1] if "'" in message else "r") + 1 or found.line > 7
    )


OUTPUT = {
    "a statement": 'double f(double x) { printf("%g", x); return x; }',
    "its arguments' work": 'double f(double x) { int n = 1; printf("%d %d", n++, (int)x); return n + x; }',
    "a call in its arguments": (
        "static int count;\nstatic int next(void) { return ++count; }\n"
        'double f(double x) { int was = count; printf("%d", next()); return count - was + x; }'
    ),
    "without braces": 'double f(double x) { if (x > 0) puts("up"); else perror("down"); return x; }',
    "in a list": "double f(double x) { x++, putchar(65), x *= 2; return x; }",
    "in a loop": 'double f(double x) { for (int i = 0; i < 3; i++, fflush(stdout)) x += i, puts("x"); return x; }',
    "cast away": 'double f(double x) { (void)printf("x"); return x; }',
    "a choice": 'double f(double x) { x > 0 ? printf("x") : (x = 3); x > 1 && puts("y"); return x; }',
    "a case": 'double f(double x) { switch ((int)x) { case 0: puts("0"); break; case 2: x = 4; puts(""); } return x; }',
    "a label": 'double f(double x) { goto end; end: puts("x"); return x; }',
    "errno": "double f(double x) { errno = 0; if (x < 0) errno = EDOM; return errno == EDOM ? 1 : x; }",
    "no assertions": "#define NDEBUG\n#include <assert.h>\ndouble f(double x) { assert(x > 100); return x; }",
}


@pytest.mark.skipif(GCC is None, reason="gcc is the oracle")
@pytest.mark.parametrize("case", OUTPUT)
def test_output_changes_nothing(case: str, tmp_path: Path):
    assert GCC is not None
    program = load(source=HEAD + OUTPUT[case], entry="f")
    assert not any(name in program.text for name in ("printf", "puts", "putchar", "perror", "fflush"))
    (rows,) = run_many([program], [ROWS])
    (tmp_path / "f.c").write_text(HEAD + OUTPUT[case])
    subprocess.run(
        [GCC, "-w", "-fPIC", "-shared", "-o", tmp_path / "f.so", tmp_path / "f.c", "-Wl,-z,lazy", "-lm"], check=True
    )
    native = ctypes.CDLL(str(tmp_path / "f.so"), mode=1).f
    native.restype, native.argtypes = ctypes.c_double, [ctypes.c_double]
    np.testing.assert_array_equal(rows.y[:, 0], [native(x) for x in ROWS[:, 0]])


def test_what_a_program_prints_to_is_not_its_own_function():
    own = "static int calls;\nstatic int puts(const char *s) { return ++calls; }\n"
    program = load(source=own + 'double f(double x) { puts("x"); return calls + x; }')
    assert cprograms.run(program, np.array([[2.0]])).item() == 3


def test_a_helper_that_only_reports_keeps_its_prototype():
    text = load(source=HEAD + ENDS["an error report"], entry="f").text
    assert "double report(int code, const char *why);" in text
    again = load(source=text, entry="f")
    np.testing.assert_array_equal(cprograms.run(again, ROWS)[2:, 0], np.sqrt(ROWS[2:, 0]))


def test_files_share_one_errno(tmp_path: Path):
    first, second = tmp_path / "a.c", tmp_path / "b.c"
    first.write_text("#include <errno.h>\nint g(int);\nint f(int x) { int y = g(x); return errno ? -1 : y; }")
    second.write_text("#include <errno.h>\nint g(int x) { if (x < 0) errno = ERANGE; return 2 * x; }")
    program = load([first, second])
    assert program.warnings == ()
    assert cprograms.run(program, np.array([[-2], [0], [3]])).ravel().tolist() == [-1, 0, 6]
