"""`run --bounds`, and what artifacts keep of error bars."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import surrogate
from surrogate import cli, container
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.check import Report
from tests.surrogate.command import usage_error

OLD = Path(__file__).parents[1] / "artifacts" / "to_polar.surrogate"
Capture = pytest.CaptureFixture[str]


def test_one_row_is_a_table_to_read(artifact: str, plane: Surrogate, capsys: Capture) -> None:
    assert cli.main(["run", artifact, "1", "0.5", "--bounds"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    found = surrogate.load(artifact).predict([[1, 0.5]], bounds=True)
    assert header.split() == ["result", "surrogate", "90", "%", "99", "%"]
    bars = [f"±{float(bar[0, 0]):.3g}" for bar in found[1:]]
    assert row.split() == ["return", f"{found.values[0, 0]:.12g}", *bars]


def test_many_rows_are_csv(artifact: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("rows.csv").write_text("y,x\n0.5,1\n0,9\n")
    assert cli.main(["run", artifact, "--input", "rows.csv", "--bounds"]) == 0
    out, err = capsys.readouterr()
    header, first, second = (line.split(",") for line in out.splitlines())
    assert header == ["return", "return p90", "return p99"]
    assert 0 < float(first[1]) <= float(first[2]) < np.inf
    assert second[1:] == ["inf", "inf"]
    assert "1 of 2 rows are outside the domain" in err
    assert cli.main(["run", artifact, "--input", "rows.csv", "--bounds", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["p90"] == [{"return": pytest.approx(float(first[1]))}, {"return": None}]


def test_too_few_rows_are_said_to_be_too_few(artifact: str, capsys: Capture) -> None:
    for rows, said in (("5", "none: too few rows"), ("50", "none for 99 %: too few rows")):
        assert cli.main(["check", artifact, "--rows", rows]) == 0
        out = capsys.readouterr().out
        assert said in out
        assert "∞" not in out


def test_bounds_and_exact_exclude_each_other(artifact: str, capsys: Capture) -> None:
    assert "give either --exact or --bounds" in usage_error(["run", artifact, "1", "0", "--exact", "--bounds"], capsys)


def test_an_older_artifact_is_measured_when_it_is_asked_for_bounds(capsys: Capture) -> None:
    assert surrogate.load(OLD).measured.bounds == ()
    assert cli.main(["run", str(OLD), "0.3", "0.2", "--bounds"]) == 0
    radius, angle = capsys.readouterr().out.splitlines()[1:]
    assert radius.startswith("radius")
    assert "±" in angle


def test_nothing_is_run_unasked_at_o0(compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "double f(double x) { return x * x; }"
    s = surrogate.compile(source=source, opt_level=0, compiler=compiler)
    with monkeypatch.context() as patched:
        for name in ("surrogate.numeric.rows.run_with_status", "surrogate.numeric.checking.gradients.run"):
            patched.setattr(name, lambda *_: pytest.fail("the program was run"))
        s.predict([[0.5]])
        s.gradient([[0.5]])
        assert s.measured is None
    assert s.predict([[0.5]], bounds=True).p90 > 0


def test_what_was_measured_is_kept(plane: Surrogate, tmp_path: Path) -> None:
    stated = plane.check(rows=1200, timed=True)
    plane.save(tmp_path / "s")
    kept = surrogate.load(tmp_path / "s").measured
    assert kept == stated
    assert kept.speed == stated.speed is not None
    assert (kept.bounds, kept.gradients, kept.worst_row) == (stated.bounds, stated.gradients, stated.worst_row)
    card = (tmp_path / "s" / "README.md").read_text()
    for part in (
        "Gradient: errs by",
        "Error bars",
        "Worst row:",
        "Speed",
        "## License",
        "## Intended use",
        "-O1 --seed 0",
    ):
        assert part in card


def test_the_card_s_command_makes_it_again(compiler: Path, in_own_folder: None, capsys: Capture) -> None:
    Path("f.c").write_text(
        "#include <math.h>\n#pragma surrogate range(x, 0, 3)\nfloat f(float x) { return sinf(x) * x; }\n"
    )
    argv = ["compile", "f.c", "-O1", "--rows", "40", "--seed", "3", "--taps", "gates", "--compiler", str(compiler)]
    assert cli.main([*argv, "-o", "a"]) == 0
    [command] = [line for line in Path("a/README.md").read_text().splitlines() if line.startswith("surrogate compile ")]
    again = command.replace("program.c", "a/program.c").split()[1:]
    assert cli.main([*again, "-o", "b"]) == 0
    assert Path("a/model.safetensors").read_bytes() == Path("b/model.safetensors").read_bytes()


EDITS: list[tuple[tuple[str | int, ...], object]] = [
    (("worst_row", "inputs"), [1.0]),
    (("worst_row", "truth", 0), None),
    (("worst_row", "result"), "other"),
    (("bounds", 0, "name"), "other"),
    (("bounds", 0, "p90"), -1),
    (("bounds",), [{"name": "return", "p90": 1, "p99": 1}] * 2),
    (("bounds", 0, "argument"), "z"),
    (("gradients", "arguments", 0, "argument"), "z"),
    (("gradients", "arguments", 0, "rms_error"), -0.5),
    (("gradients", "jumps"), 10**9),
    (("gradients", "source"), "\x1b[2J"),
    (("regions",), [{"result": "return", "share": 2, "rows": 0.1, "argument": "x", "low": 0, "high": 1}]),
    (("regions",), [{"result": "return", "share": 0.9, "rows": 0.1, "condition": "\x1b[2J", "holds": True}]),
    (("regions",), [{"result": "return", "share": 0.9, "rows": 0.1, "argument": "z", "low": 0, "high": 1}]),
    (("results", 0, "median"), -1),
    (("speed", "batch"), 0),
]


@pytest.mark.parametrize(("path", "value"), EDITS, ids=lambda v: str(v)[:40])
def test_figures_that_no_check_gives_do_not_load(
    path: tuple[str | int, ...], value: object, plane: Surrogate, tmp_path: Path, capsys: Capture
) -> None:
    plane.check(rows=200, timed=True)
    plane.save(tmp_path / "s")
    file = tmp_path / "s" / "config.json"
    config = json.loads(file.read_text())
    place: Any = config["measured"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    config.pop("seal")
    file.write_text(json.dumps(config | {"seal": container.seal(config)}))
    assert "damaged artifact" in usage_error(["run", str(tmp_path / "s"), "1", "0"], capsys)


def test_a_report_survives_json(plane: Surrogate) -> None:
    report = plane.check(rows=1500, timed=True)
    again = Report.from_dict(json.loads(json.dumps(report.as_dict(), allow_nan=False)))
    assert again == report
    assert again.speed == report.speed


def test_an_old_artifact_is_saved_as_a_new_one(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "s")
    s = surrogate.load(tmp_path / "s")
    s.check(rows=300)
    s.save(tmp_path / "s")
    assert surrogate.load(tmp_path / "s").measured == s.measured
    assert "surrogate compile program.c -O1 --seed 1" in (tmp_path / "s" / "README.md").read_text()


def test_the_terminal_hears_of_long_runs(artifact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out, err = io.StringIO(), Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    for argv in (["run", artifact, "1", "0", "--exact"], ["check", artifact, "--rows", "50"]):
        assert cli.main(argv) == 0
        assert f"{'running' if argv[0] == 'run' else 'checking'} {artifact}" in err.getvalue()
