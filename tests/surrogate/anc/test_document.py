"""The tutorial and the assembly of docs/anc.md show what the product says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import surrogate
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine.assembly import parse
from surrogate.anc.machine.interpreter import run_one
from surrogate.cli import main
from tests import ROOT

SECTIONS = (ROOT / "docs" / "anc.md").read_text(encoding="utf-8").split("\n## ")
TUTORIAL = next(section for section in SECTIONS if section.startswith("From a C file"))
ASSEMBLY = next(section for section in SECTIONS if section.startswith("Assembly"))
LIBRARY = ROOT / "cprograms" / "library" / "anc"


def _blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(LIBRARY / "linear_search.c", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_say_what_the_document_shows(folder, capsys):
    for block in _blocks(TUTORIAL, "console"):
        for command, shown in re.findall(r"^\$ surrogate (.*)\n((?:[^$].*\n|\n)*)", block, re.MULTILINE):
            assert main(command.split()) == 0
            found = capsys.readouterr().out
            for part in re.split(r"^   \.\.\.\n|^  time .*\n", shown, flags=re.MULTILINE):
                assert part in found


def test_the_python_example_runs(folder):
    names: dict[str, object] = {}
    (example,) = _blocks(TUTORIAL, "python")
    exec(example, names)
    assert names["r"].tape[0] == 3
    assert surrogate.load(str(folder / "linear_search.anc")).program.memory_size == 15


def test_the_c_program_is_the_librarys():
    (source,) = _blocks(TUTORIAL, "c")
    assert (LIBRARY / "linear_search.c").read_text().endswith(source)


def test_the_assembly_is_a_program_for_its_task():
    (source,) = _blocks(ASSEMBLY, "text")
    samples = TASKS["linear_search"].sample(np.random.default_rng(0), 50)
    assert (run_one(parse(source), samples.tape, 1000).tape[:, 0] == samples.target[:, 0]).all()
