"""Lowering against Python: what the IR does to a tape, for every operator, form of statement and pair of values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.tape import load_tape
from cprograms.tape.oracle import run_many
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.compiler.ir import Compute, Function, Move, Write
from surrogate.anc.compiler.lowering import lower
from surrogate.anc.machine.instructions import Op
from tests.surrogate.anc.compiler.ir_interpreter import Endless, run
from tests.surrogate.anc.library_cases import CASES

M = 7
LIBRARY = Path(cprograms.__file__).parent / "library" / "anc"

ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.floordiv,
    "%": operator.mod,
}
TRUTHS: dict[str, Callable[[int, int], int]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "&&": lambda a, b: bool(a and b),
    "||": lambda a, b: bool(a or b),
}
OPERATORS = ARITHMETIC | TRUTHS


def lowered(body: str, before: str = "", memory_size: int = M) -> Function:
    return lower(load_tape(source=f"{before}\nvoid f(int *mem) {{ {body} }}"), memory_size)


def after(body: str, *cells: int, before: str = "", memory_size: int = M) -> list[int]:
    return run(lowered(body, before, memory_size), [*cells, *[0] * (memory_size - len(cells))])


def operations(function: Function) -> list[Op | str]:
    """What the function does, statement by statement, its blocks in order."""
    kinds = {Move: "move", Write: "write"}
    return [
        s.op if isinstance(s, Compute) else kinds[type(s)] for block in function.blocks.values() for s in block.body
    ]


def defined(op: str, b: int) -> bool:
    return op not in "/%" or b != 0


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize(
    "form",
    [
        "mem[0] = mem[1] {op} mem[2];",
        "int a = mem[1]; int b = mem[2]; a = a {op} b; mem[0] = a;",
        "int a = mem[1]; int b = mem[2]; b = a {op} b; mem[0] = b;",
    ],
)
def test_an_operator_on_all_values(form: str, op: str) -> None:
    function = lowered(form.format(op=op))
    for a in range(M):
        for b in range(M):
            if defined(op, b):
                assert run(function, [9 % M, a, b, 0, 0, 0, 0])[0] == OPERATORS[op](a, b) % M, (a, b)


@pytest.mark.parametrize("op", ARITHMETIC)
@pytest.mark.parametrize("target", ["mem[1]", "x"])
def test_a_compound_assignment_on_all_values(target: str, op: str) -> None:
    function = lowered(f"int x = mem[1]; {target} {op}= mem[2]; mem[0] = {target};")
    for a in range(M):
        for b in range(M):
            if defined(op, b):
                assert run(function, [0, a, b, 0, 0, 0, 0])[0] == OPERATORS[op](a, b) % M, (a, b)


@pytest.mark.parametrize("op", ARITHMETIC)
def test_a_variable_with_itself(op: str) -> None:
    function = lowered(f"int x = mem[1]; x = x {op} x; mem[0] = x;")
    for a in range(1, M):
        assert run(function, [0, a, 0, 0, 0, 0, 0])[0] == OPERATORS[op](a, a) % M


@pytest.mark.parametrize("op", OPERATORS)
def test_a_constant_on_either_side(op: str) -> None:
    for constant in range(M):
        left = lowered(f"mem[0] = {constant} {op} mem[1];")
        for a in (a for a in range(M) if defined(op, a)):
            assert run(left, [0, a, 0, 0, 0, 0, 0])[0] == OPERATORS[op](constant, a) % M, (constant, a)
    for constant in (c for c in range(M) if defined(op, c)):
        right = lowered(f"mem[0] = mem[1] {op} {constant};")
        for a in range(M):
            assert run(right, [0, a, 0, 0, 0, 0, 0])[0] == OPERATORS[op](a, constant) % M, (a, constant)


@pytest.mark.parametrize("op", TRUTHS)
@pytest.mark.parametrize(
    "form",
    [
        "if ({}) mem[0] = 1;",
        "if (!({})) mem[0] = 0; else mem[0] = 1;",
        "while ({}) {{ mem[0] = 1; return; }}",
        "do {{ if (mem[0] == 1) return; mem[0]++; }} while ({}); mem[0] = 0;",
        "mem[0] = ({}) ? 0 : 1; mem[0] = !mem[0];",
        "if (({}) && mem[3]) mem[0] = 1;",
        "if (!mem[3] || ({})) mem[0] = 1;",
    ],
)
@pytest.mark.parametrize("right", ["mem[2]", "3", "1", str(M - 1), str(M - 2)])
def test_a_condition_on_all_values(form: str, op: str, right: str) -> None:
    function = lowered(form.format(f"mem[1] {op} {right}"))
    for a in range(M):
        for b in range(M) if right == "mem[2]" else [int(right)]:
            assert run(function, [0, a, b, 1, 0, 0, 0])[0] == TRUTHS[op](a, b), (a, b)


@pytest.mark.parametrize("first", TRUTHS)
@pytest.mark.parametrize("second", ["<", ">=", "==", "!="])
@pytest.mark.parametrize("both", ["&&", "||"])
def test_connected_comparisons(first: str, second: str, both: str) -> None:
    text = f"(mem[1] {first} mem[2]) {both} (mem[2] {second} mem[3])"
    value, condition = lowered(f"mem[0] = {text};"), lowered(f"if ({text}) mem[0] = 1;")
    for a, b, c in np.ndindex(4, 4, 4):
        expected = TRUTHS[both](TRUTHS[first](a, b), TRUTHS[second](b, c))
        for function in (value, condition):
            assert run(function, [0, a, b, c, 0, 0, 0])[0] == expected, (a, b, c)


@pytest.mark.parametrize(
    ("text", "op"),
    [
        ("a < b ? a : b", Op.MIN),
        ("a <= b ? a : b", Op.MIN),
        ("a > b ? b : a", Op.MIN),
        ("a >= b ? b : a", Op.MIN),
        ("a > b ? a : b", Op.MAX),
        ("a >= b ? a : b", Op.MAX),
        ("a < b ? b : a", Op.MAX),
        ("a <= b ? b : a", Op.MAX),
        ("min(a, b)", Op.MIN),
        ("max(a, b)", Op.MAX),
    ],
)
def test_an_extreme_is_one_instruction(text: str, op: Op) -> None:
    function = lowered(f"int a = mem[1]; int b = mem[2]; mem[0] = {text};")
    assert operations(function) == [Op.READ, Op.READ, op, "write"]
    assert len(function.blocks) == 1


@pytest.mark.parametrize(
    ("statement", "op"),
    [
        ("if (x < best) best = x;", Op.MIN),
        ("if (best >= x) { best = x; }", Op.MIN),
        ("if (x > best) best = x;", Op.MAX),
        ("if (x < best) best = x; else best = best;", Op.MIN),
        ("if (x < best) x = best; else x = x;", Op.MAX),
    ],
)
def test_an_if_that_assigns_an_extreme_is_one_instruction(statement: str, op: Op) -> None:
    function = lowered(f"int x = mem[1]; int best = mem[2]; {statement} mem[0] = best; mem[1] = x;")
    assert operations(function) == [Op.READ, Op.READ, op, "write", "write"]


@pytest.mark.parametrize("body", ["if (a < b) return a; return b;", "if (a < b) return a; else return b;"])
def test_a_helper_that_returns_an_extreme_is_one_instruction(body: str) -> None:
    before = f"static int least(int a, int b) {{ {body} }}"
    assert operations(lowered("mem[0] = least(mem[1], mem[2]);", before)) == [Op.READ, Op.READ, Op.MIN, "write"]


@pytest.mark.parametrize(
    ("body", "cells", "expected"),
    [
        # the old value and the new one
        ("int i = 1; mem[i++] = i; mem[i] = 5;", [0, 0], [0, 1, 5]),
        ("int i = 1; mem[0] = i++ + i++;", [0], [3]),
        ("int i = 3; mem[0] = --i; mem[1] = i--; mem[2] = i;", [0], [2, 2, 1]),
        ("mem[0] = mem[1]++; mem[2] = ++mem[1];", [0, 4], [4, 6, 6]),
        ("mem[0] = mem[1]-- - --mem[1];", [0, 4], [2, 2]),
        ("int i = 0; int j = 2; while (i < 2) mem[i++] = mem[j++];", [0, 0, 4, 5], [4, 5, 4, 5]),
        ("int n = 3; while (n--) mem[0] += 2; mem[1] = n;", [0], [6, M - 1]),
        ("int i = 2; int j = i++; mem[0] = i; mem[1] = j;", [0], [3, 2]),
        # assignments are values
        ("int a; int b; a = b = 4; mem[0] = a + b;", [0], [1]),
        ("mem[0] = mem[1] = 3;", [0, 0], [3, 3]),
        ("mem[0] = (mem[1] += 2) + 1;", [0, 2], [5, 4]),
        ("int x = (mem[1] = 2, mem[1] + 1); mem[0] = x;", [0, 0], [3, 2]),
        # effects happen only where C says so
        ("int x = mem[1] && mem[2]++; mem[0] = x;", [5, 0, 3], [0, 0, 3]),
        ("int x = mem[1] && mem[2]++; mem[0] = x;", [5, 2, 3], [1, 2, 4]),
        ("int x = mem[1] || mem[2]++; mem[0] = x;", [5, 2, 3], [1, 2, 3]),
        ("int x = mem[1] ? mem[2]++ : mem[3]++; mem[0] = x;", [5, 0, 3, 2], [2, 0, 3, 3]),
        ("if (mem[1] || mem[2]++) mem[0] = 1; else mem[0] = 0;", [5, 0, 0], [0, 0, 1]),
        # a variable decides over its own next value
        ("int x = 2; x = mem[1] && x; mem[0] = x;", [5, 3], [1]),
        ("int x = 2; x = mem[1]++ && x; mem[0] = x;", [5, 3], [1, 4]),
        ("int x = 2; x = x > 1 ? x - 1 : x + 1; mem[0] = x;", [0], [1]),
        ("int x = 5; int y = 2; y = x / y; mem[0] = y;", [0], [2]),
        ("int x = 5; int y = 2; x = x % y; mem[0] = x;", [0], [1]),
    ],
)
def test_effects(body: str, cells: list[int], expected: list[int]) -> None:
    assert after(body, *cells)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("body", "cells", "expected"),
    [
        ("for (int i = 0; i < 3; i++) mem[i] = i;", [5, 5, 5, 5], [0, 1, 2, 5]),
        ("for (int i = 2; i < 2; i++) mem[i] = i;", [5, 5, 5], [5, 5, 5]),
        ("for (int i = 3; i < 2; i++) mem[0] = 1;", [5], [5]),
        ("int n = mem[1]; for (int i = 0; i < n; i++) mem[0]++;", [0, 4], [4]),
        ("int n = mem[1]; for (int i = 0; n > i; ++i) mem[0]++;", [0, 0], [0]),
        ("int n = 1; for (int i = 0; i < n; i++) { mem[0]++; n = i < 2 ? n + 1 : 0; }", [0], [3]),
        ("for (int i = 0; i < 5; i++) { if (i == 1) i += 2; mem[0]++; }", [0], [3]),
        ("for (int i = 0; i < 5; i++) { if (i == 1) continue; if (i == 4) break; mem[0]++; }", [0], [3]),
        ("int i = 5; for (;;) { if (--i == 2) break; } mem[0] = i;", [0], [2]),
        ("int i = 5; do { i--; if (i > 3) continue; mem[0]++; } while (i > 1); mem[1] = i;", [0], [3, 1]),
        ("int i = 0; while (i <= 3) i++; mem[0] = i;", [0], [4]),
        ("int i = 0; while (1) { while (1) { if (i++ > 2) break; } break; } mem[0] = i;", [0], [4]),
        ("int x; mem[0] = x; int y = 3; { int x = 2; y += x; } mem[1] = y;", [5], [0, 5]),
        ("for (int i = 0; i < 2; i++) { int x; mem[i] = x; x = 5; }", [3, 3], [0, 0]),
        ("if (mem[1] > 2) { mem[0] = 1; return; } mem[0] = 2;", [0, 3], [1]),
        ("int i = 0; for (i = 1; i < 4; i++) ; mem[0] = i;", [0], [4]),
    ],
)
def test_loops_and_scopes(body: str, cells: list[int], expected: list[int]) -> None:
    assert after(body, *cells)[: len(expected)] == expected


@pytest.mark.parametrize(("value", "expected"), [(0, 4), (1, 3), (2, 5), (3, 1), (4, 4), (5, 0)])
def test_switch_falls_through_and_has_its_default_anywhere(value: int, expected: int) -> None:
    body = """
        switch (mem[1]) {
        case 1: mem[0] += 1;
        case 3: mem[0] += 1; break;
        default: mem[0] += 1;
        case 5: { if (mem[1] == 5) break; mem[0] += 1; }
        case 2: mem[0] = mem[0] + (mem[1] == 2 ? 5 : 2); break;
        }
        if (mem[1] == 1) mem[0]++;
    """
    assert after(body, 0, value)[0] == expected


def test_division_and_remainder_share_a_loop() -> None:
    body = "int a = mem[1]; int b = mem[2]; mem[0] = a % b; a = a / b; mem[3] = a;"
    function = lowered(body)
    assert operations(function).count(Op.MIN) == 1
    for a in range(M):
        for b in range(1, M):
            tape = run(function, [0, a, b, 0, 0, 0, 0])
            assert (tape[0], tape[3]) == (a % b, a // b)


def test_a_division_counts_only_where_somebody_looks() -> None:
    assert Op.INC not in operations(lowered("mem[0] = mem[1] % mem[2];"))


def test_a_division_is_not_reused_once_an_operand_has_changed() -> None:
    body = "int a = mem[1]; mem[0] = a / 2; a = a - 1; mem[2] = a / 2; mem[3] = a % 2;"
    assert after(body, 0, 6)[:4] == [3, 6, 2, 1]


def test_division_by_zero_never_stops() -> None:
    with pytest.raises(Endless):
        after("mem[0] = mem[1] / mem[2];", 0, 3, 0)


@pytest.mark.parametrize("memory_size", [20, 31])
def test_multiples_are_few_additions(memory_size: int) -> None:
    for factor in range(memory_size):
        function = lowered(f"mem[0] = mem[1] * {factor};", memory_size=memory_size)
        assert len(operations(function)) <= 3 + 2 * memory_size.bit_length()
        for x in (0, 1, 5, memory_size - 1):
            tape = run(function, [0, x, *[0] * (memory_size - 2)])
            assert tape[0] == factor * x % memory_size


@pytest.mark.parametrize(
    ("helpers", "body", "cells", "expected"),
    [
        ("static int twice(int x) { return x + x; }", "mem[0] = twice(twice(mem[1]));", [0, 1], [4]),
        ("static int half(int x) { int y = 0; while (x > 1) { x -= 2; y++; } return y; }",
         "int x = 5; mem[0] = half(x); mem[1] = x;", [0, 0], [2, 5]),
        ("static void put(int *tape, int at, int x) { if (x == 0) return; tape[at] = x; }",
         "put(mem, 1, 0); put(mem, 2, 3);", [5, 5, 5], [5, 5, 3]),
        ("static int find(int *m, int x) { for (int i = 1; m[i]; i++) if (m[i] == x) return i; return 0; }",
         "mem[0] = find(mem, 4);", [0, 3, 4, 5], [2]),
        ("static int find(int *m, int x) { for (int i = 1; m[i]; i++) if (m[i] == x) return i; return 0; }",
         "if (find(mem, 6)) mem[0] = 1; else mem[0] = 2;", [0, 3, 4, 5], [2]),
        ("static int sign(int x) { if (x > 3) return 2; if (x) return 1; return 0; }",
         "int x = mem[1]; x = sign(x); mem[0] = x;", [0, 5], [2]),
        ("static int none(int x) { if (x) return 3; }", "mem[0] = none(mem[1]) + 1;", [5, 0], [1]),
        ("static int bump(int *m) { return m[1]++; }", "mem[0] = bump(mem) + bump(mem) * 2;", [0, 1], [5, 3]),
        ("static int less(int a, int b) { return a < b; }", "while (less(mem[0], 4)) mem[0]++;", [1], [4]),
        ("static int outer(int x) { int x2 = x; { int x = 1; x2 += x; } return x2; }\\n"
         "static int again(int x) { return outer(x) + outer(x + 1); }", "mem[0] = again(1);", [0], [5]),
        ("static int pair(int a, int b) { return a - b; }", "int i = 3; mem[0] = pair(i++, i);", [0], [M - 1]),
        ("static int max(int a, int b) { return a + b; }", "mem[0] = max(2, 3);", [0], [5]),
    ],
)  # fmt: skip
def test_helpers(helpers: str, body: str, cells: list[int], expected: list[int]) -> None:
    assert after(body, *cells, before=helpers.replace("\\n", "\n"))[: len(expected)] == expected


def test_local_arrays_lie_at_the_end_of_the_tape() -> None:
    body = "int a[2] = {1, 2}; int b[2]; b[mem[0]] = 5; a[0] += a[1]; mem[0] = b[1];"
    assert after(body, 1) == [5, 0, 0, 0, 5, 3, 2]


def test_constants_have_names() -> None:
    before = "enum { A = 2, B }; static const int C = A + 2;"
    assert after("const int d = 1; mem[0] = B + C - d;", before=before)[0] == 6


def test_an_increment_after_use_needs_no_copy() -> None:
    function = lowered("int i = mem[0]; int j = mem[1]; while (mem[j]) mem[i++] = mem[j++];")
    assert "move" not in operations(function)
    assert "move" not in operations(lowered("int n = mem[0]; while (n--) mem[n] = 1;"))


def test_a_condition_on_zero_or_on_equality_costs_no_more_than_its_operands() -> None:
    for text, expected in [("x", []), ("!x", []), ("x > 0", []), ("x < 1", []), ("x != 0", []), ("x == y", [Op.SUB])]:
        function = lowered(f"int x = mem[1]; int y = mem[2]; if ({text}) mem[0] = y;")
        assert operations(function) == [Op.READ, Op.READ, *expected, "write"], text


COUNTING = [
    "for (int i = 0; i < n; i++) mem[0]++;",
    "for (int i = 0; n > i; i += 1) mem[0]++;",
    "int i = 0; while (i < n) { mem[0]++; i++; }",
    "int i = 0; while (i < n && mem[i] != 3) { mem[0]++; ++i; }",
    "int i = 0; while (i < n) { mem[0]++; if (mem[i] != 3) i++; else return; }",
    "for (int i = 2; i < 5; i++) mem[0]++;",
    "int i = 2; do { mem[0]++; i++; } while (i < 3);",
]
NOT_COUNTING = [
    "for (int i = 5; i < 3; i++) mem[0]++;",
    "for (int i = mem[1]; i < n; i++) mem[0]++;",
    "for (int i = 0; i < n; i++) { mem[0]++; n = mem[1]; }",
    "for (int i = 0; i < n; i++) { mem[0]++; if (mem[1] == i) i = 5; }",
    "for (int i = 0; i < n; i++) { mem[0]++; while (mem[1]) { i++; mem[1]--; } }",
    "for (int i = 0; i < n; i += 2) mem[0]++;",
    "int i = 0; do mem[0]++; while (++i < n);",
    "int i = 0; do { mem[0]++; i++; } while (i < n);",
    "int i = 0; while (i++ < 5 && i < n) mem[0]++;",
    "int i = 0; if (mem[1] == 2) i = 5; while (i < n) { mem[0]++; i++; }",
]


def test_counting_loops_do_what_the_sandbox_does() -> None:
    tapes = np.zeros((M * M, M), dtype=int)
    tapes[:, 1:3] = list(np.ndindex(M, M))
    programs = [load_tape(source=f"void f(int *mem) {{ int n = mem[2]; {loop} }}") for loop in COUNTING + NOT_COUNTING]
    for program, rows in zip(programs, run_many(programs, [tapes] * len(programs), M, fuel=10_000), strict=True):
        function = lower(program, M)
        for tape, expected in zip(tapes[rows.ended].tolist(), rows.tapes[rows.ended].tolist(), strict=True):
            assert run(function, tape) == expected, program.source


@pytest.mark.parametrize("loop", COUNTING)
def test_a_counting_loop_ends_by_a_test_for_equality(loop: str) -> None:
    assert not {Op.MIN, Op.MAX} & set(operations(lowered(f"int n = mem[2]; {loop}")))


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_library(name: str) -> None:
    m, rng = 32, np.random.default_rng(0)
    function = lower(load_tape(LIBRARY / f"{name}.c"), m)
    for _ in range(20):
        cells, expected = CASES[name](rng, m)
        tape = run(function, [*cells, *[0] * (m - len(cells))])
        assert {k: tape[k] for k in expected} == expected


@pytest.mark.parametrize("name", sorted(TASKS.keys() - {"copy"}))
def test_the_tasks(name: str) -> None:
    task = TASKS[name]
    function = lower(load_tape(LIBRARY / f"{name}.c"), task.memory_size)
    samples = task.sample(np.random.default_rng(0), 10)
    for tape, target, mask in zip(samples.tape.tolist(), samples.target, samples.mask, strict=True):
        assert (np.array(run(function, tape)) == target)[mask].all()
