"""The differentiable machine against the paper's formulas written out in numpy, and against the integer interpreter."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.anc.machine import interpreter, machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller, from_matrices
from surrogate.anc.machine.instructions import PUBLISHED, Instruction, Op


def written_out(x: np.ndarray, y: np.ndarray, tape: np.ndarray) -> np.ndarray:
    """What each of the eleven instructions gives for two distributions [M]: [11, M], by summing over all pairs."""
    m = len(x)
    out = np.zeros((PUBLISHED, m))
    out[[Op.STOP, Op.ZERO, Op.WRITE, Op.JEZ], 0] = 1
    for i, j in itertools.product(range(m), repeat=2):
        p = x[i] * y[j]
        for op, value in ((Op.ADD, i + j), (Op.SUB, i - j), (Op.MIN, min(i, j)), (Op.MAX, max(i, j))):
            out[op, value % m] += p
    for i in range(m):
        out[Op.INC, (i + 1) % m] += x[i]
        out[Op.DEC, (i - 1) % m] += x[i]
        out[Op.READ] += x[i] * tape[i]
    return out


def step_written_out(rows: list[np.ndarray], tape, registers, line, stopped):
    """One step of Bunel et al. 2016, section 3.1, of one program on one tape; `rows` are W_e, W_a, W_b, W_o."""
    e, a, b, o = (np.exp(w @ line) / np.exp(w @ line).sum() for w in rows)
    x, y = a @ registers, b @ registers
    out = e @ written_out(x, y, tape)
    m = len(line)
    w = e[Op.WRITE]
    tape = tape * (1 - w) + w * ((1 - x)[:, None] * np.ones(m) * tape + np.outer(x, y))
    registers = registers * (1 - o)[:, None] + np.outer(o, out)
    jump = e[Op.JEZ] * x[0]
    advanced = np.array([line[(i - 1) % m] for i in range(m)])
    return tape, registers, advanced * (1 - jump) + y * jump, stopped + (1 - stopped) * e[Op.STOP]


@pytest.mark.parametrize("memory_size", [2, 5, 8])
def test_a_soft_step_is_the_papers(memory_size: int) -> None:
    generator = torch.Generator().manual_seed(memory_size)
    programs, batch, registers = 3, 2, 4
    shapes = ((programs, memory_size, PUBLISHED + 3 * registers), (programs, registers, memory_size))
    controller = Controller(
        *(torch.randn(shape, generator=generator) for shape in shapes),
        torch.randn(programs, memory_size, generator=generator),
    ).double()
    tapes = torch.randn(programs, batch, memory_size, memory_size, generator=generator).double().softmax(-1)
    with torch.no_grad():
        state = machine.start(controller, tapes)
        expected = {}
        matrices = {name: value.numpy() for name, value in controller.matrices().items()}
        for p, t in itertools.product(range(programs), range(batch)):
            initial = [torch.tensor(matrices[name][p]).softmax(-1).numpy() for name in ("R0", "IR0")]
            expected[p, t] = (tapes[p, t].numpy(), *initial, 0.0)
        for _ in range(4):
            state = machine.step(controller, state)
            for (p, t), before in expected.items():
                rows = [matrices[name][p] for name in ("W_e", "W_a", "W_b", "W_o")]
                after = step_written_out(rows, *before)
                expected[p, t] = after
                found = (state.tape[p, t], state.registers[p, t], state.line[p, t], state.stopped[p, t])
                for one, other in zip(found, after, strict=True):
                    np.testing.assert_allclose(one.numpy(), other, rtol=1e-10, atol=1e-12)


@st.composite
def assemblies(draw: st.DrawFn) -> Assembly:
    """Programs that never run past their end: every line of the memory holds an instruction, the last one STOP."""
    memory_size, registers = draw(st.integers(2, 9)), draw(st.integers(1, 5))
    register = st.integers(0, registers - 1)

    def instruction(op: Op) -> Instruction:
        arguments = [draw(register) if i < op.row.operands else None for i in range(2)]
        return Instruction(op, *arguments, draw(register))

    ops = [draw(st.sampled_from(Op)) for _ in range(memory_size - 1)]
    values = [draw(st.integers(0, memory_size - 1)) for _ in range(registers)]
    return Assembly(memory_size, tuple(values), (*map(instruction, ops), Instruction(Op.STOP)))


@settings(max_examples=60)
@given(assemblies(), st.integers(0, 2**32 - 1), st.booleans())
def test_one_hot_execution_is_the_interpreters(program: Assembly, seed: int, hard: bool) -> None:
    tapes = np.random.default_rng(seed).integers(0, program.memory_size, size=(3, program.memory_size))
    expected = interpreter.run_one(program, tapes, max_steps=40)
    with torch.no_grad():
        run = machine.run(Controller.of([program]), machine.to_tape(torch.from_numpy(tapes))[None], 40, hard)
    np.testing.assert_array_equal(run.state.tape[0].argmax(-1), expected.tape)
    np.testing.assert_array_equal(run.steps[0], expected.steps)
    np.testing.assert_array_equal(~run.state.running[0], expected.stopped)
    assert run.state.tape.max(-1).values.min() > 0.999


def test_arg_max_execution_of_soft_matrices_is_that_of_their_likeliest_program() -> None:
    copy_first = Assembly(
        5, (0, 1, 0), (Instruction(Op.READ, 0, None, 2), Instruction(Op.WRITE, 1, 2, 2), Instruction(Op.STOP))
    )
    soft = Controller.of([copy_first], sharpness=0.1)
    tapes = machine.to_tape(torch.tensor([[3, 1, 4, 1, 2]]))[None]
    with torch.no_grad():
        hard = machine.run(soft, tapes, 10, hard=True)
        softly = machine.run(soft, tapes, 10)
    assert hard.state.tape[0, 0].argmax(-1).tolist() == [3, 3, 4, 1, 2]
    assert softly.state.running.all()  # a tenth of sharpness stops nothing in ten steps


def test_gradients_are_those_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, registers = (torch.randn(s, generator=generator).double() for s in ((1, 4, 11 + 6), (1, 2, 4)))
    start = torch.randn(1, 4, generator=generator).double()
    tape = torch.randn(1, 1, 4, 4, generator=generator).double().softmax(-1)

    def final_tape(*parameters: torch.Tensor) -> torch.Tensor:
        controller = Controller(*(torch.zeros_like(p) for p in parameters))
        for name, value in zip(("weight", "registers", "start"), parameters, strict=True):
            del controller._parameters[name]
            setattr(controller, name, value)
        return machine.run(controller, tape, 3).state.tape

    inputs = [p.requires_grad_() for p in (weight, registers, start)]
    assert torch.autograd.gradcheck(final_tape, inputs)


def test_an_execution_that_ended_keeps_its_tape_while_others_run() -> None:
    stop = Assembly(6, (0, 0, 0, 0), (Instruction(Op.STOP),))
    countdown = Assembly(
        6,
        (3, 3, 0, 0),  # the count, the last line, zero
        (
            Instruction(Op.DEC, 0, None, 0),
            Instruction(Op.JEZ, 0, 1, 3),
            Instruction(Op.JEZ, 2, 2, 3),
            Instruction(Op.STOP),
        ),
    )
    tape = torch.tensor([[2, 0, 0, 0, 0, 5]])
    with torch.no_grad():
        both = machine.run(Controller.of([stop, countdown]), machine.to_tape(tape).expand(2, -1, -1, -1), 20)
    assert both.steps.tolist() == [[1], [9]]
    assert both.state.tape[:, 0].argmax(-1).tolist() == [tape[0].tolist()] * 2
    assert not both.state.running.any()


def test_matrices_are_the_controllers() -> None:
    program = Assembly(4, (1, None), (Instruction(Op.INC, 0, None, 1), Instruction(Op.STOP)))
    controller = Controller.of([program], sharpness=7)
    matrices = controller.matrices()
    assert {name: tuple(m.shape) for name, m in matrices.items()} == {
        "W_e": (1, PUBLISHED, 4),
        "W_a": (1, 2, 4),
        "W_b": (1, 2, 4),
        "W_o": (1, 2, 4),
        "R0": (1, 2, 4),
        "IR0": (1, 4),
    }
    assert matrices["W_e"][0, Op.INC].tolist() == [7, 0, 0, 0]
    assert matrices["W_b"].abs().sum() == 0  # INC looks at one argument: the other row is flat
    again = from_matrices(matrices)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), controller.parameters(), strict=True))


def test_adding_a_number_to_itself_many_times_stays_exact() -> None:
    """Each addition convolves a distribution with itself, which would double what the transform rounds off."""
    jump = Instruction(Op.JEZ, 1, 1, 1)
    program = Assembly(7, (3, 0), (*[Instruction(Op.ADD, 0, 0, 0)] * 6, jump))
    tape = np.zeros((1, 7), dtype=int)
    expected = interpreter.run_one(program, tape, max_steps=100).registers[0, 0]
    with torch.no_grad():
        run = machine.run(Controller.of([program]), machine.to_tape(torch.from_numpy(tape))[None], 100)
    np.testing.assert_allclose(run.state.registers[0, 0, 0].numpy(), np.eye(7)[expected], atol=1e-6)


def test_what_has_stopped_writes_no_more() -> None:
    """Other tapes may still run: the line goes on, to what would write."""
    program = Assembly(4, (2, 3), (Instruction(Op.STOP), Instruction(Op.WRITE, 0, 1, 0), Instruction(Op.STOP)))
    controller = Controller.of([program])
    tape = machine.to_tape(torch.tensor([[1, 1, 1, 1]]))[None]
    state = machine.step(controller, machine.start(controller, tape))
    assert not state.running.any()
    after = machine.step(controller, state)
    torch.testing.assert_close(after.tape, state.tape, rtol=0, atol=0)
