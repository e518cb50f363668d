"""The documents are in form, what they name is there, and their examples say what the product says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest
import torch

from surrogate.cli import build_parser, main
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from tests import ROOT
from training.hypernetwork.train import TrainingConfig
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.grid import Plan
from training.learning_to_execute.report import last_round
from training.learning_to_execute.report import page as learning_to_execute_page
from training.loop.config import LoopConfig
from training.neural_programmer.config import ProgrammerConfig
from training.starts.meta import MetaConfig

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
LIBRARY = ROOT / "cprograms" / "library"
DEMO = ROOT / "surrogate" / "demo"
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")

on_every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


def outside_code(text: str) -> str:
    """A page without its fenced and indented blocks of code."""
    return re.sub(
        r"^    \S.*$", "", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), flags=re.MULTILINE
    )


def blocks(text: str) -> list[tuple[str, str]]:
    """The language and the content of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


# --- Form ---


@on_every_page
def test_lines_are_short(path: Path) -> None:
    prose = [line for line in outside_code(path.read_text()).splitlines() if not line.startswith("|")]
    assert not [line for line in prose if len(line) > 120]


@on_every_page
def test_tables_have_as_many_cells_in_every_row(path: Path) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", outside_code(path.read_text()) + "\n", re.MULTILINE)
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 110


def test_the_readme_has_few_numbers() -> None:
    """At most four numbers in 100 words, of prose and tables.

    Blocks of code, code within a line and the targets of links do not count. A word is what spaces separate and holds a
    letter or a digit; a number is a word that begins with a digit, after signs, quotes and brackets.
    """
    text = re.sub(r"`[^`]*`", "code", outside_code(README.read_text()))
    text = re.sub(r"\]\([^)]*\)", "]", text)
    words = [word for word in re.split(r"[\s|]+", text) if re.search(r"\w", word)]
    numbers = [word for word in words if re.match(r"\W*\d", word)]
    assert len(numbers) <= 4 * len(words) / 100, numbers


# --- What is named is there ---


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


@on_every_page
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", outside_code(path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", outside_code(there.read_text()), re.MULTILINE)
            assert anchor in map(slug, headings), target


@on_every_page
def test_every_path_exists(path: Path) -> None:
    """In code too. A star stands for several, NAME for what is to be made; a result is named without `.json`."""
    named = re.findall(
        r"(?<![\w./<-])((?:scripts|training|cprograms|surrogate|tests|docs)/[\w./*-]*)", path.read_text()
    )
    for name in {name.rstrip(".") for name in named if "NAME" not in name}:
        assert list(ROOT.glob(name.rstrip("/"))) or list(ROOT.glob(f"{name}.json")), name


@on_every_page
def test_every_module_exists(path: Path) -> None:
    for name in re.findall(r"(?<![\w./-])(?:training|cprograms|surrogate)(?:\.[a-z]\w+)+", path.read_text()):
        place = ROOT.joinpath(*name.split("."))
        holder = place.parent
        is_module = place.is_dir() or place.with_suffix(".py").exists()
        assert is_module or holder.is_dir() or holder.with_suffix(".py").exists(), name


def test_every_command_is_documented() -> None:
    commands = next(action for action in build_parser()._actions if action.choices).choices
    assert commands is not None
    text = (DOCS / "cli.md").read_text()
    for name in dict(commands):
        assert re.search(rf"^## `surrogate {name}\b", text, re.MULTILINE), name


def test_every_script_is_named() -> None:
    named = "".join(path.read_text() for path in PAGES)
    for script in ROOT.glob("scripts/*/*.py"):
        assert str(script.relative_to(ROOT)) in named


# --- ExecuteConfig ---


def documented(text: str) -> dict[str, dict[str, str]]:
    """Each section of the settings, by its heading: each setting's default as it is shown."""
    found = {}
    for section in re.split(r"^#+ ", text, flags=re.MULTILINE):
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE)
        if rows:
            found[section.splitlines()[0]] = dict(rows)
    return found


SHARED = "Every training"
SETTINGS = {
    SHARED: LoopConfig,
    "The hypernetwork": TrainingConfig,
    "The hypernetwork's network": HypernetworkConfig,
    "Learned starts": MetaConfig,
    "Learning to execute": ExecuteConfig,
    "Neural Programmer": ProgrammerConfig,
}


@pytest.mark.parametrize("section", SETTINGS)
def test_every_setting_is_documented(section: str) -> None:
    """With its default; a training's own table need not repeat what it shares with all trainings."""
    tables = documented((DOCS / "training.md").read_text())
    kind: Any = SETTINGS[section]
    shared = tables[SHARED] if issubclass(kind, LoopConfig) else {}
    defaults = {setting.name: shown_default(setting) for setting in fields(kind)}
    assert shared | tables[section] == defaults


def shown_default(setting: Field[Any]) -> str:
    if setting.default is MISSING:
        return "needed" if setting.default_factory is MISSING else shown_made(setting.default_factory())
    if isinstance(setting.default, tuple):
        return f"`{list(setting.default)}`"
    return f"`{json.dumps(setting.default)}`"


def shown_made(default: object) -> str:
    """A default that is made anew: empty, or a whole table."""
    return "all of the table" if default else "none"


# --- Examples ---


def alike(shown: str, found: str) -> bool:
    """Whether two lines say the same: numbers with a point are of other processors, and may differ in their digits."""
    a, b = NUMBER.findall(shown), NUMBER.findall(found)
    if NUMBER.sub("#", shown).split() != NUMBER.sub("#", found).split():
        return False
    for left, right in zip(a, b, strict=True):
        whole = not re.search("[.e]", left + right)
        x, y = (float(number.replace(",", "")) for number in (left, right))
        if left != right and (whole or abs(x - y) > 0.25 * max(abs(x), abs(y))):
            return False
    return True


def assert_shown(shown: str, found: str) -> None:
    """Every line that is shown is among those found, in order; times, and what `...` leaves out, may differ."""
    rest = iter(found.splitlines())
    for line in shown.splitlines():
        if line.strip() not in ("", "...") and not line.startswith(("  time ", "  speed ")):
            assert any(alike(line, other) for other in rest), (line, found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder, and one thread: these networks are small."""
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def write_programs(text: str, folder: Path) -> None:
    """The C files that a page's commands read: a block of the page that begins with the name, else the library's."""
    for language, content in blocks(text):
        if language == "c" and (name := re.match(r"/\* (\w+\.c) \*/\n", content)):
            (folder / name[1]).write_text(content)
    for name in set(re.findall(r"\b\w+\.c\b", text)):
        for place in (LIBRARY / "anc", LIBRARY / "sketch", LIBRARY, LIBRARY / "programs", DEMO):
            if not (folder / name).exists() and (place / name).exists():
                shutil.copy(place / name, folder)


def run_commands(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run each `$ surrogate ...`; one that shows an error has to end with one."""
    for command, shown in re.findall(r"^\$ surrogate ((?:.*\\\n)*.*)\n((?:[^$].*\n|\n)*)", block, re.MULTILINE):
        code = main(shlex.split(command.replace("\\\n", ""), comments=True))
        said = capsys.readouterr()
        assert (code != 0) == ("error:" in shown), (command, said)
        assert_shown(shown, said.err + said.out)


@pytest.mark.parametrize(
    "name",
    [
        "docs/cli.md",
        "docs/finetuning.md",
        "docs/graph.md",
        "docs/kernels.md",
        "docs/replace.md",
        "docs/report.md",
    ],
)
def test_the_commands_say_what_is_shown(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / name).read_text()
    write_programs(text, folder)
    for language, block in blocks(text):
        if language == "console":
            run_commands(block, capsys)


@pytest.mark.parametrize(
    "name", ["docs/python.md", "docs/finetuning.md", "docs/graph.md", "docs/kernels.md", "docs/neural_programmer.md"]
)
def test_the_python_examples_run(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In order, with one set of names; a block of text after one is what it prints."""
    run_page(name, folder, capsys, commands=False)


@pytest.mark.parametrize(
    "name", ["README.md", "docs/tutorial.md", "docs/optimise.md", "docs/sketch.md", "docs/nram.md"]
)
def test_the_first_pages_run_from_top_to_bottom(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_page(name, folder, capsys, commands=True)


def test_the_page_on_exporting_runs_from_top_to_bottom(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    monkeypatch.syspath_prepend(folder)
    run_page("docs/export.md", folder, capsys, commands=True)


def test_the_demo_of_adapt_runs_from_top_to_bottom(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    run_page("docs/demo_adapt.md", folder, capsys, commands=True)


def run_page(name: str, folder: Path, capsys: pytest.CaptureFixture[str], commands: bool) -> None:
    text = (ROOT / name).read_text()
    write_programs(text, folder)
    names: dict[str, object] = {}
    printed = ""
    for language, block in blocks(text):
        if language == "console" and commands:
            run_commands(block, capsys)
        elif language == "python":
            exec(compile(block, name, "exec"), names)
            printed = capsys.readouterr().out
        elif language == "text" and printed:
            assert_shown(block, printed)
            assert len(printed.split()) == len(block.split())
            printed = ""


def test_the_page_on_learning_to_execute_is_its_templates() -> None:
    figures = json.loads((DOCS / "results" / "learning_to_execute.json").read_text())
    plan = Plan.read(ROOT / "training" / "configs" / "learning_to_execute_cpu.yaml", figures["seed"])
    sizes = {experiment.name: len(list(experiment.runs())) for experiment in plan.experiments}
    programs, copies = (last_round(name, sizes[name], figures["records"]) for name in ("programs", "memorisation"))
    text = learning_to_execute_page(plan, programs, copies, figures["command"], figures["seed"])
    assert (DOCS / "learning_to_execute.md").read_text() == text


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_tiny_versions_run(tmp_path: Path) -> None:
    """What docs/reproduce.md runs below `/tmp/tiny`, with the files that it shows there, in order."""
    text = (DOCS / "reproduce.md").read_text().replace("/tmp/tiny", str(tmp_path))
    for name, content in re.findall(
        rf"`{tmp_path}/(\w+\.yaml)`:\n\n```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    ):
        (tmp_path / name).write_text(content)
    commands = [
        c for c in re.findall(r"^\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE) if str(tmp_path) in c or "--rows 500" in c
    ]
    assert len(commands) > 15
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
