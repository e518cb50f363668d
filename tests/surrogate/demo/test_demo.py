"""`surrogate demo` runs what it shows, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from surrogate.cli import main
from surrogate.demo.session import KERNEL, PAGE, SESSION, play


def test_every_command_of_the_demo_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    assert main(["demo", "-o", str(folder)]) == 0
    said = capsys.readouterr()
    shown = [line.strip() for line in said.out.splitlines()]
    assert [line for line in shown if line.startswith("$ ")] == [f"$ surrogate {command}" for _, command in SESSION]
    assert "error" not in said.err
    made = {path.name for path in folder.iterdir()}
    assert {KERNEL.name, "flight.surrogate", PAGE} < made
    assert any(name.endswith(".c") for name in made - {KERNEL.name})
    assert (folder / KERNEL.name).read_bytes() == KERNEL.read_bytes()


def test_the_demo_leaves_what_is_there_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["demo", "-o", str(tmp_path)]) == 2
    assert "exists and is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "-o", str(tmp_path / "none" / "demo")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_a_command_that_fails_ends_the_demo(tmp_path: Path) -> None:
    ran: list[list[str]] = []

    def run(command: list[str]) -> int:
        ran.append(command)
        return 1

    assert play(tmp_path / "demo", run) == 1
    assert len(ran) == 1
