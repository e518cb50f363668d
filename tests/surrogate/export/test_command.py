"""`surrogate export`: what it writes and prints, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import surrogate
from cprograms.diagnostics import ProgramError
from surrogate.cli import main
from surrogate.export import pipeline
from surrogate.export.formats import FORMATS
from surrogate.export.made import Made
from surrogate.export.options import SUFFIXES
from tests.surrogate.command import usage_error

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
SORT = "void swap(int *mem) { if (mem[0] > mem[1]) { int t = mem[0]; mem[0] = mem[1]; mem[1] = t; } }"


def test_the_suffixes_are_those_of_the_formats() -> None:
    assert {f.suffix: f.name for f in FORMATS.values()} == SUFFIXES


@needs_gcc
def test_c_and_its_header(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--name", "g", "--guard", "--precision", "double", "--json"]
    assert main(["export", artifact, "-o", "p.c", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == ["p.h", "p.c"]
    assert told["rows"] == 10_000
    assert 0 <= told["difference"] < 1e-5
    assert "double g(double x, double y);" in Path("p.h").read_text()
    text = Path("p.c").read_text()
    assert "x in [0, 4]" in text
    assert "fresh rows of the domain" in text
    assert '#include "p.h"' in text


def test_the_default_name_is_the_artifacts(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", artifact, "--format", "numpy"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("plane.surrogate -> plane_surrogate.py\n")
    assert "run back on 10,000 rows" in out


def test_files_that_are_there_stay(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.h").write_text("mine")
    assert "p.h: exists; --force overwrites it" in usage_error(["export", artifact, "-o", "p.c"], capsys)
    assert not Path("p.c").exists()
    assert main(["export", artifact, "-o", "p.py"]) == 0
    before = Path("p.py").read_text()
    assert "exists" in usage_error(["export", artifact, "-o", "p.py"], capsys)
    Path("p.py").write_text("")
    assert main(["export", artifact, "-o", "p.py", "--force"]) == 0
    assert Path("p.py").read_text() == before
    Path("d.py").mkdir()
    assert "is a directory" in usage_error(["export", artifact, "-o", "d.py", "--force"], capsys)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "say --format c|onnx|torch|numpy"),
        (["--format", "tflite"], "invalid choice: 'tflite'"),
        (["-o", "f.tflite"], "its suffix names no format"),
        (["--format", "c", "-o", "f.py"], "a file of format c ends in .c"),
        (["-o", "nowhere/f.c"], "cannot be written: No such file or directory"),
        (["-o", "f.py", "--guard"], "--guard is of another format than numpy: C"),
        (["-o", "f.c", "--max-error", "1"], "--max-error says where --guard calls the original"),
        (["-o", "f.c", "--guard", "--max-error", "-1"], "from 0 on, not -1"),
        (["-o", "f.c", "--fixed", "16", "--precision", "float"], "with --fixed all numbers are integers"),
        (["-o", "f.c", "--fixed", "4"], "invalid choice: 4"),
        (["-o", "f.c", "--name", "2f"], "'2f' is no name of a C function"),
    ],
)
def test_wrong_usage(artifact: str, options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(os.listdir())
    assert why in usage_error(["export", artifact, *options], capsys)
    assert sorted(os.listdir()) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("locked").mkdir(mode=0o500)
    assert "Permission denied" in usage_error(["export", artifact, "-o", "locked/f.py"], capsys)


def test_what_is_off_is_not_written(artifact: str, monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = surrogate.load(artifact)
    wrong = Made({"p.py": b""}, lambda x: loaded.outputs(x) * 1.001)
    monkeypatch.setitem(pipeline.FORMATS, "numpy", FORMATS["numpy"].__class__("numpy", ".py", lambda *_: wrong))
    with pytest.raises(ProgramError, match="nothing was kept"):
        pipeline.export(loaded, "p.py")
    assert main(["export", artifact, "-o", "p.py", "--json"]) == 1
    assert "nothing was kept" in json.loads(capsys.readouterr().out)["diagnostics"][0]["message"]
    assert not Path("p.py").exists()


def test_differences_are_shares_of_the_range_and_nan_is_no_number() -> None:
    true = np.array([[1e6 + 1, 5.0], [1e6 - 1, 5.0], [1e6, np.nan]])
    assert pipeline.off(true, true).tolist() == [0, 0]
    assert pipeline.off(true + np.array([[0.5, 0]]), true)[0] == pytest.approx(0.25)
    assert pipeline.off(np.nan_to_num(true), true)[1] == np.inf
    assert pipeline.off(np.where(true == 5, 6, true), true)[1] == pytest.approx(0.2)


def test_an_artifact_of_a_newer_version(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads(Path(artifact, "config.json").read_text())
    Path(artifact, "config.json").write_text(json.dumps(config | {"format_version": 99}))
    assert "upgrade to read it" in usage_error(["export", artifact, "-o", "f.c"], capsys)


@pytest.mark.parametrize("suffix", [".onnx", ".pt2", ".py", ".c"])
def test_a_compile_makes_no_directory_of_an_exported_files_name(
    suffix: str, plane_file: Path, in_own_folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    message = usage_error(["compile", str(plane_file), "-o", f"x{suffix}"], capsys)
    assert f"surrogate export x.surrogate --format {SUFFIXES[suffix]} -o x{suffix}" in message
    assert not Path(f"x{suffix}").exists()


@needs_gcc
def test_an_exact_program(in_own_folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("swap.c").write_text(SORT)
    assert main(["compile", "swap.c", "--target", "anc"]) == 0
    capsys.readouterr()
    assert main(["export", "swap.anc", "--format", "c"]) == 0
    assert "tapes, each as the program leaves it" in capsys.readouterr().out
    assert "void swap(int *mem);" in Path("swap_anc.h").read_text()
    assert "an exact program on a tape is exported as C" in usage_error(["export", "swap.anc", "-o", "s.py"], capsys)
    assert "--precision is for surrogates" in usage_error(
        ["export", "swap.anc", "-o", "s.c", "--precision", "float"], capsys
    )
