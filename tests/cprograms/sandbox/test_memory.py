"""Memory that a program does not own never becomes a number: what reads or writes outside is trapped, and named."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from cprograms.program import Program
from cprograms.sandbox import Status, run_many, run_with_status
from tests.cprograms.native import program_of
from tests.cprograms.sandbox.programs import Spec, described

OK = Status.OK
INDEX: Spec = ("i", "value", 1, "i")
W: Spec = ("w", "pointer", 4, "5")
OUT: Spec = ("out", "pointer", 2, "o")


class Place(NamedTuple):
    """A program, and what becomes of it for i from -2 on, of which other numbers are well."""

    source: str
    parameters: list[Spec]
    traps: dict[int, Status]
    wells: tuple[int, ...]


PLACES = {
    "read before and behind an array": Place(
        "int f(int i, const int w[4]) { return w[i]; }",
        [INDEX, W],
        dict.fromkeys([-1000000, -2000, -300, -1, 4, 5, 300, 2000, 1000000], Status.READ),
        (0, 1, 2, 3),
    ),
    "read in a helper": Place(
        "static double at(const double *p, int k) { return *(p + k); }int f(int i, double *w) { return at(w + 1, i); }",
        [INDEX, W],
        dict.fromkeys([-2, 3, 7], Status.READ),
        (-1, 0, 2),
    ),
    "write": Place(
        "void f(int i, short *out) { out[0] = 1; out[1] = 2; out[i] = 7; }",
        [INDEX, OUT],
        dict.fromkeys([-1, 2, 3, 40, -5000], Status.WRITE),
        (0, 1),
    ),
    "a local array in a helper": Place(
        "static void set(float *p, int k) { p[k] = 1; } static float get(float *p, int k) { return p[k]; }"
        "int f(int i, int *w) { float t[3] = {5, 6, 7}; if (i & 1) set(t, i); return t[0] * 0 + get(t, i); }",
        [INDEX, W],
        {-2: Status.READ, -1: Status.WRITE, 3: Status.WRITE, 4: Status.READ},
        (0, 1, 2),
    ),
    "a table": Place(
        "static const unsigned char t[5] = {1, 2, 3, 4, 5};"
        "static int get(const unsigned char *p, int k) { return p[k]; }"
        "int f(int i) { return get(t, i); }",
        [INDEX],
        dict.fromkeys([-1, 5, 7, 20], Status.READ),
        (0, 4),
    ),
    "a part of a number": Place(
        "int f(int i, char *w) { return *(int *)(w + i) != 0; }",
        [INDEX, W],
        {1: Status.UNDEFINED, 4: Status.READ},  # misaligned
        (0,),
    ),
    "memory functions": Place(
        "void *memcpy(void *, const void *, unsigned long);"
        "void f(int i, int *w, int *out) { out[0] = out[1] = 0; memcpy(out, w, 4 * i); }",
        [INDEX, W, OUT],
        {3: Status.WRITE, 5: Status.READ, -1: Status.MEMORY},
        (0, 1, 2),
    ),
    "a compared array": Place(
        "int memcmp(const void *, const void *, unsigned long);"
        "int f(int i, int *w) { int t[4] = {5, 5, 5, 5}; return memcmp(t, w, 4 * i); }",
        [INDEX, W],
        {5: Status.READ},
        (0, 4),
    ),
    "an array of variable size": Place(
        "static int get(int *p, int k) { return p[k]; }"
        "int f(int i, int *w) { int t[w[0]]; for (int k = 0; k < w[0]; ++k) t[k] = k; return get(t, i); }",
        [INDEX, W],
        dict.fromkeys([-1, 5, 6, 10], Status.READ),
        (0, 4),
    ),
    "a null pointer": Place("int f(int i) { int *p = (int *)0; return p[i]; }", [INDEX], {0: Status.UNDEFINED}, ()),
}


def _program(place: Place) -> Program:
    returned = [] if place.source.rpartition("void f(")[1] else ["return"]
    return described(place.source, place.parameters, returned)


@pytest.mark.parametrize("optimise", [False, True])
def test_what_lies_outside_is_trapped(optimise: bool) -> None:
    programs = [_program(place) for place in PLACES.values()]
    xs = [np.array([*place.wells, *place.traps, *place.wells], float)[:, None] for place in PLACES.values()]
    for (name, place), ran in zip(PLACES.items(), run_many(programs, xs, optimise=optimise), strict=True):
        expected = [*[OK] * len(place.wells), *place.traps.values(), *[OK] * len(place.wells)]
        # What optimised code is known to do outside of a variable is undefined behaviour before it is an access.
        undefined = (ran.status == Status.UNDEFINED) & (np.array(expected) != OK) & (optimise and "local" in name)
        assert [Status(s) for s in np.where(undefined, expected, ran.status)] == expected, name


def test_what_lies_outside_is_trapped_in_a_single_run() -> None:
    place = PLACES["read before and behind an array"]
    x = np.arange(-3.0, 9)[:, None]
    ran = run_with_status(_program(place), x)
    np.testing.assert_array_equal(ran.status == OK, (x[:, 0] >= 0) & (x[:, 0] < 4))
    np.testing.assert_array_equal(ran.y[ran.status == OK], 5)


def test_a_program_without_pointers_is_as_before_beside_one_with_pointers() -> None:
    plain = program_of("int f(int a) { int t[3] = {1, 2, 3}; return t[a]; }")
    pointers = _program(PLACES["write"])
    x = np.array([[0.0], [1], [2], [3]])
    first, second, third = run_many([plain, pointers, plain], [x, x, x])
    assert first.status.tolist() == third.status.tolist() == [OK, OK, OK, Status.BOUNDS]
    assert second.status.tolist() == [OK, OK, Status.WRITE, Status.WRITE]


UNWRITTEN = {
    "one of two": (
        "void f(double x, double out[2]) { out[0] = x; if (x > 0) out[1] = 2; }",
        [("x", "value", 1, "i"), ("out", "pointer", 2, "o")],
    ),
    "a truth value": (
        "void f(double x, _Bool *out) { if (x > 0) *out = 1; }",
        [("x", "value", 1, "i"), ("out", "pointer", 1, "o")],
    ),
    "a field": (
        "struct s { float a; int b; }; double f(double x, struct s *s) { s->a = 1; if (x > 0) s->b = 2; return x; }",
        [("x", "value", 1, "i"), ("s", "pointer", 1, "o")],
    ),
}


@pytest.mark.parametrize("name", UNWRITTEN)
def test_a_result_that_is_not_written_is_said_to_be_that(name: str) -> None:
    source, specs = UNWRITTEN[name]
    program = described(source, specs, ["return"] if "double f" in source else [])
    x = np.arange(-2.0, 3)[:, None]
    for ran in (run_with_status(program, x), *run_many([program], [x])):
        assert [Status(s) for s in ran.status] == [Status.UNWRITTEN] * 3 + [OK] * 2
        assert np.isnan(ran.y[:3]).all()


def test_a_result_of_what_is_not_written_is_unset() -> None:
    program = described(
        "void f(double x, double out[2]) { if (x > 0) out[0] = 1; out[1] = out[0] * x; }",
        [("x", "value", 1, "i"), ("out", "pointer", 2, "o")],
    )
    status = run_with_status(program, np.array([[1.0], [-1.0]])).status
    assert status.tolist() == [OK, Status.UNSET]


CALLS = {
    "ends the program": "void exit(int); int f(int a) { if (a > 0) exit(1); return a; }",
    "declared, of any type": "struct s { int a; } error(const char *, int, ...);"
    'int f(int a) { return a > 0 ? error("large", a, 2).a : a; }',
    "gives a pointer": "double *error(int); int f(int a) { return a > 0 ? *error(a) : a; }",
    "gives nothing": "void error(); int f(int a) { return a > 0 ? error(a), 1 : a; }",
    "behind a pointer": "double error(double x); static double apply(double (*g)(double), double x) { return g(x); }"
    "double f(double a) { return a > 0 ? apply(error, a) : a; }",
    "not declared": "int f(int a) { if (a > 0) return error(a, 2.5); return a; }",
    "writes, and counts": 'int printf(const char *, ...); int f(int a) { return a > 0 ? printf("%d", a) : a; }',
    "allocates": "int f(int a) { if (a > 0) { int *p = (int *)malloc(4); *p = a; return *p; } return a; }",
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("optimise", [False, True])
def test_a_call_of_what_is_not_there_ends_the_row(name: str, optimise: bool) -> None:
    x = np.array([-1.0, 1, 0, 2, -5])[:, None]
    [ran] = run_many([program_of(CALLS[name])], [x], optimise=optimise)
    assert ran.status.tolist() == [OK, Status.CALL, OK, Status.CALL, OK]
    np.testing.assert_array_equal(ran.y[ran.status == OK], x[ran.status == OK])


def test_signed_integers_wrap_where_they_are_to() -> None:
    source = "int f(int a, int b) { int c = a + b, *p = &c; *p *= 3; return -*p - 1 + (a << 1); }"
    specs: list[Spec] = [("a", "value", 1, "i"), ("b", "value", 1, "i")]
    wrapping, plain = (described(source, specs, ["return"], wraps=w) for w in (True, False))
    x = np.array([[2**31 - 1, 5], [-(2**31), -1], [10, 20], [2**30, 0]], float)
    a = x.astype(np.int64)
    expected = -((a[:, 0] + a[:, 1]) * 3) - 1 + (a[:, 0] << 1)
    expected = (expected + 2**31) % 2**32 - 2**31
    first, second = run_many([wrapping, plain], [x, x])
    for ran in (first, run_with_status(wrapping, x)):
        assert not ran.status.any()
        np.testing.assert_array_equal(ran.y[:, 0], expected)
    assert second.status.tolist() == [Status.OVERFLOW, Status.OVERFLOW, OK, Status.OVERFLOW]
    assert run_with_status(plain, x).status.tolist() == second.status.tolist()


def test_what_wraps_still_traps_elsewhere() -> None:
    source = "int f(int a, int b) { return b > 9 ? a << b : a / b; }"
    program = described(source, [("a", "value", 1, "i"), ("b", "value", 1, "i")], ["return"], wraps=True)
    status = run_with_status(program, np.array([[-1.0, 32], [5, 0.0], [-(2.0**31), -1], [3.0, 2]])).status
    assert status.tolist() == [Status.SHIFT, Status.DIVISION, Status.DIVISION, OK]
