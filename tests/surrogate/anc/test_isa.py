"""Programs of the extended instruction set, from C to the artifact and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape import load_tape
from cprograms.tape.oracle import run as run_c
from surrogate.anc.adaptation.hybrid import adapt as search
from surrogate.anc.check import c_samples
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine.instructions import ISAS, PUBLISHED, Op
from surrogate.anc.machine.samples import Samples
from surrogate.anc.pipeline import compile_anc
from surrogate.anc.program import AncProgram
from surrogate.anc.running import run_softly

CHECKSUM = """
void checksum(int *mem)
{
    int n = mem[0] & 7, sum = 0;
    for (int i = 1; i <= n; i++) {
        sum = ((sum << 1 | sum >> 4) ^ mem[i] * 3) & 31;
        if (mem[i] % 3 == 0 && mem[i] / 2 < n) sum |= 1;
    }
    mem[0] = sum + (mem[1] == mem[2]);
}
"""
ALL = {Op.MUL, Op.DIV, Op.MOD, Op.AND, Op.OR, Op.XOR, Op.SHL, Op.SHR, Op.LT, Op.EQ}


@pytest.fixture(scope="module")
def checksum() -> AncProgram:
    return compile_anc(source=CHECKSUM, isa="extended", memory_size=40)


def test_every_operator_is_an_instruction(checksum: AncProgram) -> None:
    assert {i.op for i in checksum.program.instructions} >= ALL
    assert checksum.controller.isa == "extended"
    assert checksum.controller.matrices()["W_e"].shape[1] == ISAS["extended"]


def test_it_does_what_the_c_program_does(checksum: AncProgram) -> None:
    report = checksum.check(tapes=500)
    assert report.passed
    assert report.right > 400
    tapes = np.random.default_rng(0).integers(0, 40, size=(3, 40))
    soft = run_softly(checksum.controller, tapes, 300)
    np.testing.assert_array_equal(soft.tape, run_c(checksum.source_program, tapes, 40).tapes)
    assert soft.stopped.all()


def test_an_artifact_says_which_set_it_has(checksum: AncProgram, tmp_path: Path) -> None:
    checksum.save(tmp_path / "c.anc")
    assert json.loads((tmp_path / "c.anc" / "config.json").read_text())["isa"] == "extended"
    loaded = surrogate.load(tmp_path / "c.anc")
    assert isinstance(loaded, AncProgram)
    assert str(loaded.program) == str(checksum.program)
    assert loaded.check(tapes=50).passed


def test_decompiled_it_compiles_again(checksum: AncProgram) -> None:
    found = checksum.decompile()
    assert found.kind == 1
    assert found.source is not None
    again = compile_anc(source=found.source, isa="extended", memory_size=40)
    tapes = np.random.default_rng(1).integers(0, 40, size=(200, 40))
    np.testing.assert_array_equal(again.run_many(tapes).tape, checksum.run_many(tapes).tape)


def test_a_trace_shows_the_operators(checksum: AncProgram) -> None:
    steps = checksum.trace([2, 5, 6])
    assert {step.instruction.op for step in steps} >= ALL - {Op.OR}
    assert steps[-1].tape == tuple(checksum.run([2, 5, 6]).tape)


def test_the_search_keeps_within_the_set_of_the_program() -> None:
    """Both find x * 4 faster than the sums or the loop that they begin with."""
    source = load_tape(source="void f(int *mem) { int x = mem[0]; mem[0] = x * 3 + x * 1; }")
    samples = c_samples(source, 20, 600, 0)

    def draw(rng: np.random.Generator, n: int) -> Samples:
        return samples.take(rng.permutation(len(samples.tape))[:n])

    for isa in ISAS:
        program = compile_tape(source, 20, isa=isa)
        found = arg_max_program(search(program, draw, 50, 1, 0, lambda done, of: None))
        assert max(i.op for i in found.instructions) < ISAS[program.isa]
        assert len(found) <= len(program)


def test_without_it_there_are_eleven() -> None:
    text = "void f(int *mem) { mem[0] = mem[1] * mem[2] + mem[3] % 3 + (mem[1] < mem[2]) + (mem[1] == mem[3]); }"
    published, extended = (compile_anc(source=text, isa=isa) for isa in ("published", "extended"))
    assert published.controller.matrices()["W_e"].shape[1] == PUBLISHED
    assert published.controller.isa == "published"
    assert str(published.program) == str(compile_tape(load_tape(source=text)))
    assert len(extended.program) < len(published.program)
    tapes = np.random.default_rng(0).integers(0, 20, size=(50, published.memory_size))
    expected = run_c(published.source_program, tapes, published.memory_size).tapes
    np.testing.assert_array_equal(published.run_many(tapes).tape, expected)


def test_bits_need_it() -> None:
    with pytest.raises(ProgramError, match="the operator << is not supported") as raised:
        compile_anc(source=CHECKSUM)
    assert any("--isa extended" in (d.hint or "") for d in raised.value.diagnostics)


def test_a_set_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="no instruction set 'x86': published and extended are"):
        compile_anc(source="void f(int *mem) { mem[0] = 1; }", isa="x86")


def test_dividing_by_zero_stops_all_the_same() -> None:
    """C leaves it undefined; the machine gives M - 1 and the dividend, softly and by arg-max."""
    text = "void f(int *mem) { int q = mem[0] / mem[1]; mem[2] = mem[0] % mem[1]; mem[0] = q; }"
    program = compile_anc(source=text, isa="extended")
    run = program.run([7, 0])
    m = program.memory_size
    assert run.stopped
    assert run.tape[[0, 2]].tolist() == [m - 1, 7]
    soft = run_softly(program.controller, program.full_tape([7, 0])[None], 50)
    np.testing.assert_array_equal(soft.tape[0], run.tape)
