"""Decompiled C against the assembly that it came from: the C runs in the sandbox, the assembly in the interpreter."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from cprograms.tape import load_tape
from cprograms.tape.oracle import run, run_many
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.check import random_tapes
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.decompiler.code import Branch
from surrogate.anc.decompiler.decompile import decompile
from surrogate.anc.decompiler.flow import MixedJump, Reading, blocks_of
from surrogate.anc.decompiler.listing import listing
from surrogate.anc.decompiler.render import condition, function_texts
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly, parse
from surrogate.anc.machine.controller import EXACT, Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS, PUBLISHED, Instruction, Op
from surrogate.anc.machine.interpreter import run_one
from surrogate.anc.machine.samples import Samples

STEPS = 3000
FUEL = 300_000

OPS = list(INSTRUCTIONS[:PUBLISHED])
"""The paper's: a longer table would draw other programs."""


def c_texts(program: Assembly, start: int = 0) -> list[str]:
    return list(function_texts(Reading(program, start), "f"))


def random_program(rng: np.random.Generator, memory_size: int, computed: bool) -> Assembly:
    """Any instructions in any order; the targets of its jumps are constants, or, where `computed`, any registers."""
    registers, constants = int(rng.integers(4, 8)), 3
    lines = int(rng.integers(2, memory_size + 1))
    code = []
    for _ in range(lines):
        op = Op(rng.choice([*OPS, *2 * OPS[1:], Op.JEZ, Op.JEZ, Op.JEZ, Op.READ, Op.WRITE]))
        a, b = rng.integers(registers, size=2).tolist()
        if op is Op.JEZ and not computed:
            b = int(rng.integers(constants))
        out = None if op is Op.STOP else int(rng.integers(0 if computed else constants, registers))
        operands = op.row.operands
        code.append(Instruction(op, a if operands > 0 else None, b if operands > 1 else None, out))
    targets = rng.integers(lines, size=constants).tolist()
    others = rng.integers(memory_size, size=registers - constants).tolist()
    return Assembly(memory_size, (*targets, *others), tuple(code))


def assert_same(text: str, ended: np.ndarray, left: np.ndarray, program: Assembly, tapes: np.ndarray) -> None:
    runs = run_one(program, tapes, STEPS)
    assert (ended == runs.stopped).all(), f"{program}\n{text}"
    assert (left[ended] == runs.tape[ended]).all(), f"{program}\n{text}"


@pytest.mark.parametrize("computed", [False, True])
def test_any_program_becomes_c_that_does_the_same(computed: bool) -> None:
    """Also loops with several entries, jumps out of several loops, and jumps to computed lines."""
    rng = np.random.default_rng(5)
    programs = [random_program(rng, 11, computed) for _ in range(60)]
    texts = [text for program in programs for text in c_texts(program)[:1]]
    tapes = random_tapes(8, 11, 3)
    results = run_many([load_tape(source=text) for text in texts], [tapes] * len(texts), 11, FUEL)
    for program, text, result in zip(programs, texts, results, strict=True):
        assert_same(text, result.ended, result.tapes, program, tapes)
    assert any("switch" in text for text in texts) == computed
    assert sum("while" in text for text in texts) > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_many_programs_become_c_that_does_the_same(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    size = 6 + 2 * seed
    programs = [random_program(rng, size, seed % 4 == 0) for _ in range(100)]
    pairs = [(program, text) for program in programs for text in c_texts(program)]
    tapes = random_tapes(8, size, seed)
    results = run_many([load_tape(source=text) for _, text in pairs], [tapes] * len(pairs), size, FUEL)
    for (program, text), result in zip(pairs, results, strict=True):
        assert_same(text, result.ended, result.tapes, program, tapes)


@pytest.mark.parametrize("name", TASKS)
def test_published_programs_become_loops_and_compile_again(name: str) -> None:
    program = TASKS[name].published()
    text = c_texts(program)[0]
    assert not re.search(r"goto|switch|\bline\b", text)
    again = compile_tape(load_tape(source=text), program.memory_size)
    assert len(again) <= len(program)
    tapes = random_tapes(40, program.memory_size, 0)
    before, after = run_one(program, tapes, STEPS), run_one(again, tapes, STEPS)
    both = before.stopped & after.stopped
    assert both.sum() >= 4
    assert (before.tape[both] == after.tape[both]).all()
    assert not (before.stopped & ~after.stopped).any()


def test_the_text_of_increment() -> None:
    text = c_texts(TASKS["increment"].published())[0]
    assert text == (
        "void f(int *mem)\n{\n    int r0 = 0;\n    int r1;\n    while (1) {\n        r1 = mem[r0];\n"
        "        if (r1 == 0) {\n            break;\n        }\n        mem[r0] = r1 + 1;\n        r0++;\n    }\n}\n"
    )


def test_every_switch_form_does_the_same() -> None:
    program = TASKS["merge"].published()
    *_, text = c_texts(program)
    assert "switch (line)" in text
    tapes = random_tapes(30, program.memory_size, 1)
    result = run(load_tape(source=text), tapes, program.memory_size, FUEL)
    assert_same(text, result.ended, result.tapes, program, tapes)


def test_execution_may_start_anywhere() -> None:
    lines = ["r1 = INC r1", "r0 = WRITE r0, r1", "STOP", "r0 = WRITE r0, r2", "STOP"]
    program = parse("\n".join(["memory 8", "registers r0=0 r1=3 r2=5", *lines]))
    text = c_texts(program, start=3)[0]
    left = run(load_tape(source=text), np.zeros((1, 8), dtype=int), 8, FUEL).tapes
    assert left[0].tolist() == [5, 0, 0, 0, 0, 0, 0, 0]


# --- types ---

PICK = """
memory 8
registers r0=0 r1=1 r2=2 r3=? r4=? r5=7 r6=6
 r3 = READ r0
 r4 = READ r1
 r5 = JEZ r3, r6
 r5 = WRITE r2, r1
 STOP
 STOP
 r5 = WRITE r2, r2
 STOP
"""


def controller_of(text: str, **changes: dict[str, float]) -> Controller:
    """The exact controller of a program with the probabilities of some rows set: e.g. a_2={"r3": 0.6, "r4": 0.4}."""
    program = parse(text)
    controller = Controller.of([program])
    parts = dict(zip("eabo", controller.split(controller.weight.data[0]), strict=True))  # views [M, ...]
    for where, probabilities in changes.items():
        part, _, number = where.partition("_")
        row = controller.registers.data[0, int(number)] if part == "R0" else parts[part][int(number)]
        row.fill_(-EXACT)
        for name, probability in probabilities.items():
            place = Op[name].value if part == "e" else int(name.removeprefix("r"))
            row[place] = float(np.log(probability))
    return controller


def samples_of(tapes: list[list[int]], size: int = 8) -> Samples:
    tape = np.array([t + [0] * (size - len(t)) for t in tapes])
    return Samples(tape, tape, np.ones(tape.shape, dtype=bool))


BOTH = [[0, 0], [3, 4], [5, 1]]


def soft_tapes(controller: Controller, samples: Samples) -> np.ndarray:
    with torch.no_grad():
        run = machine.run(controller, machine.to_tape(torch.from_numpy(samples.tape))[None], 100)
    return run.state.tape[0].argmax(-1).numpy()


def test_a_compiled_program_is_of_type_1() -> None:
    for samples in (None, samples_of(BOTH)):
        found = decompile(controller_of(PICK), samples, name="pick")
        assert (found.kind, found.soft, found.reason) == (1, (), None)
        assert found.source is not None
        assert "void pick(int *mem)" in found.source


def test_a_listing_is_assembly() -> None:
    for name, task in TASKS.items():
        program = task.published()
        text = listing(decompile(Controller.of([program])), name)
        again = parse(text)
        tapes = random_tapes(10, task.memory_size, 2)
        assert (run_one(again, tapes, 500).tape == run_one(program, tapes, 500).tape).all()
        assert f"; {name}: type 1" in text


def test_a_jump_that_looks_at_several_registers_is_of_type_2_and_an_if_over_cases() -> None:
    controller = controller_of(PICK, a_2={"r3": 0.6, "r4": 0.4})
    samples = samples_of([[0, 0], [3, 4], [0, 5], [6, 0]])
    found = decompile(controller, samples)
    assert (found.kind, [str(c) for c in found.soft]) == (2, ["line 2: the first argument is soft: r3 0.60, r4 0.40"])
    assert found.source is not None
    left = run(load_tape(source=found.source), samples.tape, 8).tapes
    assert (left == soft_tapes(controller, samples)).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"e_3": {"WRITE": 0.6, "STOP": 0.4}}, "line 3: the instruction is soft: WRITE 0.60, STOP 0.40"),
        ({"b_3": {"r1": 0.7, "r2": 0.3}}, "line 3: the second argument is soft: r1 0.70, r2 0.30"),
        ({"o_0": {"r3": 0.5, "r4": 0.5}}, "line 0: the output register is soft: r3 0.50, r4 0.50"),
        ({"e_2": {"JEZ": 0.8, "ZERO": 0.2}}, "line 2: the instruction is soft: JEZ 0.80, ZERO 0.20"),
        ({"R0_2": {"r2": 0.5, "r3": 0.5}}, "r2: the initial value is soft: 2 0.50, 3 0.50"),
    ],
)
def test_any_other_soft_choice_is_of_type_3_and_named(change: dict, reason: str) -> None:
    found = decompile(controller_of(PICK, **change), samples_of(BOTH))
    assert found.kind == 3
    assert found.source is None
    assert reason in str(found.reason)
    assert reason.split("soft: ")[1] in listing(found, "pick") or "initial" in reason


@pytest.mark.parametrize(
    "change",
    [
        {"e_0": {"READ": 0.95, "STOP": 0.05}},  # made: above the threshold
        {"o_3": {"r3": 0.5, "r4": 0.5}},  # into registers that no one looks at any more
        {"b_0": {"r3": 0.5, "r4": 0.5}},  # READ has no second argument
        {"e_5": {"STOP": 0.5, "ADD": 0.5}},  # a line that is never reached
        {"R0_3": {"r1": 0.5, "r2": 0.5}},  # written before anyone looks
    ],
)
def test_soft_choices_that_do_not_matter_leave_it_type_1(change: dict) -> None:
    assert decompile(controller_of(PICK, **change), samples_of(BOTH)).kind == 1


def test_only_lines_that_the_tapes_reach_count() -> None:
    controller = controller_of(PICK, b_6={"r1": 0.5, "r2": 0.5})
    assert decompile(controller, samples_of([[3, 4], [5, 1]])).kind == 1
    assert decompile(controller, samples_of([[0, 4]])).kind == 3
    # Without tapes, control flow decides.
    assert decompile(controller).kind == 3
    source = decompile(controller, samples_of([[3, 4], [5, 1]])).source
    assert source is not None
    assert "mem[2] = 1" in source
    assert "mem[2] = 2" not in source


def test_choices_that_add_up_make_no_program() -> None:
    """Each choice is made with 0.9, but 25 of them in a row are not: the counter ends elsewhere."""
    lines = "".join(" r1 = INC r1\n" for _ in range(25))
    text = f"memory 30\nregisters r0=0 r1=0 r2=1\n{lines} r2 = WRITE r0, r1\n STOP"
    changes = {f"e_{i}": {"INC": 0.9, "ZERO": 0.1} for i in range(25)}
    found = decompile(controller_of(text, **changes), samples_of([[0]], 30))
    assert found.kind == 3
    assert "add up" in str(found.reason)


@pytest.mark.parametrize("weights", [(0.4, 0.35, 0.25), (0.34, 0.33, 0.33), (0.5, 0.3, 0.2), (0.6, 0.2, 0.2)])
def test_the_cases_of_a_vote(weights: tuple[float, float, float]) -> None:
    """The condition is true just where the registers that are zero weigh more than a half."""
    lines = ["r0 = READ r0", "r1 = READ r1", "r2 = READ r2", "r3 = JEZ r0, r3", "STOP"]
    text = "\n".join(["memory 9", "registers r0=0 r1=1 r2=2 r3=7", *lines])
    jump = MixedJump(dict(enumerate(weights)), {3: 1.0})
    blocks = blocks_of(Reading(parse(text), jumps={3: jump}))
    end = next(block.end for block in blocks.values() if isinstance(block.end, Branch))
    expression = condition(end.test).replace("||", "or").replace("&&", "and")
    for case in range(8):
        values = {f"r{i}": (case >> i) & 1 for i in range(3)}
        zero = sum(w for i, w in enumerate(weights) if values[f"r{i}"] == 0)
        assert eval(expression, {}, values) == (zero > 0.5), (expression, values)
