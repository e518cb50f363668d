"""Every kind of trap, in every place a program can have it, against what the C text says: the right row, alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest

from cprograms.diagnostics import ProgramError
from cprograms.sampling import rows
from cprograms.sandbox import Outcomes, Status, run_many, run_with_status
from tests.cprograms.native import program_of

TYPES = ("int", "double", "unsigned long")
FUEL = 2_000_000
"""Enough for the stack to overflow first."""


class Kind(NamedTuple):
    """`helper` defines what `action` needs, which a row with x = 1 does, T being the type; it traps with `status`."""

    action: str
    status: tuple[Status, ...]
    helper: str = ""


KINDS = {
    "fuel: empty loop": Kind("for (;;) ;", (Status.FUEL,)),
    "fuel: loop without effects": Kind("T y = x; while (y > 0) y = y > 3 ? 2 : y + 1; return y;", (Status.FUEL,)),
    "fuel: long loop": Kind(
        "T s = 0; for (long i = 0; i < 100000000000; ++i) s = s > 90 ? s / 3 : s + x; return s;", (Status.FUEL,)
    ),
    "fuel: unused loop": Kind("T y = x; while (y > 0) y = y > 3 ? 2 : y + 1; return 2;", (Status.FUEL,)),
    "fuel: tree recursion": Kind(
        "return tree(40 * x);", (Status.FUEL,), "static T tree(T n) { return n < 2 ? n : tree(n - 1) + tree(n - 2); }"
    ),
    # The optimiser makes a loop of it where the type is an integer one.
    "stack": Kind(
        "return deep(x);",
        (Status.STACK, Status.FUEL),
        "static T deep(T n) { return n < 1 ? 0 : 1 + deep(n + 1 - (n > 9)); }",
    ),
    "stack: mutual": Kind(
        "return odd(x);",
        (Status.STACK,),
        "static T even(T n); static T odd(T n) { return n < 1 ? 0 : even(n) / 2 + 1; }"
        "static T even(T n) { return n < 1 ? 1 : odd(n) / 3 + 1; }",
    ),
    "memory": Kind(
        "return big(x);",
        (Status.MEMORY,),
        "static T big(T x) { volatile char t[50000000]; for (int i = 0; i < 50000000; ++i) t[i] = 1; return t[9]; }",
    ),
    "division": Kind("return 7 / ((int)x - 1);", (Status.DIVISION,)),
    "unsigned remainder": Kind("return 7 % ((unsigned)x - 1);", (Status.DIVISION,)),
    "least by -1": Kind("return (-2147483647 - (int)x) / -(int)x;", (Status.DIVISION,)),
    "overflow": Kind("return 2147483647 + (int)x;", (Status.OVERFLOW,)),
    "shift": Kind("return 1 << ((int)x + 31);", (Status.SHIFT,)),
    "conversion": Kind("return (int)(3e9 * x);", (Status.CONVERSION,)),
    "bounds": Kind("int t[4] = {1, 2, 3, 4}; return t[(int)x + 3];", (Status.BOUNDS,)),
    "unreachable": Kind("__builtin_unreachable();", (Status.UNDEFINED,)),
    "missing return": Kind("return nothing(x);", (Status.UNDEFINED,), "static T nothing(T x) { if (x > 1) return x; }"),
    "trap": Kind("__builtin_trap();", (Status.UNDEFINED,)),
    "null pointer": Kind("int *p = (int *)0; return *p;", (Status.UNDEFINED,)),
    "invalid argument": Kind("return __builtin_ctz((unsigned)x - 1);", (Status.UNDEFINED,)),
}
# Each gives 3 x but where it does the action.
SHAPES = {
    "entry": "T f(T x) {{ if (x == 1) {{ {action} }} return 3 * x; }}",
    "helper": "static T g(T x) {{ if (x == 1) {{ {action} }} return x * 2; }} T f(T x) {{ return g(x) + x; }}",
    "loop": "T f(T x) {{ T s = 0; for (int i = 0; i < 3; ++i) {{ if (i == 2 && x == 1) {{ {action} }} s += x; }}"
    " return s; }}",
    "recursion": "static T g(T x, int n) {{ if (n == 0) {{ if (x == 1) {{ {action} }} return 0; }}"
    " return x + g(x, n - 1); }} T f(T x) {{ return g(x, 3); }}",
    "second result": "struct r {{ T a, b; }}; static T g(T x) {{ if (x == 1) {{ {action} }} return 3 * x; }}"
    "struct r f(T x) {{ struct r r = {{g(x), g(x)}}; return r; }}",
}
X = np.array([5, 1, 7, 1, 1, 9, 1, 3, 1], float)[:, None]
BLOCKS = [X, X[:1], X[1:2], X[1:4]]


def _sources(type: str) -> Iterator[tuple[str, str, Kind]]:
    for kind_name, kind in KINDS.items():
        for shape_name, shape in SHAPES.items():
            text = f"{kind.helper} {shape.format(action=kind.action)}".replace("T ", f"{type} ")
            yield f"{kind_name}, {shape_name}", text, kind


def _assert_right(name: str, x: np.ndarray, ran: Outcomes, kind: Kind) -> None:
    trapped = x[:, 0] == 1
    statuses = [Status(s) for s in ran.status]
    assert all(s in kind.status if bad else s == Status.OK for s, bad in zip(statuses, trapped, strict=True)), (
        f"{name}: {statuses}"
    )
    expected = np.where(trapped[:, None], np.nan, 3 * x)
    np.testing.assert_array_equal(ran.y, np.broadcast_to(expected, ran.y.shape), err_msg=name)


@pytest.mark.parametrize("optimise", [False, True])
@pytest.mark.parametrize("type", TYPES)
def test_a_trap_is_of_its_row(type: str, optimise: bool) -> None:
    """In a batch: each row alone, among others and at the ends of a block, optimised or not."""
    cases = list(_sources(type))
    programs = [program_of(text) for _, text, _ in cases]
    for x in BLOCKS:
        ran = run_many(programs, [x] * len(programs), fuel=FUEL, optimise=optimise)
        for (name, _, kind), outcomes in zip(cases, ran, strict=True):
            _assert_right(name, x, outcomes, kind)


@pytest.mark.parametrize("type", TYPES)
def test_a_trap_is_of_its_row_in_a_single_run(type: str) -> None:
    cases = [c for c in _sources(type) if c[0].startswith(("stack", "memory", "division", "overflow"))]
    cases += [c for c in _sources(type) if c[0] in ("fuel: tree recursion, helper", "fuel: long loop, entry")]
    for name, text, kind in cases:
        _assert_right(name, X[:4], run_with_status(program_of(text), X[:4]), kind)


HALF_ENDLESS = "double f(double x) { return x < 1 ? x : 1 + f(x - 1e-9 * x); }"


def test_rows_leave_out_the_half_of_a_domain_where_a_program_never_ends() -> None:
    program = program_of(HALF_ENDLESS, [(-1e7, 1e7)])
    x, y = rows(program, 200, seed=0)
    assert (x < 1).all()
    np.testing.assert_array_equal(x, y)


def test_a_domain_on_which_a_program_never_ends_is_said_to_be_one() -> None:
    with pytest.raises(
        ProgramError, match=r"gives finite results for 0 of 80 inputs from its domain: 80 recursed too deep"
    ):
        rows(program_of(HALF_ENDLESS, [(2, 1e7)]), 80, seed=0)
