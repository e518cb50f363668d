"""Sketches on the command line: learn, run, check, decompile."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms.diagnostics import UsageError
from surrogate.cli import main
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import _arrays
from tests.surrogate.command import usage_error
from tests.surrogate.sketch.test_learning import CHOOSES, LIBRARY, differences
from training.sketches.clocks import clocks


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("f.c").write_text(CHOOSES)
    np.savez("some.npz", **differences(100))
    np.savez("others.npz", **differences(50, 1))
    return tmp_path


LEARN = ["learn", "f.c", "--data", "some.npz", "--steps", "120", "--restarts", "4"]


def test_a_session(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(LEARN) == 0
    out = capsys.readouterr().out
    assert out.startswith("f.c -> f.sketch\n  learned   op = 3\n            first = 2\n            second = 0\n")
    assert "accuracy  1 right on 20 examples held back, of 100" in out
    assert main(["check", "f.sketch", "--data", "others.npz", "--least", "1"]) == 0
    assert "1 right on 50 examples" in capsys.readouterr().out
    assert main(["run", "f.sketch", "--input", "others.npz"]) == 0
    lines = capsys.readouterr().out.split()
    assert lines[0] == "return"
    assert [float(v) for v in lines[1:]] == differences(50, 1)["result"].tolist()
    assert main(["decompile", "f.sketch", "-o", "found.c"]) == 0
    assert "static const int op = 3;" in Path("found.c").read_text()
    held_out = differences(50, 1)
    assert cprograms.load("found.c").run(held_out["x"])[:, 0].tolist() == held_out["result"].tolist()


def test_one_document_with_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LEARN, "--json"]) == 0
    learned = json.loads(capsys.readouterr().out)
    assert (learned["artifact"], learned["accuracy"], len(learned["restarts"])) == ("f.sketch", 1.0, 4)
    for argv, key in (
        (["check", "f.sketch", "--data", "others.npz"], "accuracy"),
        (["run", "f.sketch", "--input", "others.npz"], "rows"),
        (["decompile", "f.sketch"], "c"),
    ):
        assert main([*argv, "--json"]) == 0
        assert key in json.loads(capsys.readouterr().out)


def test_an_accuracy_that_is_too_low_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = differences(100)
    np.savez("wrong.npz", **wrong | {"result": (wrong["result"] + 1) % 10})
    assert main(LEARN) == 0
    assert main(["check", "f.sketch", "--data", "wrong.npz", "--least", "0.5"]) == 1
    assert "below --least 0.5" in capsys.readouterr().err


def test_what_is_saved_is_what_is_loaded(folder: Path) -> None:
    assert main(LEARN) == 0
    loaded = surrogate.load("f.sketch")
    assert isinstance(loaded, SketchProgram)
    assert loaded.chosen == {"op": 3, "first": 2, "second": 0}
    assert loaded.check(differences(50, 1)) == 1.0
    loaded.save("again.sketch")
    for name in ("config.json", "model.safetensors", "program.c"):
        assert Path("f.sketch", name).read_bytes() == Path("again.sketch", name).read_bytes()


@pytest.mark.parametrize(
    "edit",
    [
        lambda config: config["chosen"].update(op=1),
        lambda config: config.update(modulus=11),
        lambda config: config.pop("learned"),
    ],
)
def test_an_edited_artifact_does_not_load(folder: Path, edit: object) -> None:
    from surrogate.container import seal

    assert main(LEARN) == 0
    path = Path("f.sketch", "config.json")
    config = json.loads(path.read_text())
    edit(config)  # type: ignore[operator]
    config.pop("seal")
    path.write_text(json.dumps(config | {"seal": seal(config)}))
    with pytest.raises(surrogate.driver.UsageError, match="damaged artifact"):
        surrogate.load("f.sketch")


WRONG = {
    "no such data": (["learn", "f.c", "--data", "none.npz"], "none.npz: no such file"),
    "data that is none": (["learn", "f.c", "--data", "f.c"], "f.c: no .npz file, and no table"),
    "a folder": (["learn", "f.c", "--data", "."], ".: cannot be read: Is a directory"),
    "no restarts": ([*LEARN, "--restarts", "0"], "the number of restarts must be at least 1, not 0"),
    "compiling one": (["compile", "f.c", "--target", "sketch"], "a sketch is learned from examples"),
    "a library that is none": ([*LEARN, "--library", "f.c"], "not a surrogate artifact"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv, message = WRONG[case]
    assert message in usage_error(argv, capsys)
    assert not Path("f.sketch").exists()


def _npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


DAMAGED = {
    "cut": (lambda: _npz(**differences(9))[:-40], "damaged.npz: the .npz file is damaged"),
    "empty": (lambda: b"", "damaged.npz: no .npz file, and no table"),
    "one array": (lambda: _npy(np.arange(3)), "damaged.npz: one array"),
    "objects": (lambda: _npz(x=np.array([{}], dtype=object)), "damaged.npz: 'x' holds objects, not numbers"),
    "too large": (lambda: _archive(x=b"\x93NUMPY\x01\x00" + _header((1 << 60,))), "damaged, at its array 'x'"),
}


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _header(shape: tuple[int, ...]) -> bytes:
    text = repr({"descr": "<f8", "fortran_order": False, "shape": shape}).encode() + b"\n"
    return len(text).to_bytes(2, "little") + text


def _archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("argv", [["learn", "f.c", "--data"], ["run", "f.sketch", "--input"]], ids=" ".join)
def test_a_damaged_npz_is_told(argv: list[str], case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, message = DAMAGED[case]
    Path("damaged.npz").write_bytes(content())
    if argv[0] == "run":
        assert main([*LEARN, "--steps", "1"]) == 0
        capsys.readouterr()
    assert message in usage_error([*argv, "damaged.npz"], capsys)


def test_whatever_bit_of_an_npz_is_wrong_it_is_read_or_told(tmp_path: Path) -> None:
    given, path = _npz(x=np.arange(4.0)), tmp_path / "flipped.npz"
    told = 0
    for place in range(len(given)):
        for bit in range(8):
            flipped = bytearray(given)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                found = _arrays(str(path))
            except UsageError as e:
                told += str(e).startswith(f"{path}: ")
            else:
                assert all(a.tolist() == [0, 1, 2, 3] for a in found.values())
                told += 1
    assert told == 8 * len(given)


def test_a_library_of_other_functions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(LEARN) == 0
    np.savez("clocks.npz", **clocks(20, 0))
    argv = ["learn", str(LIBRARY / "clock.c"), "--data", "clocks.npz", "--library", "f.sketch"]
    assert "a library of other functions: it has none, not digit" in usage_error(argv, capsys)


def test_the_decompiled_program_is_what_was_learned_once_compiled(folder: Path) -> None:
    """By another compiler, the learned function a table of what the network says of each picture."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("there is no gcc")
    np.savez("clocks.npz", **clocks(60, 0))
    assert main(["learn", str(LIBRARY / "clock.c"), "--data", "clocks.npz", "--steps", "60", "--restarts", "1"]) == 0
    program = surrogate.load("clock.sketch")
    assert isinstance(program, SketchProgram)
    fresh = clocks(40, 1)
    pictures = fresh["face"].reshape(-1, 96)
    from torch import from_numpy

    said = program.model.networks.of("digit")(from_numpy(pictures)).argmax(-1)[0].tolist()
    table = ",".join(map(str, said))
    Path("whole.c").write_text(
        f"#include <stdio.h>\n{program.decompile()}\nstatic const int said[] = {{{table}}};\n"
        "int digit(const float picture[96]) { return said[(int)picture[0]]; }\n"
        "int main(void) { for (int k = 0; k < 40; k++) { float face[4][96]; for (int j = 0; j < 4; j++) "
        'face[j][0] = 4 * k + j; printf("%d\\n", minutes(face)); } return 0; }\n'
    )
    subprocess.run([gcc, "-std=c11", "-o", "whole", "whole.c"], check=True)
    answers = subprocess.run(["./whole"], check=True, capture_output=True, text=True).stdout.split()
    assert [float(a) for a in answers] == program.run(fresh)[:, 0].tolist()
