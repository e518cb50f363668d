"""Variables that are read before they are set: such rows are trapped, and what the syntax clears is clear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pycparser import CParser, c_ast

import cprograms
from cprograms.declarations import Declarations
from cprograms.diagnostics import ProgramError
from cprograms.sampling import rows, sample
from cprograms.sandbox import Status, assignment, printing, run_many, run_with_status, source
from cprograms.sandbox.assignment import is_unset_local, maybe_unset
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of

LIBRARY = Path(cprograms.__file__).parent / "library"
X = np.arange(-1.0, 5.0)[:, None]
NONE: list[float] = []
# Source, and the inputs of X on which all that is read was set.
UNSET: dict[str, tuple[str, list[float]]] = {
    "a branch": ("int f(int x) { int a; if (x > 0) a = x; return a; }", [1, 2, 3, 4]),
    "a double": ("double f(double x) { double a; if (x > 0) a = x; return a; }", [1, 2, 3, 4]),
    "a float": ("float f(float x) { float a; if (x > 0) a = x; return a + 1e9f; }", [1, 2, 3, 4]),
    "a truth value": ("_Bool f(int x) { _Bool a; if (x > 0) a = 1; return a; }", [1, 2, 3, 4]),
    "a character": ("int f(int x) { unsigned char a; if (x > 0) a = 1; return a; }", [1, 2, 3, 4]),
    "a register": ("int f(int x) { register int a; if (x > 0) a = 1; return a; }", [1, 2, 3, 4]),
    "a sum": ("double f(double x) { double s; for (int i = 0; i < 3; ++i) s += x; return s; }", NONE),
    "a long sum": ("double f(double x) { double s; for (int i = 0; i < 3; ++i) s += 1e100 * x; return s; }", NONE),
    "a flag": (
        "int f(int x) { int found; for (int i = 0; i < 3; ++i) if (i == x) found = 1; return found ? 5 : 6; }",
        [0, 1, 2],
    ),
    "a maximum": (
        "int f(int x) { int t[2] = {x, 1}, m; for (int i = 0; i < 2; ++i) if (t[i] > m) m = t[i]; return m; }",
        NONE,
    ),
    "a minimum": (
        "double f(double x) { double t[2] = {x, 1}, m; for (int i = 0; i < 2; ++i) if (t[i] < m) m = t[i]; return m; }",
        NONE,
    ),
    "a parity": ("int f(int x) { int a; if (x > 0) a = 1; return a & 1; }", [1, 2, 3, 4]),
    "a loop's condition": ("int f(int x) { int a; while (a > 3) a++; return x; }", NONE),
    "an endless loop": ("int f(int x) { int a; if (x) a = 0; while (a) ; return x; }", [-1, 1, 2, 3, 4]),
    "a divisor": ("int f(int x) { int a; if (x) a = 1; return 1 ? x : x / a; }", X[:, 0].tolist()),
    "an element": ("int f(int x) { int t[4]; for (int i = 0; i < x; ++i) t[i] = i; return t[2]; }", [3, 4]),
    "a column": (
        "double f(int x) { double t[2][3]; for (int i = 0; i < 2; ++i) t[i][1] = x; return t[1][x == 3 ? 2 : 1]; }",
        [-1, 0, 1, 2, 4],
    ),
    "a field": (
        "struct r { double a, b; };struct r f(double x) { struct r out; out.a = x; if (x > 0) out.b = 1; return out; }",
        [1, 2, 3, 4],
    ),
    "a helper's": (
        "static int g(int n) { int a; if (n != 2) a = n; return a; } int f(int x) { return g(x) + 1; }",
        [-1, 0, 1, 3, 4],
    ),
    "through a pointer": (
        "static void g(double *p, double x) { if (x > 0) *p = x; } "
        "double f(double x) { double q; g(&q, x); return q; }",
        [1, 2, 3, 4],
    ),
    "of the second pass": (
        "int f(int x) { int s = 0; for (int i = 0; i < 2; ++i) { int a; if (i == 0 || x > 0) a = x; s += a; }"
        " return s; }",
        [1, 2, 3, 4],
    ),
    "a case": (
        "int f(int x) { int a; switch (x) { case 1: a = 1; break; case 2: a = 4; } return a; }",
        [1, 2],
    ),
    "after a case": (
        "int f(int x) { switch (x) { case 1: x = 9; int a; if (x == 3) a = 1; return a; default: return 2; } }",
        [-1, 0, 2, 3, 4],
    ),
    "with a goto": ("int f(int x) { int a; if (x > 0) goto set; return a; set: a = x; return a; }", [1, 2, 3, 4]),
}


@pytest.mark.parametrize("optimise", [False, True])
def test_rows_that_depend_on_what_was_never_set_are_trapped(optimise: bool) -> None:
    programs = [program_of(text) for text, _ in UNSET.values()]
    for (name, (_, set_)), ran in zip(
        UNSET.items(), run_many(programs, [X] * len(programs), optimise=optimise), strict=True
    ):
        expected = [Status.OK if x in set_ else Status.UNSET for x in X[:, 0]]
        assert [Status(s) for s in ran.status] == expected, name
        np.testing.assert_array_equal(np.isnan(ran.y).any(axis=1), ran.status == Status.UNSET)


def test_a_single_run_traps_them_too() -> None:
    ran = run_with_status(program_of(UNSET["a branch"][0]), X)
    assert [Status(s) for s in ran.status] == [Status.UNSET] * 2 + [Status.OK] * 4
    np.testing.assert_array_equal(ran.y[2:, 0], X[2:, 0])


def test_another_trap_is_named_as_what_it_is() -> None:
    text = "int f(int x) { int t[2]; if (x > 0) return 7 / (x - 1); t[0] = x; return t[x + 1]; }"
    status = run_with_status(program_of(text), X).status
    assert [Status(s) for s in status[:3]] == [Status.OK, Status.UNSET, Status.DIVISION]


def test_a_domain_of_unset_variables_is_named() -> None:
    with pytest.raises(ProgramError, match="80 used a variable that was never set"):
        rows(program_of("double f(double x) { double s; return s + x; }"), 80, seed=0)


# Function bodies of `int f(int x)`, and the variables that may be read unset.
BODIES = {
    "int a; return x;": "",
    "int a; a = x; return a;": "",
    "int a, b; b = a = x; return a + b;": "",
    "int a; if (x) a = 1; else a = 2; return a;": "",
    "int a; if (x) a = 1; else return 0; return a;": "",
    "int a; if (x) a = 1; return a;": "a",
    "int a; if (x && (a = x)) return a; return 0;": "a",  # set, but this is not followed
    "int a; int b = x || (a = 1); return a;": "a",
    "int a; int b = x ? (a = 1) : (a = 2); return a;": "",
    "int a; int b = x ? (a = 1) : 2; return a;": "a",
    "int a; do { a = x; x--; } while (a > 0); return a;": "",
    "int a; do { if (x) break; a = 1; } while (a); return a;": "a",
    "int a; do { if (x) continue; a = 1; } while (a); return 0;": "a",
    "int a; while (x--) a = x; return a;": "a",
    "int a; for (a = 0; a < x; ++a) ; return a;": "",
    "int a; for (int i = 0; i < x; ++i) a = i; return a;": "a",
    "int a; for (;;) { a = x; if (x--) break; } return a;": "",
    "for (int i = 0; i < 2; ++i) { int a; if (!i) a = x; x = a; } return x;": "a",
    "for (int i = 0; i < 2; ++i) { int a; a = i; x += a; } return x;": "",
    "int a; switch (x) { case 1: a = 1; break; default: a = 2; } return a;": "",
    "int a; switch (x) { case 1: a = 1; break; } return a;": "a",
    "int a; switch (x) { case 1: a = 1; default: x = a; } return 0;": "a",
    "int a; switch (x) { case 1: case 2: a = 1; break; default: return 0; } return a;": "",
    "int a; a += x; return a;": "a",
    "int a; a++; return 0;": "a",
    "int a; return sizeof a;": "",
    "int a; int *p = &a; return *p;": "a",
    "int a = 1, *p; p = &a; *p = x; return a;": "",
    "int a = 1, *p; if (x) p = &a; return *p;": "p",
    "int a[3]; a[0] = x; return a[0];": "a",  # arrays are not followed
    "struct s { int p, q; } a; return x;": "",
    "a: x++; int b; b = x; return b;": "b",
    "static int a; return a;": "",
    "{ int a; a = 1; x += a; } { int a; x += a; } return x;": "a",
}


@pytest.mark.parametrize("body", BODIES)
def test_what_the_syntax_clears(body: str) -> None:
    unit = CParser().parse(f"struct r {{ int p, q; }}; int f(int x) {{ {body} }}")
    declarations = Declarations()
    declarations.declare(unit.ext[0])
    assert maybe_unset(unit.ext[1], declarations) == {*BODIES[body].split()}


@pytest.mark.parametrize(
    ("body", "clear"),
    [
        ("struct r a; a.p = x; a.q = 1; return a;", True),
        ("struct r a; a.p = x; return a;", False),
        ("struct r a; a.p = x; a.q = a.p; return a;", True),
        ("struct r a; a.p = a.q; a.q = 1; return a;", False),
        ("struct r a, b = {1, 2}; a = b; return a;", True),
        ("struct r a; if (x) { a.p = 1; } else { a.p = 2; } a.q = 0; return a;", True),
    ],
)
def test_fields_are_followed(body: str, clear: bool) -> None:
    unit = CParser().parse(f"struct r {{ int p, q; }}; struct r f(int x) {{ {body} }}")
    declarations = Declarations()
    declarations.declare(unit.ext[0])
    assert (not maybe_unset(unit.ext[1], declarations)) == clear


def test_what_is_cleared_does_not_depend_on_fillings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filled all the same, no row of the library or of the table of cases becomes another."""
    programs = [cprograms.load(path) for path in sorted(LIBRARY.glob("*.c"))]
    programs += [program_of(case.source, case.ranges) for case in CASES.values()]
    xs = [sample(program, 64, seed=0) for program in programs]
    expected = run_many(programs, xs)

    def every(function: c_ast.FuncDef, declarations: Declarations) -> frozenset[str]:
        return frozenset(node.name for node in assignment._nodes(function.body) if is_unset_local(node))

    monkeypatch.setattr(printing, "maybe_unset", every)
    jobs = [source.job_of.__wrapped__(program) for program in programs]
    assert sum(job.fills for job in jobs) > 20
    monkeypatch.setattr("cprograms.sandbox.running.job_of", dict(zip(programs, jobs, strict=True)).__getitem__)
    for program, before, after in zip(programs, expected, run_many(programs, xs), strict=True):
        np.testing.assert_array_equal(before.status, after.status, err_msg=program.source)
        np.testing.assert_array_equal(before.y, after.y, err_msg=program.source)
