"""What the back end's parts promise beyond meaning: the arithmetic against a table, the order of blocks against all
orders, and the lines that a careful person would write for small functions.
"""

from __future__ import annotations

from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings

from surrogate.anc.compiler.backend import DoesNotFitError, assemble
from surrogate.anc.compiler.backend.arithmetic import simplify
from surrogate.anc.compiler.backend.cfg import clean
from surrogate.anc.compiler.backend.facts import Facts
from surrogate.anc.compiler.backend.layout import fall_throughs, layout
from surrogate.anc.compiler.backend.linear import linearise
from surrogate.anc.compiler.backend.loops import Expected, loops
from surrogate.anc.compiler.backend.motion import hoist_invariants
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    Function,
    Goto,
    Halt,
    Move,
    Register,
    Value,
    Write,
)
from surrogate.anc.machine.instructions import Op
from surrogate.anc.machine.interpreter import run_one
from tests.surrogate.anc.compiler.ir_functions import functions
from tests.surrogate.anc.compiler.ir_interpreter import run as run_ir

X, Y, K, J, T = (Register(number, name) for number, name in enumerate("xykjt"))
ZERO, ONE, TWO = map(Constant, range(3))
EVALUATE = {
    Op.INC: lambda a, b: a + 1,
    Op.DEC: lambda a, b: a - 1,
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MIN: min,
    Op.MAX: max,
}


@pytest.mark.parametrize("modulus", [2, 3, 5])
def test_simplified_arithmetic_is_the_same_for_all_values(modulus: int) -> None:
    operands = [X, Y, *map(Constant, range(-1, modulus))]
    for op, a, b in product(EVALUATE, operands, operands):
        second = None if op in (Op.INC, Op.DEC) else b
        result = simplify(Facts(modulus), op, a, second)
        for x, y in product(range(modulus), repeat=2):

            def value(v: Value | None, known: dict = {X: x, Y: y}) -> int:  # noqa: B006 - read only
                return v.value % modulus if isinstance(v, Constant) else known.get(v, 0)

            got = (
                EVALUATE[result[0]](value(result[1]), value(result[2])) if isinstance(result, tuple) else value(result)
            )
            assert got % modulus == EVALUATE[op](value(a), value(second)) % modulus


@given(functions(max_blocks=7, max_statements=2))
@settings(max_examples=60)
def test_no_order_of_the_blocks_saves_more_than_the_layout(function: Function) -> None:
    function = clean(function)
    worth = {(source, target): saved for saved, source, target in fall_throughs(function, Expected(function))}

    def saved(order: tuple[int, ...]) -> float:
        return sum(worth.get(pair, 0.0) for pair in pairwise(order))

    chosen = layout(function, Expected(function))
    assert chosen[0] == 0
    assert sorted(chosen) == sorted(function.blocks)
    rest = [number for number in function.blocks if number != 0]
    assert saved(tuple(chosen)) == pytest.approx(max(saved((0, *order)) for order in permutations(rest)))


def _function(*blocks: Block) -> Function:
    return Function(dict(enumerate(blocks)))


# Each with the lines that it needs, STOP among them.
CASES = {
    "a variable that starts with a constant": (
        # for (k = 0; mem[k]; k++) ;  mem[0] = k;
        _function(
            Block([Move(K, ZERO)], Goto(1)),
            Block([Compute(Op.READ, T, K)], Branch(T, 2, 3)),
            Block([Write(ZERO, K)], Halt()),
            Block([Compute(Op.INC, K, K)], Goto(1)),
        ),
        6,
    ),
    "a zero that a WRITE gives": (
        # x = mem[0]; mem[1] = x; x = 0; do x++; while (mem[x]); mem[0] = x;
        _function(
            Block([Compute(Op.READ, X, ZERO), Write(ONE, X), Move(X, ZERO)], Goto(1)),
            Block([Compute(Op.INC, X, X), Compute(Op.READ, T, X)], Branch(T, 2, 1)),
            Block([Write(ZERO, X)], Halt()),
        ),
        8,
    ),
    "a zero that a jump gives": (
        # for (;;) { for (j = 0; mem[j]; j++) ;  if (mem[j + 1] == 0) return; mem[j] = 1; }
        _function(
            Block([], Goto(1)),
            Block([Move(J, ZERO)], Goto(2)),
            Block([Compute(Op.READ, T, J)], Branch(T, 4, 3)),
            Block([Compute(Op.INC, J, J)], Goto(2)),
            Block([Compute(Op.INC, X, J), Compute(Op.READ, X, X)], Branch(X, 6, 5)),
            Block([Write(J, ONE)], Goto(1)),
            Block([], Halt()),
        ),
        10,
    ),
    "what is computed twice, and a step of a step": (
        # mem[x + 1] = mem[x + 1] + x + 2, x = mem[0]
        _function(
            Block(
                [
                    Compute(Op.READ, X, ZERO),
                    Compute(Op.ADD, Y, X, ONE),
                    Compute(Op.READ, K, Y),
                    Compute(Op.ADD, K, K, X),
                    Compute(Op.INC, J, K),
                    Compute(Op.INC, J, J),
                    Compute(Op.ADD, T, ONE, X),
                    Write(T, J),
                ],
                Halt(),
            )
        ),
        7,
    ),
    "a flag that a branch asks for": (
        # t = (x == 0), by a way each; if (t) mem[1] = 1;
        _function(
            Block([Compute(Op.READ, X, ZERO)], Branch(X, 1, 2)),
            Block([Move(T, ONE)], Goto(3)),
            Block([Move(T, ZERO)], Goto(3)),
            Block([], Branch(T, 5, 4)),
            Block([Write(ONE, ONE)], Goto(5)),
            Block([], Halt()),
        ),
        5,
    ),
    "the same end of two ways, in other registers": (
        # if (mem[0]) { x = mem[1]; mem[x + 1] = x; } else { y = mem[2]; mem[y + 1] = y; }
        _function(
            Block([Compute(Op.READ, T, ZERO)], Branch(T, 1, 2)),
            Block([Compute(Op.READ, X, ONE), Compute(Op.INC, K, X), Write(K, X)], Goto(3)),
            Block([Compute(Op.READ, Y, TWO), Compute(Op.INC, J, Y), Write(J, Y)], Goto(3)),
            Block([], Halt()),
        ),
        8,
    ),
    "what no round of a loop changes": (
        # k = mem[2]; do { x = mem[0] + 3; k--; } while (k); mem[1] = x;  five lines run once, two five times
        _function(
            Block([Compute(Op.READ, K, TWO)], Goto(1)),
            Block(
                [Compute(Op.READ, Y, ZERO), Compute(Op.ADD, X, Y, Constant(3)), Compute(Op.DEC, K, K)], Branch(K, 2, 1)
            ),
            Block([Write(ONE, X)], Halt()),
        ),
        8,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_lines_are_those_of_a_careful_person(name: str) -> None:
    function, lines = CASES[name]
    assert len(assemble(function, 20)) == lines


def test_what_no_round_changes_runs_once() -> None:
    tape = np.array([[4, 0, 5, *[0] * 17]])
    runs = run_one(assemble(CASES["what no round of a loop changes"][0], 20), tape, 100)
    assert runs.tape[0, 1] == 7
    assert runs.steps[0] == 3 + 5 * 2 + 4 + 2  # before the loop; DEC and JEZ; back but for the last round; WRITE, STOP


def test_a_variable_shares_the_register_of_the_constant_that_it_is_read_through() -> None:
    function = _function(Block([Compute(Op.READ, X, ZERO), Compute(Op.INC, X, X), Write(X, X)], Halt()))
    assert assemble(function, 20).registers == (0,)


def test_too_many_lines_or_registers_say_how_many() -> None:
    function = CASES["a variable that starts with a constant"][0]
    with pytest.raises(DoesNotFitError, match="needs 6 lines, and has 5") as raised:
        assemble(function, 5)
    assert (raised.value.what, raised.value.needed, raised.value.allowed) == ("lines", 6, 5)
    needed = len(assemble(function, 20).registers)
    assert len(assemble(function, 20, max_registers=needed).registers) == needed
    with pytest.raises(DoesNotFitError, match=f"needs {needed} registers, and has {needed - 1}"):
        assemble(function, 20, max_registers=needed - 1)


def test_the_cost_counts_lines_and_expected_steps() -> None:
    function = clean(_function(Block([Write(ZERO, ONE)], Branch(X, 1, 2)), Block([Write(ONE, ONE)], Goto(2)), Block()))
    code = linearise(function, [0, 1, 2], Expected(function))
    # WRITE, JEZ; half the time WRITE; one STOP or the other
    assert len(code.lines) == 5
    assert code.cost == pytest.approx(5 * (2 + 0.5 + 1), rel=0.01)


def test_nothing_is_hoisted_in_front_of_a_cycle_with_two_entries() -> None:
    """Blocks 1 and 2 go round; 0 enters at 2 where tape[3] is not zero. Only what 1 dominates could move before it."""
    cycle = Function(
        {
            0: Block([Compute(Op.READ, X, Constant(0)), Compute(Op.READ, T, Constant(3))], Branch(T, 4, 2)),
            1: Block([Compute(Op.DEC, X, X)], Goto(2)),
            2: Block([], Branch(X, 3, 1)),
            3: Block([Write(Constant(5), K)]),
            4: Block([Move(K, ONE)], Goto(1)),
        }
    )
    assert loops(cycle) == []
    for tape in ([4, 0, 0, 0, 0, 9, 9], [4, 0, 0, 6, 0, 9, 9]):
        assert run_ir(hoist_invariants(cycle), tape) == run_ir(cycle, tape)
