"""The command line with several files, and what artifacts of them can do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import surrogate
from surrogate.cli import main
from tests.surrogate.command import give_stdin, usage_error


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """a.c, whose `area` needs b.c, which needs inc/scale.h; tape.c and next.c."""
    monkeypatch.chdir(tmp_path)
    Path("inc").mkdir()
    Path("inc/scale.h").write_text("#pragma once\n#define SCALE 3\nstatic const double shift = 0.5;\n")
    Path("a.c").write_text(
        "double scaled(double);\n#pragma surrogate range(x, 0, 1)\ndouble area(double x) { return scaled(x) + 1; }\n"
    )
    Path("b.c").write_text(
        '#include "scale.h"\nstatic double area(double x) { return x * SCALE; }\n'
        "double scaled(double x) { return area(x) + shift; }\n"
    )
    Path("tape.c").write_text("int next(int);\nvoid f(int *mem) { mem[0] = next(mem[1]); }\n")
    Path("next.c").write_text("int next(int i) { return i + 2; }\n")


@pytest.mark.parametrize("target", ["mlp", "graph"])
def test_an_artifact_of_several_files_stands_alone(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["compile", "a.c", "-Iinc", "b.c", "--target", target, "--json"]
    assert main(argv) == 0
    found = json.loads(capsys.readouterr().out)
    artifact = found["artifact"]
    assert artifact == ("a.surrogate" if target == "mlp" else "a.graph")
    for name in ("a.c", "b.c", "inc/scale.h"):
        Path(name).unlink()
    loaded = surrogate.load(artifact)
    x = np.linspace(0, 1, 9)[:, None]
    np.testing.assert_allclose(loaded.predict(x), 3 * x + 1.5, atol=0.02)
    assert main(["run", artifact, "0.5"]) == 0
    assert float(capsys.readouterr().out) == pytest.approx(3, abs=0.02)
    assert main(["check", artifact, "--json", "--rows", "200", "--max-nmse", "0.001"]) == 0
    assert json.loads(capsys.readouterr().out)["nmse"] < 1e-3


def test_an_exact_artifact_of_several_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "tape.c", "next.c", "--target", "anc", "--memory-size", "16"]) == 0
    assert capsys.readouterr().out.startswith("tape.c next.c -> tape.anc\n")
    assert main(["check", "tape.anc", "--tapes", "20"]) == 0
    capsys.readouterr()
    assert main(["run", "tape.anc", "--tape", "0,7"]) == 0
    assert capsys.readouterr().out.startswith("9,7,")


def test_files_may_stand_anywhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (
        ["a.c", "b.c", "-Iinc"],
        ["-Iinc", "a.c", "b.c"],
        ["a.c", "-I", "inc", "b.c"],
        ["a.c", "-DX", "-Iinc", "--entry", "area", "b.c", "--json"],
        ["-UX", "a.c", "-std=c99", "b.c", "-include", "inc/scale.h", "-Iinc"],
    ):
        assert main(["inspect", *argv]) == 0, argv
        assert "area" in capsys.readouterr().out
    give_stdin(monkeypatch, Path("b.c").read_bytes())
    assert main(["inspect", "a.c", "-Iinc", "-"]) == 0
    capsys.readouterr()


def test_the_entry_may_be_in_another_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "a.c", "b.c", "-Iinc", "--entry", "scaled", "--target", "graph"]) == 0
    assert Path("a.scaled.graph").is_dir()
    assert capsys.readouterr().out.startswith("a.c b.c -> a.scaled.graph\n")
    assert surrogate.compile(["b.c"], include_dirs=["inc"], target="graph").entry == "scaled"


def test_python_takes_lists_of_files() -> None:
    found = surrogate.compile([Path("a.c"), "b.c"], include_dirs=["inc"], target="graph")
    np.testing.assert_allclose(found.predict([[0.5]]), 3)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["compile", "a.c", "./a.c"], "'a.c' and './a.c' are the same file"),
        (["inspect", "a.c", "b.c", "a.c"], "'a.c' is given twice"),
        (["inspect", "a.c", "-Iinc", "c.c"], "cannot read 'c.c': No such file or directory; did you mean"),
        (["inspect", "a.c", "-std=c++11"], "-std=c++11 is no C standard; C++ is not read"),
        (["inspect", "a.c", "-U", "1"], "-U needs the name of a macro, not '1'"),
        (["inspect", "a.c", "-include", "no.h"], "-include: there is no file 'no.h'"),
        (["inspect", "a.c", "--compile-commands", "c.json"], "cannot read 'c.json': No such file or directory"),
        (["inspect", "a.c", "--compile-comands", "c.json"], "did you mean '--compile-commands'?"),
        (["inspect", "-Iinc"], "the following arguments are required: FILE"),
        (["inspect", "a.c", "b.c", "-x"], "unrecognized arguments: -x"),
        (["run", "a.c", "b.c", "-x"], "unrecognized arguments: -x"),
    ],
)
def test_wrong_usage(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in usage_error(argv, capsys)


def test_compile_commands_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(Path("inc").absolute())
    entries = [{"directory": folder, "file": f"../{name}", "command": "cc -I."} for name in ("a.c", "b.c")]
    Path("compile_commands.json").write_text(json.dumps(entries))
    assert main(["inspect", "a.c", "b.c", "--compile-commands", "compile_commands.json"]) == 0
    capsys.readouterr()
    Path("compile_commands.json").write_text("[")
    message = usage_error(["inspect", "a.c", "--compile-commands", "compile_commands.json"], capsys)
    assert "compile_commands.json is not JSON" in message


def test_two_definitions_are_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.c").write_text("double scaled(double x) { return x; }\n")
    assert main(["compile", "a.c", "b.c", "c.c", "-Iinc"]) == 1
    err = capsys.readouterr().err
    assert "c.c:1:8: error: 'scaled' is defined in two files" in err
    assert "b.c:3" in err
    assert not list(Path().glob("*.surrogate"))
