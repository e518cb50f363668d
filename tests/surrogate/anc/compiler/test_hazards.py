"""What a pass must not do: small functions, each with a hazard, keep their meaning through every pass."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from surrogate.anc.compiler.backend import assemble
from surrogate.anc.compiler.backend.cfg import clean
from surrogate.anc.compiler.backend.facts import Facts
from surrogate.anc.compiler.ir import Block, Branch, Compute, Constant, Function, Goto, Move, Register, Write
from surrogate.anc.machine.instructions import Op
from surrogate.anc.machine.interpreter import run_one
from tests.surrogate.anc.compiler.ir_interpreter import run
from tests.surrogate.anc.compiler.test_backend import PASSES, M

X, Y, K, T = (Register(number, name) for number, name in enumerate("xykt"))
ZERO, ONE, TWO, THREE, FIVE = map(Constant, (0, 1, 2, 3, 5))


def function(*blocks: Block) -> Function:
    return Function(dict(enumerate(blocks)))


HAZARDS = {
    "what was read is written through another address": function(
        # t = mem[mem[0]]; mem[mem[1]] = 5; mem[2] = t + mem[mem[0]]
        Block(
            [
                Compute(Op.READ, X, ZERO),
                Compute(Op.READ, Y, ONE),
                Compute(Op.READ, T, X),
                Write(Y, FIVE),
                Compute(Op.READ, K, X),
                Compute(Op.ADD, K, K, T),
                Write(TWO, K),
            ]
        )
    ),
    "x is known where x + 1 is zero": function(
        Block([Compute(Op.READ, X, ZERO), Compute(Op.INC, Y, X)], Branch(Y, 1, 2)),
        Block([Write(ONE, X)], Goto(2)),
        Block(),
    ),
    "x is known where x - 3 is zero": function(
        Block([Compute(Op.READ, X, ZERO), Compute(Op.SUB, Y, X, THREE)], Branch(Y, 1, 2)),
        Block([Write(ONE, X)], Goto(2)),
        Block(),
    ),
    "x is known where 3 - x is zero": function(
        Block([Compute(Op.READ, X, ZERO), Compute(Op.SUB, Y, THREE, X)], Branch(Y, 1, 2)),
        Block([Write(ONE, X)], Goto(2)),
        Block(),
    ),
    "x is known not to be zero on one way only": function(
        Block([Compute(Op.READ, X, ZERO), Compute(Op.READ, T, ONE)], Branch(T, 1, 2)),
        Block([], Branch(X, 5, 3)),
        Block([Write(THREE, ONE)], Goto(3)),
        Block([], Branch(X, 4, 5)),
        Block([Write(TWO, FIVE)], Goto(5)),
        Block(),
    ),
    "x = x + 1, twice": function(
        Block(
            [
                Compute(Op.READ, X, ZERO),
                Compute(Op.INC, X, X),
                Compute(Op.INC, Y, X),
                Write(ONE, X),
                Write(TWO, Y),
            ]
        )
    ),
    "a cell is read between two writes": function(
        Block([Write(ZERO, ONE), Compute(Op.READ, X, ZERO), Write(ZERO, TWO), Write(THREE, X)])
    ),
    "a cell is read through another address between two writes": function(
        Block([Compute(Op.READ, Y, ONE), Write(ZERO, FIVE), Compute(Op.READ, X, Y), Write(ZERO, TWO), Write(THREE, X)])
    ),
    "an address moves between two writes": function(
        Block([Compute(Op.READ, X, ZERO), Write(X, ONE), Compute(Op.INC, X, X), Write(X, TWO)])
    ),
    "one way reads what it has written, the other what was there": function(
        Block([Compute(Op.READ, T, ONE)], Branch(T, 1, 2)),
        Block([Compute(Op.READ, Y, TWO), Write(Y, FIVE), Compute(Op.READ, X, ZERO)], Goto(3)),
        Block([Compute(Op.READ, X, ZERO)], Goto(3)),
        Block([Write(THREE, X)]),
    ),
    "a value is read on one way, after a write": function(
        Block([Compute(Op.READ, X, ZERO), Compute(Op.READ, Y, ONE), Write(Y, FIVE)], Branch(Y, 1, 2)),
        Block([Write(THREE, X)], Goto(2)),
        Block(),
    ),
    "a loop writes what it reads": function(
        Block([Compute(Op.READ, K, TWO)], Goto(1)),
        Block(
            [
                Compute(Op.READ, X, ZERO),
                Compute(Op.INC, Y, X),
                Write(ZERO, Y),
                Compute(Op.DEC, K, K),
            ],
            Branch(K, 2, 1),
        ),
        Block([Write(ONE, X)]),
    ),
    "a register is zero after one of two ways": function(
        Block([Compute(Op.READ, T, ZERO), Compute(Op.READ, X, ONE)], Branch(T, 1, 2)),
        Block([Move(Y, ZERO)], Goto(3)),
        Block([Move(Y, FIVE)], Goto(3)),
        Block([Write(TWO, X), Write(THREE, Y)]),
    ),
}
TAPES = [[*cells, *range(4, M)] for cells in product([0, 1, 3, M - 1], [0, 1, 2], [0, 1, 2], [4])]


@pytest.mark.parametrize("name", HAZARDS)
@pytest.mark.parametrize("through", PASSES)
def test_a_pass_keeps_what_a_function_does(name: str, through: str) -> None:
    for changed in PASSES[through](clean(HAZARDS[name])):
        for tape in TAPES:
            assert run(changed, tape) == run(HAZARDS[name], tape)


@pytest.mark.parametrize("name", HAZARDS)
def test_the_program_does_what_a_function_does(name: str) -> None:
    runs = run_one(assemble(HAZARDS[name], M), np.array(TAPES), 500)
    assert runs.stopped.all()
    assert runs.tape.tolist() == [run(HAZARDS[name], tape) for tape in TAPES]


@pytest.mark.parametrize(("op", "step"), [(Op.ADD, 3), (Op.SUB, 3), (Op.INC, None), (Op.DEC, None)])
@pytest.mark.parametrize("known", [0, 1, 6])
def test_what_a_value_says_of_its_operand(op: Op, step: int | None, known: int) -> None:
    """Of all values of x modulo 7 one alone gives what y is known to be."""
    meaning = {Op.ADD: lambda x: x + 3, Op.SUB: lambda x: x - 3, Op.INC: lambda x: x + 1, Op.DEC: lambda x: x - 1}[op]
    facts = Facts(7)
    facts.define((op, X, None if step is None else Constant(step)), Y)
    facts.equal(Y, known)
    assert [facts.resolve(Y), facts.resolve(X)] == [
        Constant(known),
        *(Constant(x) for x in range(7) if meaning(x) % 7 == known),
    ]
