"""Random functions of the intermediate representation: any flow graph, few registers, small constants."""

from __future__ import annotations

from hypothesis import strategies as st

from surrogate.anc.compiler.ir import Block, Branch, Compute, Constant, Function, Goto, Halt, Move, Register, Write
from surrogate.anc.machine.instructions import Op

REGISTERS = [Register(number, name) for number, name in enumerate(["", "i", "x", "", "k"])]
BINARY = [Op.ADD, Op.SUB, Op.MIN, Op.MAX]
UNARY = [Op.INC, Op.DEC, Op.READ]

registers = st.sampled_from(REGISTERS)
values = registers | st.sampled_from([0, 1, 2, 0, 1, 3, -1, 7]).map(Constant)
statements = st.one_of(
    st.builds(Move, registers, values),
    st.builds(Compute, st.sampled_from(UNARY), registers, values),
    st.builds(Compute, st.sampled_from(BINARY), registers, values, values),
    st.builds(Write, values, values),
)


@st.composite
def functions(draw: st.DrawFn, max_blocks: int = 6, max_statements: int = 4) -> Function:
    """A function whose blocks may jump anywhere; many do not halt on every tape."""
    count = draw(st.integers(1, max_blocks))
    numbers = st.integers(0, count - 1)
    ends = st.one_of(
        st.builds(Goto, numbers),
        st.builds(Branch, values, numbers, numbers),
        st.builds(Branch, registers, numbers, numbers),
    )
    blocks = {}
    for number in range(count):
        body = draw(st.lists(statements, max_size=max_statements))
        blocks[number] = Block(body, draw(ends) if number < count - 1 else Halt())
    return Function(blocks)
