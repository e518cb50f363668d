"""Where files are written: names that no file system has are told in one line, and longest names are no fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import surrogate
from surrogate.cli import main
from tests.surrogate.command import usage_error

COMMANDS = {
    "compile plane.c -O0": ".surrogate",
    "finetune plane.surrogate --steps 1": ".surrogate",
    "export plane.surrogate --format numpy": ".py",
    "report plane.surrogate": ".html",
    "run plane.surrogate 1 0": ".csv",
    "decompile up.anc": ".c",
    "show up.anc": ".html",
    "adapt up.anc --task increment": ".anc",
    "learn --machine nram --task access": ".nram",
    "replace plane.c --function plane": "",
    "demo": "",
}


@pytest.mark.parametrize(("argv", "suffix"), COMMANDS.items(), ids=COMMANDS)
def test_a_name_that_is_too_long_is_told_in_a_line(
    argv: str, suffix: str, artifact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plane.c").write_text("double plane(double x, double y) { return x + y; } int main(void) { return 0; }")
    surrogate.compile(source="void up(int *mem) { mem[0]++; }", target="anc").save("up.anc")
    before = sorted(os.listdir())
    name = "a" * 300 + suffix
    spelling = "--output" if argv.startswith("run") else "-o"
    (line,) = usage_error([*argv.split(), spelling, name], capsys).splitlines()
    assert line.startswith(f"surrogate: error: {name}: ")
    assert line.endswith(": File name too long")
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("letter", ["a", "é"])
def test_the_longest_name_is_written(letter: str, artifact: str) -> None:
    name = letter * ((255 - len(".surrogate")) // len(letter.encode())) + ".surrogate"
    surrogate.load(artifact).save(name)
    assert surrogate.load(name).entry == "plane"
    page = name.removesuffix(".surrogate") + ".csv"
    assert main(["run", name, "1", "0", "--output", page]) == 0
    assert Path(page).read_text().startswith("return")
