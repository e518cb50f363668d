"""Programs of the exact target: runs, traces, checks, artifacts, and rows of tapes from files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save

import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape.oracle import run as run_c
from surrogate import container
from surrogate.anc.check import ExactReport, random_tapes
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import parse
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.samples import Samples, parse_samples, samples_text
from surrogate.anc.machine.tracing import trace_lines
from surrogate.anc.program import AncProgram

TAPE = [7, 2, 2, 5, 5, 9, 6, 3, 4, 0, 7]


def compiled(source: str, **options: int) -> AncProgram:
    program = surrogate.compile(source=source, target="anc", **options)
    assert isinstance(program, AncProgram)
    return program


def test_runs_fill_the_tape_with_zeros(listk: AncProgram) -> None:
    run = listk.run(TAPE)
    assert run.tape.tolist() == [7, 2, 5, 5, 5, 9, 6, 3, 4, 0, 7] + [0] * 9
    assert (run.steps, run.stopped) == (13, True)
    given_up = listk.run(TAPE, max_steps=5)
    assert (given_up.steps, given_up.stopped) == (5, False)


def test_runs_are_those_of_the_machine(listk: AncProgram) -> None:
    tapes = random_tapes(20, 20, 1)
    runs = listk.run_many(tapes, 60)
    with torch.no_grad():
        other = machine.run(listk.controller, machine.to_tape(torch.from_numpy(tapes))[None], 60, hard=True)
    assert (runs.tape == other.state.tape[0].argmax(-1).numpy()).all()
    assert (runs.steps == other.steps[0].numpy()).all()
    assert (runs.stopped == ~other.state.running[0].numpy()).all()
    assert 0 < runs.stopped.sum() < 20


@pytest.mark.parametrize(
    ("tape", "message"),
    [
        ([0] * 21, "21 cells does not fit the memory of 20"),
        ([1, 20], "cell 1 of the tape is 20; values are from 0 to 19"),
        ([-1], "cell 0 of the tape is -1"),
        ([1.5], "whole numbers"),
        ([[1]], "a sequence"),
        (["x"], "whole numbers"),
    ],
)
def test_bad_tapes_are_named(listk: AncProgram, tape: list, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        listk.run(tape)


def test_a_trace_is_the_run(listk: AncProgram) -> None:
    run, steps = listk.run(TAPE), listk.trace(TAPE)
    assert len(steps) == run.steps
    assert steps[-1].tape == tuple(run.tape.tolist())
    assert steps[-1].halted
    tape = np.zeros(20, dtype=int)
    tape[: len(TAPE)] = TAPE
    for s in steps:
        for cell, (before, after) in s.changed.items():
            assert tape[cell] == before
            tape[cell] = after
        assert tuple(tape) == s.tape
    assert [s.line for s in steps[:2]] == [0, steps[0].next_line]
    text = "\n".join(trace_lines(steps))
    assert "mem[2] 2 → 5" in text
    assert "\033" not in text
    assert "\033[33mmem[2] 2 → 5\033[0m" in "\n".join(trace_lines(steps, colour=True))
    assert len(listk.trace(TAPE, max_steps=4)) == 4


def test_a_check_counts_what_the_c_program_leaves(listk: AncProgram) -> None:
    report = listk.check(tapes=200, seed=3)
    assert report.passed
    assert (report.tapes, report.right + report.endless, report.mismatch) == (200, 200, None)
    assert listk.measured == report
    assert ExactReport.from_dict(json.loads(json.dumps(report.as_dict()))) == report


def test_a_check_finds_a_wrong_program(listk: AncProgram) -> None:
    wrong = parse(str(listk.program).replace("INC", "DEC"))
    broken = AncProgram(listk.entry, listk.text, listk.tape, Controller.of([wrong]))
    report = broken.check(tapes=100)
    assert not report.passed
    assert report.mismatch is not None
    expected = run_c(broken.source_program, np.array([report.mismatch.tape]), 20).tapes[0]
    assert report.mismatch.expected == expected.tolist() != report.mismatch.found


def test_a_check_that_is_given_up_is_not_passed(listk: AncProgram) -> None:
    report = listk.check(tapes=50, max_steps=5)
    assert not report.passed
    assert report.unfinished == report.tapes - report.endless


def test_programs_that_do_not_end_are_not_compared() -> None:
    program = compiled("void f(int *mem) { while (mem[0] != 0) mem[1]++; mem[2] = 1; }")
    report = program.check(tapes=100)
    assert 0 < report.endless < 100
    assert report.passed


@pytest.mark.parametrize("options", [{"tapes": 0}, {"seed": -1}, {"max_steps": 0}])
def test_checks_that_make_no_sense(listk: AncProgram, options: dict) -> None:
    with pytest.raises(UsageError):
        listk.check(**options)


# --- compile ---


def test_the_memory_is_the_least_that_holds_the_program() -> None:
    program = compiled("void f(int *mem) { int a[3]; a[0] = mem[1]; mem[0] = a[mem[2]]; }", tape=10)
    assert (program.memory_size, program.tape) == (13, 10)


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        ("void f(int *mem) { mem[0] = 1; }", {"memory_size": 5000}, UsageError, "at most 4096"),
        ("void f(int *mem) { mem[0] = 1; }", {"tape": 5000}, UsageError, "at most 4096"),
        ("void f(int *mem) { mem[0] = 1; }", {"memory_size": 1}, UsageError, "at least 2"),
        ("void f(int *mem) { mem[0] = 1; }", {"memory_size": 8, "tape": 9}, UsageError, "does not fit a memory of 8"),
        ("void f(int *mem) { mem[0] = 1; }", {"registers": 0}, UsageError, "too few"),
        ("void f(int *mem) { mem[0] = mem[1] + mem[2]; }", {"registers": 1}, ProgramError, "registers"),
        ("void f(int *mem) { mem[100000] = 1; }", {}, ProgramError, "100001 cells"),
        ("double f(double x) { return x; }", {}, ProgramError, "mlp"),
    ],
)
def test_what_does_not_compile_says_why(source: str, options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        compiled(source, **options)


def test_unknown_targets_and_options() -> None:
    with pytest.raises(UsageError, match="unknown target 'tpu'; there are mlp, graph, anc, sketch and nram"):
        surrogate.compile(source="", target="tpu")
    with pytest.raises(TypeError):
        surrogate.compile(source="void f(int *mem) { mem[0] = 1; }", target="anc", rows=3)


# --- artifacts ---


@pytest.fixture
def saved(listk: AncProgram, tmp_path: Path) -> Path:
    listk.save(tmp_path / "listk.anc")
    return tmp_path / "listk.anc"


def test_a_loaded_program_is_the_saved_one(listk: AncProgram, saved: Path) -> None:
    loaded = surrogate.load(saved)
    assert isinstance(loaded, AncProgram)
    for name, matrix in loaded.controller.matrices().items():
        assert torch.equal(matrix, listk.controller.matrices()[name]), name
    for name in ("entry", "text", "tape", "program", "measured", "kind", "samples", "memory_size"):
        assert getattr(loaded, name) == getattr(listk, name), name
    assert loaded.check(tapes=50) == listk.check(tapes=50)
    assert parse((saved / "program.asm").read_text()) == listk.program
    assert set(load_file(saved / "model.safetensors")) == {"W_e", "W_a", "W_b", "W_o", "R0", "IR0"}
    assert "10 lines" in (saved / "README.md").read_text()


def test_an_adapted_program_keeps_its_tapes(listk: AncProgram, tmp_path: Path) -> None:
    tape = random_tapes(5, 20, 0)
    target = run_c(listk.source_program, tape, 20).tapes
    samples = Samples(tape, target, np.arange(20) == np.full((5, 1), 2))
    adapted = AncProgram(listk.entry, listk.text, listk.tape, listk.controller, samples, {"method": "hybrid"}, kind=3)
    adapted.save(tmp_path / "a.anc")
    loaded = surrogate.load(tmp_path / "a.anc")
    assert isinstance(loaded, AncProgram)
    assert loaded.samples is not None
    for name in ("tape", "target", "mask"):
        assert (getattr(loaded.samples, name) == getattr(samples, name)).all()
    assert (loaded.kind, loaded.adaptation) == (3, {"method": "hybrid"})
    report = loaded.check()
    assert (report.adapted, report.tapes, report.passed) == (True, 5, True)
    # Softly, as a program of type 3 is, and yet exactly, as its matrices are.
    assert (loaded.run_many(tape).tape == target).all()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "program.asm", "program.c"])
@pytest.mark.parametrize("damage", ["truncated", "emptied", "edited", "removed"])
def test_a_damaged_artifact_does_not_load(saved: Path, name: str, damage: str) -> None:
    path = saved / name
    content = path.read_bytes()
    middle = len(content) // 2
    if damage == "removed":
        path.unlink()
    else:
        edited = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"truncated": content[:middle], "emptied": b"", "edited": edited}[damage])
    with pytest.raises(UsageError, match=r"listk\.anc: (damaged|not a surrogate) artifact"):
        surrogate.load(saved)


def rewrite(saved: Path, config: dict, files: dict[str, bytes]) -> None:
    """The artifact with other contents, consistently sealed."""
    old = json.loads((saved / "config.json").read_text())
    kept = {name: (saved / name).read_bytes() for name in old["sha256"]}
    unsealed = {k: v for k, v in old.items() if k not in ("sha256", "seal")}
    container.write(saved, {**unsealed, **config}, {**kept, **files})


@pytest.mark.parametrize(
    "config",
    [
        {"memory_size": 19},
        {"registers": 7},
        {"memory_size": "many"},
        {"type": 4},
        {"target": "tpu"},
        {"measured": {"tapes": 1}},
        {"tape": None},
    ],
)
def test_a_configuration_that_does_not_fit_does_not_load(saved: Path, config: dict) -> None:
    rewrite(saved, config, {})
    with pytest.raises(UsageError, match="damaged artifact"):
        surrogate.load(saved)


def test_matrices_that_are_no_controller_do_not_load(saved: Path) -> None:
    matrices = load_file(saved / "model.safetensors")
    for change, message in (
        ({"R0": matrices["R0"][:, :-1].contiguous()}, "shapes"),
        ({"IR0": torch.full((20,), torch.nan)}, "not finite"),
        ({"W_e": matrices["W_e"].double()}, "float32"),
        ({"W_e": matrices["W_e"].roll(1, dims=0).contiguous()}, "not what the matrices say"),
        ({"more": torch.zeros(1)}, "shapes"),
    ):
        rewrite(saved, {}, {"model.safetensors": save({**matrices, **change})})
        with pytest.raises(UsageError, match=f"damaged artifact.*{message}"):
            surrogate.load(saved)


def test_rows_of_an_artifact_are_checked(saved: Path) -> None:
    rewrite(saved, {}, {"samples.jsonl": b'{"in": [1], "out": [99]}\n'})
    with pytest.raises(UsageError, match=r"damaged artifact.*samples\.jsonl:1: .*99"):
        surrogate.load(saved)


# --- rows of tapes ---


def test_rows_are_filled_with_zeros() -> None:
    samples = parse_samples('{"in": [1, 2], "out": [2], "mask": [1]}\n\n{"in": [3], "out": [3, 0]}\n', 4, "rows")
    assert samples.tape.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]
    assert samples.target.tolist() == [[2, 0, 0, 0], [3, 0, 0, 0]]
    assert samples.mask.tolist() == [[True, False, False, False], [True, True, False, False]]
    again = parse_samples(samples_text(samples), 4, "rows")
    assert all((getattr(again, n) == getattr(samples, n)).all() for n in ("tape", "target", "mask"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows: no rows"),
        ("\n{", "rows:2: not JSON"),
        ("[1]", "rows:1: a row is an object"),
        ('{"in": [1]}', "rows:1: a row is an object"),
        ('{"in": [1], "out": [1], "weight": 2}', "rows:1: a row is an object"),
        ('{"in": 1, "out": [1]}', 'rows:1: "in" is a list of whole numbers'),
        ('{"in": [1.5], "out": [1]}', 'rows:1: "in" is a list of whole numbers'),
        ('{"in": [], "out": [1]}', 'rows:1: "in" has 0 values'),
        ('{"in": [1], "out": [0, 0, 0, 0, 0]}', 'rows:1: "out" has 5 values; the memory has 4 cells'),
        ('{"in": [4], "out": [1]}', 'rows:1: "in": cell 0 is 4; values are from 0 to 3'),
        ('{"in": [1], "out": [-1]}', 'rows:1: "out": cell 0 is -1'),
        ('{"in": [1], "out": [1], "mask": [2]}', 'rows:1: "mask": cell 0 is 2; values are from 0 to 1'),
        ('{"in": [1], "out": [1], "mask": [0]}', "rows:1: no cell counts"),
        ('{"in": [1], "out": [1], "mask": [1, 1]}', 'rows:1: "mask" counts cell 1, and "out" has 1 cell'),
        ("[" * 100_000, "rows:1: "),
    ],
)
def test_bad_rows_are_named_by_their_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_samples(text, 4, "rows")
    assert str(caught.value).startswith(message)
