"""Whole numbers that are too large, on every command that would take memory for so many: one line, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

import surrogate
from surrogate.cli import main
from surrogate.target import Artifact
from tests.surrogate.command import usage_error

PLANE = "double plane(double x, double y) { return 3 * x + y; }"
INCREMENT = "void up(int *mem) { mem[0]++; }"
TOO_MANY = {
    "check plane.graph --rows": "rows must be at most 10,000,000, not ",
    "report plane.graph -o x.html --rows": "rows must be at most 10,000,000, not ",
    "optimize plane.graph --minimize return --starts": "starts must be at most 10,000,000, not ",
    "finetune plane.surrogate --rows": "rows must be at most 10,000,000, not ",
    "finetune plane.surrogate --width": "width must be at most 1,024, not ",
    "replace plane.c --function plane --width": "--width must be at most 1,024, not ",
    "replace plane.c --function plane --runs": "--runs must be at most 10,000,000, not ",
    "check up.anc --tapes": "tapes must be at most 10,000,000, not ",
    "adapt up.anc --task increment --seeds": "seeds must be at most 10,000,000, not ",
    "compile up.c --target anc --memory-size": "is too large: the machine has at most 4096",
    "compile up.c --target anc --tape": "is too large: the machine has at most 4096",
    "compile plane.c -O1 --rows": "rows must be from 2 to 1024, not ",
    "compile plane.c --taps": "there are from 0 to 24 taps, not ",
    "learn --machine nram --task increment --batch": "the machine learns from at most 2,526 tapes at once, not ",
    "learn --machine nram --task increment --restarts": "the machine learns with at most 157 restarts",
}


@pytest.fixture(scope="module")
def compiled() -> dict[str, Artifact]:
    return {
        "plane.graph": surrogate.compile(source=PLANE, target="graph"),
        "up.anc": surrogate.compile(source=INCREMENT, target="anc"),
    }


@pytest.mark.parametrize(("argv", "message"), TOO_MANY.items(), ids=TOO_MANY)
def test_too_many_is_told_before_the_work(
    argv: str, message: str, compiled: dict[str, Artifact], artifact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plane.c").write_text(PLANE)
    Path("up.c").write_text(INCREMENT)
    for name, made in compiled.items():
        made.save(name)
    before = sorted(Path().iterdir())
    for count in (10**9, 10**30):
        assert message in usage_error([*argv.split(), str(count)], capsys)
    assert sorted(Path().iterdir()) == before


def test_what_is_as_wide_as_may_be_is_no_fault(artifact: str) -> None:
    assert main(["finetune", artifact, "--width", "128", "--steps", "1", "-o", "wide.surrogate"]) == 0
    assert surrogate.load("wide.surrogate").module.w1.shape[1] == 128
