"""The table of the runs, and asking about a file: from the command line, with what is wrong with either."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.neural_programmer import asking, runs
from training.neural_programmer.asking import best_restart, pattern, read_question, read_table
from training.neural_programmer.config import ProgrammerConfig
from training.neural_programmer.questions import Table, forms
from training.neural_programmer.runs import Record, Restart, read_plan
from training.neural_programmer.train import ProgrammerTrainer
from training.script import run

PLAN = {
    "noise": 0.01,
    "settings": {"restarts": 2, "width": 8, "batch_size": 4, "validate_every": 2},
    "runs": [{"columns": 1, "steps": 4}, {"columns": 1, "steps": 2, "loss": "mixed"}],
}
GOODS: Table = {"price": [3, 9, 12, 5], "age": [5, 8, 30, 7]}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(PLAN))
    return path


@pytest.fixture
def script(load_script: Callable[[str], ModuleType]) -> Callable[..., int]:
    def call(name: str, *arguments: object) -> int:
        module = load_script(f"{name}/neural_programmer")
        return run(module.PARSER, module.main, [str(a) for a in arguments])

    return call


def test_a_plan_makes_a_table_and_a_picture(
    plan: Path, tmp_path: Path, script: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    monkeypatch.setattr(runs, "TEST_QUESTIONS", 20)
    monkeypatch.setattr(runs, "SANDBOXED", 5)
    out = tmp_path / "runs"
    assert script("train", plan, "-o", out, "--only", "1-marginal-noise") == 0
    assert [path.name for path in out.iterdir()] == ["1-marginal-noise"]
    assert script("train", plan, "-o", out, "--report") == 0
    assert len(json.loads((out / "table.json").read_text())["records"]) == 1
    assert script("train", plan, "-o", out, "--out", tmp_path / "table") == 0
    document = json.loads((tmp_path / "table.json").read_text())
    kinds = [(r["loss"], r["noise"] > 0, r["steps"]) for r in document["records"]]
    assert kinds == [("marginal", False, 4), ("marginal", True, 4), ("mixed", False, 2), ("mixed", True, 2)]
    assert all(r["agreed"] == 5 for r in document["records"])
    assert all(len(r["restarts"]) == 2 for r in document["records"])
    text = (tmp_path / "table.md").read_text()
    assert "![Accuracy of every restart over the steps](table.svg)" in text
    assert text.count("| 1 | mixed | none |") == 3
    assert (tmp_path / "table.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"runs": []}, "a plan has settings, noise and a list of runs"),
        (PLAN | {"runs": {}}, "a plan has settings, noise and a list of runs"),
        (PLAN | {"runs": [{"columns": 9, "steps": 1}]}, "'columns' is from 1 to 5, not 9"),
        (PLAN | {"runs": [{"columns": 1}]}, "'steps' is missing"),
        (PLAN | {"runs": [3]}, "is no mapping of settings"),
        (PLAN | {"settings": 3}, "is no mapping of settings"),
    ],
)
def test_what_is_no_plan_is_a_usage_error(values: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(UsageError, match=said):
        read_plan(path, seed=0)


def test_wrong_usage_of_the_scripts(
    plan: Path, tmp_path: Path, script: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert script("train", plan, "-o", tmp_path / "runs", "--only", "7-noise") == 2
    assert (
        "the plan has no run '7-noise'; it has 1-marginal-plain, 1-marginal-noise, 1-mixed-plain, 1-mixed-noise"
        in capsys.readouterr().err
    )
    assert script("train", tmp_path / "none.yaml", "-o", tmp_path / "runs") == 2
    assert script("train", plan, "-o", tmp_path / "runs", "--report") == 2
    assert "no run has come to its first validation" in capsys.readouterr().err


def write(path: Path, table: Table) -> Path:
    rows = [list(table), *zip(*table.values(), strict=True)]
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_table(write(tmp_path / "goods.csv", GOODS)) == GOODS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table can be read"),
        ("price,colour\n1,2\n", "knows no column 'colour'"),
        ("price,price\n1,2\n", "two columns have the same name"),
        ("price,age\n", "the table has no rows"),
        ("price,age\n1\n", "row 1 has 1 cells, not 2"),
        ("price\n1.5\n", "row 1, column 'price': an integer is needed, not '1.5'"),
        ("price\n3000000000\n", "integers are within ±2147483647"),
        (b"\xff\xfe\x00", "no table can be read"),
    ],
)
def test_what_is_no_table_is_a_usage_error(text: str | bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError, match=said):
        read_table(path)


def test_a_missing_table_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no table can be read"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize("k", range(len(forms())))
def test_every_form_is_read(k: int) -> None:
    words = [{"COLUMN": "age", "NUMBER": "-7"}.get(word, word) for word in pattern(forms()[k])]
    batch = read_question(" ".join(words), GOODS)
    assert batch.form.tolist() == [k]
    assert batch.question(0).said == " ".join(words)
    assert batch.columns(0) == GOODS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum prise", r"has no word 'prise': did you mean 'price'\?"),
        ("sum rank", "the table has no column 'rank'; it has price, age"),
        ("sum price where age greater", "is no question of the language"),
        ("sum price 7", "is no question of the language"),
        ("sum price where age greater x", "has no word 'x'"),
        ("count where age greater 1 and age greater 2 and age greater 3", "is no question of the language"),
        ("count where age greater 3000000000", "integers are within"),
        ("", "is no question of the language"),
    ],
)
def test_what_is_no_question_is_a_usage_error(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_question(text, GOODS)


def test_asking_says_whether_the_program_is_what_was_asked(
    tmp_path: Path, script: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that has learned nothing answers every question with one program, which is wrong for most."""
    config = ProgrammerConfig(columns=2, steps=1, restarts=2, width=8, batch_size=2)
    ProgrammerTrainer(config, tmp_path / "run").run()
    table = write(tmp_path / "goods.csv", GOODS)
    [[program]] = best_restart(tmp_path / "run").programs(read_question("count", GOODS).asked)
    code = script("evaluate", tmp_path / "run", table, "count", "--c")
    said = capsys.readouterr()
    assert said.out.startswith(program.text + "\n  steps   ")
    assert program.c(GOODS) in said.out
    assert code == (program.text != "count(rows)")
    wrong = script("evaluate", tmp_path / "run", table, "print age where age greater 7")
    assert wrong == 1
    assert "the question asks print(age where age > 7)" in capsys.readouterr().err


def test_asking_needs_a_training(tmp_path: Path, script: Callable[..., int]) -> None:
    table = write(tmp_path / "goods.csv", GOODS)
    assert script("evaluate", tmp_path, table, "count") == 2
    config = ProgrammerConfig(columns=2, steps=5, restarts=1, width=4, batch_size=2)
    ProgrammerTrainer(config, tmp_path / "run").run(until=1)
    with pytest.raises(UsageError, match="has not come to its first validation"):
        best_restart(tmp_path / "run")
    assert asking.LARGEST == 2**31 - 1


def test_the_pages_show_the_results() -> None:
    """The table is that of its figures, and so is the one of the guide."""
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    from training.neural_programmer.report import page

    results = ROOT / "docs" / "results"
    document = json.loads((results / "neural_programmer.json").read_text())
    records = [
        Record(**values | {"restarts": tuple(Restart(**r) for r in values["restarts"])})
        for values in document["records"]
    ]
    shown = (results / "neural_programmer.md").read_text()
    assert page(records, document["command"], "neural_programmer") == shown
    guide = (ROOT / "docs" / "neural_programmer.md").read_text()
    by_kind = {(r.columns, r.loss, r.noise > 0): r for r in records}
    rows = re.findall(r"^\| (\d) \| (\w+) \| ([\d.]+) % \| (\d+) of 10 \| (\d+) of 10 \|$", guide, re.MULTILINE)
    assert len(rows) == 6
    for columns, loss, best, plain, noisy in rows:
        without, with_noise = (by_kind[int(columns), loss, noise] for noise in (False, True))
        assert float(best) == round(100 * without.tests[without.best], 1)
        assert [int(plain), int(noisy)] == [sum(t >= 0.99 for t in r.tests) for r in (without, with_noise)]


def test_the_plan_of_the_results_is_read():
    plan = read_plan(ROOT / "training" / "configs" / "neural_programmer.yaml", seed=0)
    assert {config.columns for config in plan} == {1, 3, 5}
    assert {config.restarts for config in plan} == {10}
