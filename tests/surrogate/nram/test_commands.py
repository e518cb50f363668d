"""Learned controllers on the command line: learn, run, trace, check, decompile, show; and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import surrogate
from cprograms.diagnostics import UsageError
from surrogate.cli import main
from surrogate.nram import learning
from surrogate.nram.controller import Controller, Shape
from surrogate.nram.program import NramProgram
from tests.surrogate.command import usage_error
from tests.surrogate.nram.conftest import access, increment

LEARN = ["learn", "--machine", "nram", "--task", "access", "--rounds", "1"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    NramProgram("increment", increment(), 7, 9).save("inc.nram")
    return tmp_path


def test_access_is_learned_in_seconds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LEARN, "-o", "a.nram"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("access -> a.nram\n  learned   from ")
    assert "check     10 cells: all 200 random tapes right" in out
    assert "check     20 cells: all 200 random tapes right" in out
    found = surrogate.load("a.nram")
    assert isinstance(found, NramProgram)
    assert found.run([2, 7, 8, 9, 1]).tape[0] == 9
    assert found.run([1, 20, 30, *range(40)]).tape[0] == 30  # at a size that it never saw
    assert found.measured is not None
    assert found.decompile().agreement.passed
    assert not list(folder.glob(".*progress"))


def test_the_same_seed_learns_the_same(folder: Path) -> None:
    for name in ("a.nram", "b.nram"):
        assert main([*LEARN, "--steps", "20", "--restarts", "4", "--seed", "5", "--least", "0", "-o", name]) == 0
    assert (folder / "a.nram/model.safetensors").read_bytes() == (folder / "b.nram/model.safetensors").read_bytes()


def test_a_search_finds_access_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LEARN, "--method", "search", "-o", "a.nram"]) == 0
    out = capsys.readouterr().out
    assert "tapes, by 1 round of search\n" in out
    assert "check     20 cells: all 200 random tapes right" in out
    assert main(["decompile", "a.nram"]) == 0


def test_a_controller_that_is_not_good_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [*LEARN, "--steps", "1", "--restarts", "1", "--controller", "lstm", "-o", "a.nram"]
    for least, code, said in (
        (["--least", "0.9"], 1, "which is below --least 0.9"),
        ([], 1, "of the tapes, not all: --least X accepts a share"),
        (["--least", "0"], 0, ""),
    ):
        shutil.rmtree("a.nram", ignore_errors=True)
        assert main([*argv, *least]) == code
        err = capsys.readouterr().err
        assert said in err if said else err == ""
        assert isinstance(surrogate.load("a.nram"), NramProgram)
    assert main(["check", "a.nram"]) == 1
    assert main(["decompile", "a.nram"]) == 1
    assert "a.nram: error: an LSTM controller cannot be decompiled" in capsys.readouterr().err


def test_a_session_with_a_program(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "inc.nram", "--tape", "3,6,1"]) == 0
    assert capsys.readouterr().out == "4,0,2,0,0,0,0\nfinished after 5 steps\n"
    assert main(["trace", "inc.nram", "--tape", "3,6,1"]) == 0
    assert capsys.readouterr().out == (
        "step 0 before read       write      r0 r1  cells\n"
        "   1 r0 r1    mem[0] → 3 4 → mem[0]  1  3  mem[0] 3 → 4\n"
        "   2 none     mem[1] → 6 0 → mem[1]  2  6  mem[1] 6 → 0\n"
        "   3 none     mem[2] → 1 2 → mem[2]  3  1  mem[2] 1 → 2\n"
        "   4 none     mem[3] → 0 1 → mem[3]  4  0  mem[3] 0 → 1\n"
        "   5 r1       mem[4] → 0 0 → mem[3]  4  0  mem[3] 1 → 0  finish\n"
        "4,0,2,0,0,0,0\n"
    )
    assert main(["check", "inc.nram", "--tapes", "50"]) == 0
    assert "14 cells: all 50 random tapes right" in capsys.readouterr().out
    assert main(["decompile", "inc.nram", "-o", "inc.anc"]) == 0
    assert "leave the same tape on all 200 tapes of 15 cells" in capsys.readouterr().out
    assert main(["check", "inc.anc"]) == 0
    assert main(["decompile", "inc.nram", "-o", "inc.c"]) == 0
    assert main(["compile", "inc.c", "--target", "anc", "-o", "again.anc"]) == 0


@pytest.mark.parametrize("tape", [[], ["--tape", "3,6,1"]])
def test_a_page_is_drawn(folder: Path, tape: list[str]) -> None:
    assert main(["show", "inc.nram", *tape, "-o", "a.html"]) == 0
    text = (folder / "a.html").read_text()
    assert ("step 5" in text) == bool(tape)
    assert ("next r1" in text) != bool(tape)


def test_one_document_with_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = {}
    for command in ("run", "trace", "check", "decompile"):
        tape = ["--tape", "2"] if command in ("run", "trace") else []
        assert main([command, "inc.nram", *tape, "--json"]) == 0
        documents[command] = json.loads(capsys.readouterr().out)
    assert documents["run"]["tape"] == documents["trace"]["tape"] == [3, 0, 0, 0, 0, 0, 0]
    assert [size["passed"] for size in documents["check"]["sizes"]] == [True, True]
    assert documents["decompile"]["agreement"] == {"memory_size": 15, "tapes": 200, "same": 200, "passed": True}
    assert main([*LEARN, "--steps", "1", "--restarts", "1", "--least", "0", "--json", "-o", "a.nram"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == "nram"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("learn --machine nram", "a machine learns a task: --task NAME"),
        ("learn --machine nram --task incremet", "no task 'incremet'; did you mean 'increment'?"),
        ("learn --machine nram --task addition", "no task 'addition'"),
        ("learn --machine other --task copy", "invalid choice"),
        ("learn --machine nram --task copy f.c", "a file is of sketches"),
        ("learn --machine nram --task copy --data x.npz", "--data is of sketches"),
        ("learn --machine nram --task copy --rate 1", "--rate is of sketches"),
        ("learn f.c --data x.npz --task copy", "--task is of machines that learn a task"),
        ("learn --machine nram --task copy --batch 10", "in groups of 16"),
        ("learn --machine nram --task copy --rounds 0", "rounds must be positive"),
        ("learn --machine nram --task copy --restarts -1", "restarts must be positive"),
        ("learn --machine nram --task copy --seed -1", "seed"),
        ("learn --machine nram --task copy --restarts 100000", "at most 157 restarts"),
        ("learn --machine nram --task copy --method search --batch 16", "--batch is of descent"),
        ("learn --machine nram --task copy --method search --controller lstm", "--controller is of descent"),
        ("learn --machine nram --task copy --method search --rounds 0", "rounds must be positive"),
        ("learn --machine nram --task copy --method guess", "invalid choice"),
        ("learn --machine nram --task copy -o none/a.nram", "No such file"),
        ("learn", "what is to be learned?"),
        ("learn f.c", "--data FILE"),
        ("run inc.nram", "a tape is needed: --tape"),
        ("run inc.nram --tape 7", "values are from 0 to 6"),
        ("run inc.nram --tape 1,x", "not a list of whole numbers"),
        ("run inc.nram --tape 1 --steps 0", "must be positive"),
        ("run inc.nram --input x.csv", "--input is for"),
        ("check inc.nram --tapes 0", "at least one tape"),
        ("trace inc.nram", "a tape is needed: --tape"),
        ("show inc.nram -o a.gif", "a picture is a .png or an .html file"),
        ("adapt inc.nram --task increment", "has no program to look at"),
        ("compile f.c --target nram", "learned from tapes, not compiled"),
    ],
)
def test_what_makes_no_sense_is_refused(
    argv: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "f.c").write_text("int f(int x) { return x; }")
    before = sorted(folder.iterdir())
    assert message in usage_error(argv.split(), capsys)
    assert sorted(folder.iterdir()) == before


def test_a_run_that_does_not_finish_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "inc.nram", "--tape", "1,1,1,1", "--steps", "3"]) == 1
    out, err = capsys.readouterr()
    assert "given up after 3 steps" in out
    assert "did not stop within 3 steps" in err


# --- Artifacts that are damaged ---


def damaged(folder: Path, change: dict[str, object]) -> str:
    """What loading says of an artifact whose configuration was changed, with a seal that fits."""
    from surrogate.container import seal

    path = folder / "inc.nram/config.json"
    config = json.loads(path.read_text())
    del config["seal"]
    config |= change
    config["seal"] = seal(config)
    path.write_text(json.dumps(config))
    with pytest.raises(UsageError) as e:
        surrogate.load(folder / "inc.nram")
    return str(e.value)


@pytest.mark.parametrize(
    "change",
    [
        {"entry": "addition"},
        {"controller": "cnn"},
        {"registers": 3},
        {"registers": 0},
        {"hidden": 10**9},
        {"size": "7"},
        {"size": -1},
        {"steps": 0},
        {"parameters": 5},
        {"learned": 3},
        {"measured": []},
        {"measured": [{"tapes": 1}]},
    ],
)
def test_a_configuration_that_does_not_fit_is_not_loaded(folder: Path, change: dict[str, object]) -> None:
    assert "damaged artifact" in damaged(folder, change)


def test_weights_that_are_no_numbers_are_not_loaded(folder: Path) -> None:
    shape = Shape("mlp", 2, 4)
    NramProgram("access", Controller(shape, torch.full((1, shape.size), torch.nan)), 7, 9).save(folder / "nan.nram")
    with pytest.raises(UsageError, match="not finite"):
        surrogate.load(folder / "nan.nram")


def test_a_check_of_other_weights_is_not_kept(folder: Path) -> None:
    program = NramProgram("access", access(), 10, 3)
    program.check(tapes=20)
    assert program.measured is not None
    with torch.no_grad():
        program.controller.weights += 1
    assert program.measured is None
    program.save(folder / "changed.nram")
    assert json.loads((folder / "changed.nram/config.json").read_text())["measured"] is None


def test_an_interruption_keeps_the_best_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [*LEARN, "--steps", "30", "--restarts", "4", "--seed", "3", "-o"]
    assert main([*argv, "whole.nram"]) == 0
    update, count = learning._Work.update, 0

    def interrupted(work: learning._Work) -> None:
        nonlocal count
        count += 1
        if count == 12:
            raise KeyboardInterrupt
        update(work)

    monkeypatch.setattr(learning._Work, "update", interrupted)
    assert main([*argv, "half.nram"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert (folder / ".half.nram.progress").exists()
    assert isinstance(surrogate.load("half.nram"), NramProgram)
    assert main([*argv, "half.nram"]) == 0
    assert not (folder / ".half.nram.progress").exists()
    whole, half = (folder / name / "model.safetensors" for name in ("whole.nram", "half.nram"))
    assert whole.read_bytes() == half.read_bytes()
