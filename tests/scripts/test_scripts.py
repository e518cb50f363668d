"""Every script: its help comes without torch, its errors are one line, and the table of scripts names it."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace

import pytest

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from tests import ROOT
from training.script import parser_of, run

SCRIPTS = sorted((ROOT / "scripts").glob("*/*.py"))
HEAVY = ("torch", "datasets", "wasmtime", "transformers")
HELP = f"""
import contextlib, io, runpy, sys
for path in sys.argv[1:]:
    sys.argv = [path, "--help"]
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(path, run_name="__main__")
    except SystemExit as e:
        assert e.code == 0, path
    assert "usage:" in out.getvalue(), path
    heavy = [name for name in {HEAVY} if name in sys.modules]
    assert not heavy, (path, heavy)
"""


def test_help_waits_for_no_heavy_library() -> None:
    command = [sys.executable, "-c", HELP, *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr


def test_the_table_of_scripts_names_each_and_no_other() -> None:
    page = (ROOT / "scripts" / "README.md").read_text()
    named = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert sorted(named) == [str(path.relative_to(ROOT / "scripts")) for path in SCRIPTS]


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (UsageError("no such file"), 2, "error: no such file\n"),
        (OSError("disk full"), 2, "error: disk full\n"),
        (ProgramError([Diagnostic("not C", "a.c")]), 1, "a.c: error: not C\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    raised: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(args: Namespace) -> None:
        raise raised

    assert run(parser_of("Fails."), main, []) == code
    assert capsys.readouterr().err == said


def test_what_main_returns_is_the_code() -> None:
    assert run(parser_of("Works."), lambda args: None, []) == 0
    assert run(parser_of("Fails in part."), lambda args: 1, []) == 1
