"""The commands on programs of the exact target."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms import files
from surrogate.anc.adaptation import hybrid
from surrogate.anc.adaptation.outcome import Progress
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.program import AncProgram
from surrogate.cli import main
from tests.surrogate.command import give_stdin, usage_error

pytestmark = pytest.mark.usefixtures("in_own_folder")

LIBRARY = Path(cprograms.__file__).parent / "library" / "anc"
LISTK = str(LIBRARY / "listk.c")
TAPE = "7,2,2,5,5,9,6,3,4,0,7"
LEFT = "7,2,5,5,5,9,6,3,4,0,7,0,0,0,0,0,0,0,0,0"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="session")
def session_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exact") / "listk.anc"
    program = surrogate.compile(LISTK, target="anc", memory_size=20)
    program.save(path)
    return path


@pytest.fixture
def listk(session_artifact: Path, in_own_folder: None) -> str:
    Path("listk.anc").mkdir()
    for file in session_artifact.iterdir():
        Path("listk.anc", file.name).write_bytes(file.read_bytes())
    return "listk.anc"


def output(argv: list[str], capsys: Capture, code: int = 0) -> str:
    """The stdout of a command that leaves stderr empty."""
    capsys.readouterr()
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert err == ""
    return out


# --- compile ---


def test_compile_writes_an_artifact_and_says_what_it_is(capsys: Capture) -> None:
    out = output(["compile", LISTK, "--target=anc", "--memory-size", "20"], capsys)
    program = surrogate.load("listk.anc")
    assert isinstance(program, AncProgram)
    for part in (
        "listk.anc",
        "void listk(int *)",
        f"{len(program.program)} lines",
        "20 cells",
        "all 100 random tapes",
        "s\n",
    ):
        assert part in out
    assert sorted(os.listdir("listk.anc")) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "program.asm",
        "program.c",
    ]


def test_compile_reports_as_json_and_takes_every_option(capsys: Capture) -> None:
    Path("include").mkdir()
    Path("include/one.h").write_text("#define ONE 1\n")
    source = '#include "one.h"\nvoid f(int *mem) { mem[0] = ONE + N; }\nvoid g(int *mem) { mem[0] = 0; }\n'
    Path("f.c").write_text(source)
    options = ["--entry", "f", "-Iinclude", "-DN=3", "--tape", "9", "--registers", "5", "-o", "out", "--json"]
    report = json.loads(output(["compile", "f.c", "--target", "anc", *options], capsys))
    assert (report["target"], report["entry"], report["memory_size"], report["artifact"]) == ("anc", "f", 9, "out")
    assert report["measured"]["passed"] is True
    assert report["seconds"] > 0
    assert json.loads(output(["run", "out", "--tape", "", "--json"], capsys))["tape"] == [4] + [0] * 8


def test_compile_reads_stdin(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, b"void twice(int *mem) { mem[0] += mem[0]; }")
    assert "-> twice.anc" in output(["compile", "-", "--target", "anc"], capsys)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", [], "no function"),
        (b"\x7fELF\x00\x01\x02", [], "bad.c"),
        (b"this is no C", [], "bad.c:1:"),
        (b"int x;", [], "no function"),
        (b"double f(double x) { return x; }", [], "--target mlp"),
        (b"void f(int *mem) { mem[0] = 1.5; }", [], "bad.c:1:"),
        (b"void f(int *mem) { f(mem); }", [], "bad.c:1:"),
        (b"void f(int *mem) { mem[0]++; mem[1]++; }", ["--memory-size", "2"], "--memory-size"),
        (b"void f(int *mem) { mem[0]++; mem[1]++; }", ["--registers", "1"], "registers"),
        (b"void f(int *mem) { int a[9]; a[mem[0]] = 1; }", ["--memory-size", "8"], "does not fit"),
        (b"void f(int *mem) { mem[0] = 2000000; }", [], "2000001 cells"),
    ],
)
def test_a_rejected_program_exits_with_1(content: bytes, options: list[str], message: str, capsys: Capture) -> None:
    Path("bad.c").write_bytes(content)
    argv = ["compile", "bad.c", "--target", "anc", *options]
    assert main(argv) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "bad.c" in err
    assert message in err
    assert json.loads(output([*argv, "--json"], capsys, code=1))["diagnostics"][0]["file"] == "bad.c"
    assert os.listdir() == ["bad.c"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--memory-size", "1"], "too small"),
        (["--memory-size", "5000"], "at most 4096"),
        (["--memory-size", "ten"], "invalid int value"),
        (["--memory-size", "16", "--tape", "17"], "does not fit a memory of 16"),
        (["--tape", "0"], "too short"),
        (["--registers", "0"], "too few"),
        (["--rows", "5"], "--rows is of --target mlp"),
        (["--range", "x=0:1"], "--range is of --target mlp"),
        (["-O2"], "-O is of --target mlp"),
        (["-O0"], "-O is of --target mlp"),
        (["--entry", "unknown"], "unknown"),
        (["-o", "missing/out.anc"], "cannot be written: No such file or directory"),
        (["-o", "."], "is not a surrogate artifact"),
    ],
)
def test_wrong_usage_exits_with_2(options: list[str], message: str, capsys: Capture) -> None:
    assert message in usage_error(["compile", LISTK, "--target", "anc", *options], capsys)
    assert os.listdir() == []


def test_a_full_disk_leaves_nothing(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write_durably", full)
    assert "No space left on device" in usage_error(["compile", LISTK, "--target", "anc"], capsys)
    assert os.listdir() == []


# --- run, trace, check ---


def test_run_prints_the_tape(listk: str, capsys: Capture) -> None:
    assert output(["run", listk, "--tape", TAPE], capsys) == f"{LEFT}\nstopped after 13 steps\n"
    result = json.loads(output(["run", listk, "--tape", TAPE, "--json"], capsys))
    assert result == {"artifact": listk, "tape": [int(v) for v in LEFT.split(",")], "steps": 13, "stopped": True}


@pytest.mark.parametrize("command", ["run", "trace"])
def test_a_run_that_is_given_up_exits_with_1(listk: str, command: str, capsys: Capture) -> None:
    assert main([command, listk, "--tape", TAPE, "--steps", "5", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["stopped"] is False
    assert "did not stop within 5 steps" in err


@pytest.mark.parametrize("command", ["run", "trace"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "a tape is needed: --tape"),
        (["--tape", ",".join(["0"] * 21)], "a tape of 21 cells does not fit the memory of 20"),
        (["--tape", "1,20"], "cell 1 of the tape is 20; values are from 0 to 19"),
        (["--tape", "-1,2"], "cell 0 of the tape is -1"),
        (["--tape", "1,x"], "'1,x' is not a list of whole numbers"),
        (["--tape", "1.5"], "not a list of whole numbers"),
        (["--tape", "9" * 5000], "not a list of whole numbers"),
        (["--tape", "99999999999999999999"], "cell 0"),
        (["--tape", TAPE, "--steps", "0"], "steps must be positive"),
    ],
)
def test_bad_tapes_exit_with_2(listk: str, command: str, options: list[str], message: str, capsys: Capture) -> None:
    assert message in usage_error([command, listk, *options], capsys)


def test_options_of_the_other_target_exit_with_2(listk: str, artifact: str, capsys: Capture) -> None:
    for argv, message in (
        (["run", listk, "1", "2"], "is for surrogates and graphs; a program (--target anc) takes --tape, --steps"),
        (["run", artifact, "1", "2", "--tape", "1"], "--tape is for programs of --target anc"),
        (["check", listk, "--rows", "5"], "--rows is for surrogates"),
        (["check", artifact, "--tapes", "5"], "--tapes is for programs of --target anc"),
        (["trace", artifact, "--tape", "1"], "has no program to look at"),
        (["decompile", artifact], "has no program to look at"),
        (["show", artifact, "-o", "x.html"], "has no program to look at"),
        (["adapt", artifact, "--task", "sort"], "has no program to look at"),
    ):
        assert message in usage_error(argv, capsys), argv


def test_a_surrogate_runs_to_json(artifact: str, capsys: Capture) -> None:
    report = json.loads(output(["run", artifact, "1", "0.5", "--json"], capsys))
    loaded = surrogate.load(artifact)
    assert report["rows"] == [{"return": pytest.approx(loaded.predict([[1, 0.5]])[0, 0])}]


def test_trace_prints_a_line_a_step(listk: str, capsys: Capture) -> None:
    lines = output(["trace", listk, "--tape", TAPE], capsys).splitlines()
    assert lines[0].split()[:4] == ["step", "line", "instruction", "r0"]
    assert len(lines) == 1 + 13 + 1
    assert [int(line.split()[0]) for line in lines[1:-1]] == list(range(1, 14))
    assert sum("mem[2] 2 → 5" in line for line in lines) == 1
    assert lines[-1] == LEFT
    document = json.loads(output(["trace", listk, "--tape", TAPE, "--json"], capsys))
    assert len(document["steps"]) == 13
    assert [c for s in document["steps"] for c in s["changed"]] == [{"cell": 2, "before": 2, "after": 5}]


def test_check_compares_with_the_c_program(listk: str, capsys: Capture) -> None:
    assert "all 50 random tapes right" in output(["check", listk, "--tapes", "50"], capsys)
    report = json.loads(output(["check", listk, "--tapes", "50", "--seed", "4", "--json"], capsys))
    assert (report["passed"], report["tapes"], report["seed"]) == (True, 50, 4)
    report = json.loads(output(["check", listk, "--tapes", "50", "--steps", "4", "--json"], capsys, code=1))
    assert (report["passed"], report["unfinished"]) == (False, 50)
    assert "at least one tape" in usage_error(["check", listk, "--tapes", "0"], capsys)


def test_a_program_that_is_given_up_is_not_said_to_differ(capsys: Capture) -> None:
    body = "int i, j; for (i = 0; i < 50; i++) for (j = 0; j < 50; j++) mem[0] = mem[0] + 1;"
    Path("slow.c").write_text(f"void slow(int *mem) {{ {body} }}")
    assert main(["compile", "slow.c", "--target", "anc", "--memory-size", "64"]) == 1
    out, err = capsys.readouterr()
    assert "given up on 100" in out
    assert "not every tape ended within 10,000 steps" in err
    assert "differs" not in err
    assert "all 20 random tapes right" in output(["check", "slow.anc", "--tapes", "20", "--steps", "100000"], capsys)


def test_check_shows_the_first_tape_that_differs(listk: str, capsys: Capture) -> None:
    program = surrogate.load(listk)
    assert isinstance(program, AncProgram)
    program.text = program.text.replace("mem[mem[2]] =", "mem[3] =")
    assert "mem[3]" in program.text
    program.save(listk)
    out = output(["check", listk, "--tapes", "50"], capsys, code=1)
    assert "only " in out
    tapes = {
        line.split()[0]: line.split()[1]
        for line in out.splitlines()
        if line.split()[0] in ("tape", "expected", "found")
    }
    assert output(["run", listk, "--tape", tapes["tape"]], capsys).startswith(tapes["found"])
    assert tapes["expected"] != tapes["found"]


@pytest.mark.parametrize("command", ["run", "trace", "check", "decompile"])
def test_a_corrupt_artifact_exits_with_2(listk: str, command: str, capsys: Capture) -> None:
    tensors = Path(listk, "model.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:100])
    options = ["--tape", "1"] if command in ("run", "trace") else []
    assert "model.safetensors was truncated" in usage_error([command, listk, *options], capsys)


# --- decompile, show ---


def test_decompile_prints_assembly_and_c(listk: str, capsys: Capture) -> None:
    out = output(["decompile", listk], capsys)
    assert out.startswith("; listk: type 1: every choice is made")
    assert "void listk(int *mem)" in out
    report = json.loads(output(["decompile", listk, "--json"], capsys))
    assert (report["type"], report["reason"], report["memory_size"]) == (1, None, 20)
    assert report["c"] in out
    assert all(min(c["options"].values()) == 1 for c in report["choices"])
    output(["decompile", listk, "-o", "again.c"], capsys)
    argv = ["compile", "again.c", "--target", "anc", "--memory-size", "20"]
    output(argv, capsys)
    assert output(["run", "again.anc", "--tape", TAPE], capsys).splitlines()[0] == LEFT


def test_decompile_explains_type_3(listk: str, capsys: Capture) -> None:
    program = surrogate.load(listk)
    assert isinstance(program, AncProgram)
    program.controller.weight.data[0, 2, 1] = 200.0  # line 2: as likely ZERO as what it is
    program.kind = 3
    program.save("soft.anc")
    out = output(["decompile", "soft.anc"], capsys)
    assert "type 3" in out
    assert "line 2: the instruction is soft: ZERO 0.50" in out
    assert "void" not in out
    assert main(["decompile", "soft.anc", "-o", "soft.c"]) == 1
    assert "type 3" in capsys.readouterr().err
    assert not Path("soft.c").exists()


def test_show_draws_both_pictures(listk: str, capsys: Capture) -> None:
    output(["show", listk, "-o", "m.html"], capsys)
    output(["show", listk, "--tape", TAPE, "-o", "t.HTML"], capsys)
    assert "W<sub>e</sub>" in Path("m.html").read_text()
    assert "a run of 13 steps" in Path("t.HTML").read_text()
    assert "a picture is a .png or an .html file" in usage_error(["show", listk, "-o", "x.svg"], capsys)
    assert "cannot be written" in usage_error(["show", listk, "-o", "missing/x.html"], capsys)
    assert "does not fit" in usage_error(["show", listk, "-o", "x.html", "--tape", "1" + ",1" * 20], capsys)
    assert sorted(os.listdir()) == ["listk.anc", "m.html", "t.HTML"]


# --- adapt ---


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that takes no time."""
    monkeypatch.setattr(hybrid, "ROUNDS", 3)
    monkeypatch.setattr(hybrid, "PROPOSALS", 20_000)


@pytest.fixture
def access(in_own_folder: None, capsys: Capture) -> str:
    output(["compile", str(LIBRARY / "access.c"), "--target", "anc", "--memory-size", "10"], capsys)
    return "access.anc"


def test_adapt_writes_the_best(access: str, quick: None, capsys: Capture) -> None:
    report = json.loads(output(["adapt", access, "--task", "access", "--seeds", "3", "--json"], capsys))
    assert report["artifact"] == "access-adapted.anc"
    assert (report["seeds"], len(report["attempts"]), report["finished"]) == (3, 3, True)
    assert report["iterations_before"] == 6
    assert report["iterations_best"] < 6
    best = surrogate.load("access-adapted.anc")
    assert isinstance(best, AncProgram)
    samples = TASKS["access"].sample(np.random.default_rng(9), 50, biased=True)
    assert (best.run_many(samples.tape).tape[:, 0] == samples.target[:, 0]).all()
    assert best.adaptation is not None
    assert best.adaptation["task"] == "access"
    assert "all 100 tapes that it was adapted to" in output(["check", "access-adapted.anc"], capsys)
    assert "type 1" in output(["decompile", "access-adapted.anc"], capsys)
    assert "adapted already" in usage_error(["adapt", "access-adapted.anc", "--task", "access"], capsys)


def test_adapt_takes_samples(access: str, quick: None, capsys: Capture) -> None:
    rng = np.random.default_rng(0)
    tapes = np.column_stack([np.full(30, 3), rng.integers(0, 10, size=(30, 9))])
    rows = [{"in": t, "out": [t[4]]} for t in tapes.tolist()]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = output(["adapt", access, "--samples", "rows.jsonl", "--seeds", "2", "-o", "best.anc"], capsys)
    assert "access.anc -> best.anc" in out
    assert "6 iterations before" in out
    best = surrogate.load("best.anc")
    assert isinstance(best, AncProgram)
    assert (best.run_many(tapes).tape[:, 0] == tapes[:, 4]).all()


def test_the_published_method_runs(access: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    task = TASKS["access"]
    assert task.adaptation is not None
    monkeypatch.setitem(TASKS, "access", replace(task, adaptation=replace(task.adaptation, steps=3)))
    argv = ["adapt", access, "--task", "access", "--method", "published", "--seeds", "2", "--json"]
    capsys.readouterr()
    reports = []
    for options in ([], ["--gradient", "published", "--watch", "way"], ["--gradient", "exact"]):
        code = main([*argv, *options])
        reports.append(json.loads(capsys.readouterr().out))
        assert code == (0 if reports[-1]["artifact"] else 1)
        assert reports[-1]["method"] == "published"
        assert len(reports[-1]["attempts"]) == len(reports[-1]["last"]["attempts"]) == 2
    assert reports[0]["attempts"] == reports[1]["attempts"]
    assert sorted(os.listdir("way"))[:3] == ["curves.csv", "curves.png", "step_00000.asm"]
    assert main([*argv[:-1]]) == code
    assert "at the last checkpoint" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "one of the arguments --task --samples is required"),
        (["--task", "access", "--samples", "x"], "not allowed with"),
        (["--task", "unknown"], "unknown task 'unknown'; there are access, increment"),
        (["--task", "sort"], "compile it with --memory-size 21"),
        (["--task", "swap"], "the program itself is wrong on"),
        (["--task", "access", "--seeds", "0"], "seeds must be positive"),
        (["--task", "access", "--seed", "-1"], "must not be negative"),
        (["--task", "access", "--method", "magic"], "invalid choice"),
        (["--task", "access", "--gradient", "exact"], "a search has no gradient and no checkpoints"),
        (["--task", "access", "--watch", "way"], "a search has no gradient and no checkpoints"),
        (["--task", "access", "--method", "published", "--gradient", "true"], "invalid choice"),
        (["--task", "access", "--method", "published", "--watch", "."], ".: to watch a descent, a new or an empty"),
        (["--task", "linear_search:x"], "unknown bias 'x' of task 'linear_search'"),
        (["--task", "access", "-o", "."], "is not a surrogate artifact"),
        (["--samples", "missing.jsonl"], "missing.jsonl: cannot be read: No such file"),
        (["--samples", "rows.jsonl"], 'rows.jsonl:2: "in" has 11 values; the memory has 10 cells'),
    ],
)
def test_bad_adaptations_exit_with_2(access: str, options: list[str], message: str, capsys: Capture) -> None:
    Path("rows.jsonl").write_text('{"in": [1], "out": [1]}\n' + json.dumps({"in": [0] * 11, "out": [1]}) + "\n")
    assert message in usage_error(["adapt", access, *options], capsys)
    assert sorted(os.listdir()) == ["access.anc", "rows.jsonl"]


def test_nothing_faster_exits_with_1(access: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fruitless(program: Assembly, draw: object, steps: int, seeds: int, seed: int, progress: Progress) -> Controller:
        progress(seeds, seeds)
        return Controller.of([program] * seeds)

    monkeypatch.setattr(hybrid, "adapt", fruitless)
    assert main(["adapt", access, "--task", "access", "--seeds", "1", "-o", "best.anc"]) == 1
    assert "no attempt is faster and right" in capsys.readouterr().out
    assert not Path("best.anc").exists()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_the_best_so_far(
    access: str, quick: None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("surrogate.anc.commands._progress_bar", lambda title: nullcontext(interrupt))
    argv = ["adapt", access, "--task", "access", "--seeds", "50", "-o", "best.anc", "--json"]
    capsys.readouterr()
    assert main(argv) == 130
    out, err = capsys.readouterr()
    assert "interrupted; the best so far is kept" in err
    report = json.loads(out)
    assert (report["finished"], report["artifact"]) == (False, "best.anc")
    assert 0 < report["success_rate"] < 0.1
    best = surrogate.load("best.anc")
    assert isinstance(best, AncProgram)
    assert best.check().passed


def test_a_progress_bar_is_only_for_terminals(access: str, quick: None, capsys: Capture) -> None:
    """`output` asserts that stderr stays empty where it is no terminal."""
    output(["adapt", access, "--task", "access", "--seeds", "2"], capsys)


@pytest.mark.parametrize(("path", "name"), [(".", "access-adapted.anc"), ("../other.x", "other.x-adapted.anc")])
def test_an_adapted_program_is_named_after_the_artifact(
    path: str, name: str, access: str, quick: None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(access, "other.x")
    monkeypatch.chdir(access)
    output(["adapt", path, "--task", "access", "--seeds", "3"], capsys)
    assert isinstance(surrogate.load(name), AncProgram)
    output(["check", "."], capsys)


def test_adapt_does_not_work_for_what_it_may_not_write(
    access: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AncProgram, "adapt", None)
    shutil.copytree(access, "kept.anc")
    Path("kept.anc/samples.jsonl").write_text("mine")
    adapt = ["adapt", access, "--task", "access", "-o"]
    assert "kept.anc/samples.jsonl: is no file of the artifact" in usage_error([*adapt, "kept.anc"], capsys)
    assert "cannot be written: No such file" in usage_error([*adapt, "missing/best.anc"], capsys)
    assert Path("kept.anc/samples.jsonl").read_text() == "mine"
