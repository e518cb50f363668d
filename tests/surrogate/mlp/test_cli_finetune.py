"""`surrogate finetune` as a user meets it: what it prints, what it refuses, and that nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import surrogate
from surrogate.cli import main
from surrogate.mlp.artifact import Surrogate
from tests.surrogate.command import usage_error

PLANE_ROWS = "x,y,return\n" + "".join(f"{x},{y},{5 * x + y}\n" for x in range(5) for y in (-1, -0.5, 0.25, 1))


@pytest.fixture
def data(artifact: str) -> str:
    Path("data.csv").write_text(PLANE_ROWS)
    return "data.csv"


def test_it_writes_another_artifact_beside_the_old_one(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(artifact, "model.safetensors").read_bytes()
    assert main(["finetune", artifact, "--steps", "1"]) == 0
    out = capsys.readouterr().out
    assert "plane.surrogate -> plane-finetuned.surrogate" in out
    assert "fine-tuned on 20,000 executed rows: nMSE" in out
    assert Path(artifact, "model.safetensors").read_bytes() == before
    assert surrogate.load("plane-finetuned.surrogate").measured is not None


def test_what_never_ran_is_measured_once_it_was_fine_tuned_on_its_program(
    plane_file: Path, compiler: Path, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", str(plane_file), "-O0", "--plain", "--compiler", str(compiler), "-o", "a"]) == 0
    assert main(["finetune", "a", "--data", data, "--steps", "1", "-o", "b"]) == 0
    assert "not measured: -O0 never runs the program" in capsys.readouterr().out
    assert main(["finetune", "a", "--steps", "1", "-o", "c"]) == 0
    assert "not measured" not in capsys.readouterr().out
    assert [surrogate.load(name).measured is not None for name in "abc"] == [False, False, True]


def test_measured_rows_come_from_csv_and_parquet(data: str, artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", artifact, "--data", data, "--steps", "1", "-o", "a"]) == 0
    x, y, value = np.loadtxt(data, delimiter=",", skiprows=1).T
    table = pa.table({"return": value, "note": ["-"] * len(x), "y": y, "x": x})
    pq.write_table(table, "data.parquet")
    assert main(["finetune", artifact, "--data", "data.parquet", "--steps", "1", "-o", "b"]) == 0
    for name in "ab":
        found = surrogate.load(name)
        assert isinstance(found, surrogate.Surrogate)
        assert found.predict(x=2, y=0.5) == pytest.approx(10.5, abs=0.05)


def test_with_json_it_says_it_all_in_one_document(data: str, artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", artifact, "--data", data, "--mix", "0.5", "--steps", "1", "--json", "-o", "t"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["artifact"] == "t"
    assert found["reached"] is True
    assert found["source"] == "20 measured rows, and executed ones for 50% of the weight"
    assert found["before"] > 0


def test_a_target_that_is_not_reached_fails_and_keeps_the_best(
    artifact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("n.csv").write_text("x,y,return\n" + "".join(f"{k % 4},0,{(-1) ** (k // 4)}\n" for k in range(16)))
    assert main(["finetune", artifact, "--data", "n.csv", "--steps", "1", "--target-nmse", "1e-6", "-o", "t"]) == 1
    err = capsys.readouterr().err
    assert "is above --target-nmse 1e-06; the best is kept; more time (--seconds), more data or" in err
    assert isinstance(surrogate.load("t"), surrogate.Surrogate)


def test_rows_outside_the_domain_are_kept_counted_and_warned_of(
    artifact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("far.csv").write_text(PLANE_ROWS + "40,0,200\n")
    assert main(["finetune", artifact, "--data", "far.csv", "--steps", "1", "-o", "t"]) == 0
    out, err = capsys.readouterr()
    assert "21 measured rows" in out
    assert "1 of 21 rows are outside the domain (x in [0, 4])" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no rows"),
        ("x,y,return\n", "no rows"),
        ("x,y,return\n1,0,2\n", "1 rows of data are too few"),
        ("x,return\n1,2\n", "no column 'y'"),
        ("x,y,z\n1,2,3\n", "no column 'return' (needed are x, y, return)"),
        ("x,y,return\n1,0,nan\n", ":2: column 3: 'nan' is not a finite number"),
        ("x,y,return\n1,0,much\n", ":2: column 3: 'much' is not a finite number"),
    ],
)
def test_bad_data_are_refused_at_their_place(
    artifact: str, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.csv").write_text(content)
    assert said in usage_error(["finetune", artifact, "--data", "bad.csv", "--steps", "1"], capsys)
    assert not Path("plane-finetuned.surrogate").exists()


def test_a_bad_parquet_file_is_refused(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.parquet").write_bytes(b"PAR1 but not really")
    assert "cannot be read" in usage_error(["finetune", artifact, "--data", "broken.parquet"], capsys)
    pq.write_table(pa.table({"x": ["a"], "y": [1.0], "return": [1.0]}), "text.parquet")
    assert "column 'x' is of string" in usage_error(["finetune", artifact, "--data", "text.parquet"], capsys)
    pq.write_table(pa.table({"x": [1.0, None], "y": [1.0, 2.0], "return": [1.0, 2.0]}), "none.parquet")
    assert "row 2: column 'x'" in usage_error(["finetune", artifact, "--data", "none.parquet"], capsys)


def test_what_does_not_go_together_is_refused(data: str, artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "needs --data" in usage_error(["finetune", artifact, "--mix", "0.5"], capsys)
    assert "not both" in usage_error(["finetune", artifact, "--data", data, "--rows", "64"], capsys)
    assert "not both" in usage_error(["finetune", artifact, "--seconds", "1", "--steps", "1"], capsys)


def test_no_place_to_write_to_is_said_before_the_work(
    artifact: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("other").mkdir()
    monkeypatch.delattr(Surrogate, "finetune")
    assert "not a surrogate artifact" in usage_error(["finetune", artifact, "-o", "other"], capsys)


def test_ctrl_c_in_the_middle_keeps_the_best(artifact: str, interruptible: None) -> None:
    Path("f.c").write_text("#include <math.h>\ndouble f(double x, double y) { return sin(20 * x * y + exp(x)); }")
    assert main(["compile", "f.c", "--plain", "-o", "f.surrogate"]) == 0
    code = (
        "import sys, threading, os, signal\n"
        "from surrogate.mlp.fitting import portfolio\n"
        "step = portfolio.Contender.step\n"
        "def interrupted(self):\n"
        "    part = step(self)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return part\n"
        "portfolio.Contender.step = interrupted\n"
        "from surrogate.cli import main\n"
        "sys.argv = ['surrogate', 'finetune', 'f.surrogate', '--plain', '--seconds', '600', '-o', 't']\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert "the best so far is kept" in done.stderr
    found = surrogate.load("t")
    assert isinstance(found, surrogate.Surrogate)
    assert not found.finetunings[-1].finished
