"""Why rows have no number: the kind, the line, what it is about, and the share of the rows."""

from __future__ import annotations

import numpy as np
import pytest

from cprograms.sandbox import Fault, Status, run_with_status, why
from tests.cprograms.native import program_of
from tests.cprograms.sandbox.programs import described

X = np.arange(-10.0, 10)[:, None]
# Each traps for x > 0 alone, of 20 rows 9: on which line, and with which words.
FAULTS = {
    "overflow": ("int f(int x)\n{\n  if (x > 0)\n    x += 2147483647;\n  return x;\n}", 4, "signed integer"),
    "after a call": (
        "int g(int x)\n{\n  return x + 1;\n}\nint f(int x)\n{\n  int y =\n 7 / (g(x) < 2);\n  return y;\n}",
        7,
        "division",
    ),
    "a condition": ("int f(int x)\n{\n  int t[3] = {0};\n  while (t[x > 0 ? 5 : 0]) x++;\n  return x; }", 4, "index"),
    "a loop": ("int f(int x)\n{\n  while (x > 0)\n    ;\n  return x;\n}", 4, "100,000,000 steps"),
    "recursion": ("int f(int x)\n{\n  if (x <= 0) return x;\n  return 1 + f(x + 1 - (x > 100));\n}", 4, "recursion"),
    "a switch": ("int f(int x)\n{\n  switch (x > 0) {\n  case 1:\n    return 1 << (x + 40); } return x;}", 5, "shift"),
    "a do": ("int f(int x)\n{\n  do {\n    x--;\n  } while (x >= 0 && 50 / x);\n  return 0;\n}", 5, "division"),
    "a conversion": ("int f(double x)\n{\n  double y = x > 0 ? 1e10 : 0;\n\n  return y;\n}", 5, "conversion"),
    "an assertion": (
        "void __assert_fail(void);\nint f(int x)\n{\n  (void)(x <= 0 || (__assert_fail(), 0));\n  return x;\n}",
        4,
        "failed assertion at",
    ),
    "a local type": (
        "int f(int x)\n{\n  typedef struct { int a; } own;\n  enum { N = 7 };\n  own o = { x };\n"
        "  return N / (o.a <= 0);\n}",
        6,
        "division",
    ),
    "a call": ("void exit(int);\nint f(int x)\n{\n  if (x > 0)\n    exit(x);\n  return x;\n}", 5, "call of 'exit'"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_its_line_and_its_share(name: str) -> None:
    source, line, words = FAULTS[name]
    program = program_of(source)
    [fault] = why(program, X, run_with_status(program, X))
    assert (fault.file, fault.line, fault.share) == ("test.c", line, pytest.approx(0.45))
    assert words in str(fault)
    assert str(fault).endswith(f"at test.c:{line} on 45% of rows")
    assert fault.advice


def test_what_helps_where_a_function_is_not_there() -> None:
    """What ends the program ends the row; of what is only not defined a file may be given."""
    source = "void {0}(int);\nint f(int x)\n{{\n  if (x > 0)\n    {0}(x);\n  return x;\n}}"
    for name, words in (("exit", "are left out"), ("trace", "give the file that defines it, too")):
        program = program_of(source.format(name))
        [fault] = why(program, X, run_with_status(program, X))
        assert words in fault.advice


def test_several_faults_are_in_order() -> None:
    program = described(
        "static int at(const int *w, int k)\n{ return w[k]; }\n"
        "void f(int x, const int *w, int *out)\n{\n  out[0] = at(w, x + 3);\n  if (x < 3)\n    out[1] = 5;\n}",
        [("x", "value", 1, "i"), ("w", "pointer", 10, "1"), ("out", "pointer", 2, "o")],
    )
    faults = why(program, X, run_with_status(program, X))
    assert faults == [
        Fault(Status.READ, pytest.approx(0.5), "w", "test.c", 2),
        Fault(Status.UNWRITTEN, pytest.approx(0.2), "out[1]"),
    ]
    assert [str(f) for f in faults] == [
        "read outside 'w' at test.c:2 on 50% of rows",
        "the result 'out[1]' is not written on 20% of rows",
    ]


def test_what_is_no_finite_number_is_a_fault_too() -> None:
    program = program_of("double sqrt(double); double f(double x) { return x > 8 ? 1 / (x - 9) : sqrt(x); }")
    assert [str(f) for f in why(program, X, run_with_status(program, X))] == ["NaN or infinity on 55% of rows"]


def test_a_variable_that_was_never_set() -> None:
    program = program_of("int f(int x) { int a; return a + x; }")
    assert [str(f) for f in why(program, X, run_with_status(program, X))] == [
        "use of a variable that was never set on all rows"
    ]


def test_where_all_is_well_there_is_no_fault() -> None:
    program = program_of("int f(int x) { return x; }")
    assert why(program, X, run_with_status(program, X)) == []


@pytest.mark.parametrize("text", [*(text for text, _, _ in FAULTS.values())])
def test_what_notes_its_places_computes_the_same(text: str) -> None:
    from cprograms.sandbox.running import ROW_FUEL, Instance, compiled, engine_of
    from cprograms.sandbox.source import job_of

    program = program_of(text)
    job = job_of(program, located=True)
    ran = Instance(engine_of(False), compiled([job], optimise=False)).run(job, 0, X[:10], ROW_FUEL)
    np.testing.assert_array_equal(ran.y, run_with_status(program, X[:10]).y)
