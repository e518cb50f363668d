"""Running the command line in tests."""

from __future__ import annotations

import io
import sys

import pytest

from surrogate.cli import main

COMMAND = [sys.executable, "-m", "surrogate"]


def usage_error(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The message of a command that exits with 2, be it ours or argparse's."""
    capsys.readouterr()
    try:
        code = main(argv)
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    return err


def give_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
