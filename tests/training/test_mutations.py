"""Mutation testing on a small tree: what is caught, what survives, what is stale; and the list itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.studies import mutations
from training.studies.mutation_list import MUTATIONS, Mutation

CODE = "def count(n):\n    found = 0\n    while n > 0:\n        n -= 1\n        found += 1\n    return found\n"
TEST = "from code_of import count\n\ndef test_count():\n    assert count(3) == 3\n"


def mutation(name: str, old: str, new: str, file: str = "code_of.py", test: str = "test_count.py") -> Mutation:
    return Mutation(name, "something", old, new, file, (test,))


CAUGHT = mutation("caught", "found += 1", "found += 2")
SURVIVES = mutation("survives", "while n > 0", "while n != 0")
ENDLESS = mutation("endless", "n -= 1", "n += 0")
STALE = [
    mutation("gone", "n //= 2", "n = 0"),
    mutation("twice", "found", "lost"),
    mutation("no-test", "n > 0", "n >= 0", test="test_other.py"),
    mutation("no-file", "n > 0", "n >= 0", file="other.py"),
]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "code_of.py").write_text(CODE)
    (folder / "test_count.py").write_text(TEST)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    monkeypatch.setattr(mutations, "PROCESSOR_SECONDS", 3)
    monkeypatch.setattr(mutations, "IMPORTED", ())
    return folder


def listed(monkeypatch: pytest.MonkeyPatch, *found: Mutation) -> None:
    monkeypatch.setattr(mutations, "MUTATIONS", found)


def test_what_tests_see_is_caught_and_the_tree_stays_as_it_is(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(monkeypatch, CAUGHT, SURVIVES, ENDLESS)
    out = tmp_path / "found.json"
    assert mutations.measure(tree, [], out, 2) == 1
    said = capsys.readouterr().out
    assert said == "2 of 3 mutations are caught\nsurvived: survives\n"
    found = json.loads(out.read_text())["mutations"]
    assert [(name, row["outcome"]) for name, row in found.items()] == [
        ("caught", "caught"), ("survives", "survived"), ("endless", "caught"),
    ]  # fmt: skip
    assert found["caught"]["by"] == "test_count.py::test_count"
    assert (tree / "code_of.py").read_text() == CODE
    page = out.with_suffix(".md").read_text()
    assert "2 of 3 mutations are caught" in page
    assert "| survives | `code_of.py` | something | survived |  |" in page


def test_it_goes_on_where_it_was_unless_a_test_changed(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(monkeypatch, CAUGHT, SURVIVES)
    out = tmp_path / "found.json"
    assert mutations.measure(tree, ["caught"], out, 1) == 0
    before = json.loads(out.read_text())["mutations"]["caught"]
    assert mutations.measure(tree, [], out, 1) == 1
    assert json.loads(out.read_text())["mutations"]["caught"] == before
    (tree / "test_count.py").write_text(TEST + "    assert count(-1) == 0\n")
    assert mutations.measure(tree, ["survives"], out, 1) == 0


def test_stale_mutations_are_named_and_nothing_runs(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(monkeypatch, CAUGHT, *STALE)
    assert mutations.measure(tree, [], tmp_path / "found.json", 1) == 1
    assert capsys.readouterr().err.splitlines() == [
        "stale: gone: code_of.py holds its text 0 times, not once",
        "stale: twice: code_of.py holds its text 3 times, not once",
        "stale: no-test: there is no test_other.py",
        "stale: no-file: there is no other.py",
    ]
    assert not (tmp_path / "found.json").exists()


def test_tests_that_fail_anyway_say_nothing(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, CAUGHT)
    (tree / "test_count.py").write_text(TEST.replace("== 3", "== 4"))
    with pytest.raises(UsageError, match=r"fails without any mutation: test_count\.py::test_count"):
        mutations.measure(tree, [], tmp_path / "found.json", 1)


def test_unknown_names_and_other_files_are_named(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, CAUGHT)
    with pytest.raises(UsageError, match="no mutation 'cought'; there are caught"):
        mutations.measure(tree, ["cought"], tmp_path / "found.json", 1)
    (tmp_path / "found.json").write_text("[1]")
    with pytest.raises(UsageError, match="holds no results of mutations"):
        mutations.measure(tree, [], tmp_path / "found.json", 1)
    with pytest.raises(UsageError, match="at least 1"):
        mutations.measure(tree, [], tmp_path / "new.json", 0)


def test_the_list_fits_the_tree() -> None:
    """A change of a mutated line moves its mutation along: one that is stale says nothing."""
    assert mutations.stale(ROOT, MUTATIONS) == []
    assert len(MUTATIONS) >= 60
    assert len({m.name for m in MUTATIONS}) == len(MUTATIONS)
    assert all(m.old != m.new for m in MUTATIONS)
