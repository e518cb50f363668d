"""The targets' tables: what the command line and the driver rely on."""

from __future__ import annotations

import argparse
import inspect
import re
import typing
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import pytest

import surrogate
from cprograms.frontend.flags import Reading
from cprograms.frontend.loading import NumericReading
from surrogate import cli, driver
from surrogate.driver import TARGETS
from surrogate.target import Artifact, Option, Summary
from tests.surrogate.command import usage_error


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_what_its_folder_says(name: str) -> None:
    target = TARGETS[name]
    assert type(target).__module__ == f"surrogate.{name}.target"
    assert len({t.suffix for t in TARGETS.values()}) == len(TARGETS)
    for command in target.commands:
        assert callable(resolve_name(command.run.__qualname__))


@pytest.mark.parametrize("name", TARGETS)
def test_options_are_the_keywords_of_compile(name: str) -> None:
    keywords = dict(inspect.signature(TARGETS[name].compile).parameters)
    common = {"path", "source", "entry", "limit", "reading"}
    own = NumericReading.__annotations__.keys() - Reading.__annotations__.keys()
    expected = keywords.keys() - common | (own if "NumericReading" in str(keywords["reading"]) else set())
    assert {option.dest for option in TARGETS[name].options} == expected
    assert common <= keywords.keys()


def test_what_targets_share_is_one_option() -> None:
    """argparse would let the later of two declarations win."""
    tables = defaultdict(list)
    for target in TARGETS.values():
        tables["compile"] += target.options
        for command in target.commands:
            tables[command.name] += command.options
    for command, options in tables.items():
        spellings = [option.spelling for option in set(options)]
        assert len(spellings) == len(set(spellings)), command


OVERLOADS = [o for o in typing.get_overloads(driver.compile) if "Literal" in str(o.__annotations__["target"])]


@pytest.mark.parametrize("overload", OVERLOADS, ids=lambda o: str(o.__annotations__["target"]))
def test_editors_are_told_a_target_s_own_keywords(overload: typing.Any) -> None:
    name = re.search(r"Literal\['(\w+)'\]", str(overload.__annotations__["target"]))[1]
    known = dict(inspect.signature(overload).parameters)
    del known["target"]
    assert list(known.values()) == list(inspect.signature(TARGETS[name].compile).parameters.values())


class Copies:
    """A third target, which copies the text of a file."""

    name = "copy"
    suffix = ".copy"
    about = "a copy"
    one = "a copy (--target copy)"
    many = "copies"
    refusal = "a copy has nothing to choose"
    options = (Option("--times", type=int, metavar="N"),)

    class Copy:
        def __init__(self, path: str, times: int):
            self.entry, self.text = "copy", Path(path).read_text() * times

        def save(self, path: object) -> None:
            Path(str(path)).write_text(self.text)

    def __init__(self) -> None:
        self.commands = (replace(TARGETS["mlp"].commands[0], options=(), run=self.run),)

    def run(self, options: argparse.Namespace, copy: Artifact) -> int:
        return 0

    def compile(self, path: str, times: int = 1, **_source: object) -> Copies.Copy:
        return Copies.Copy(path, times)

    def decode(self, config: object, files: object) -> Copies.Copy:
        raise ValueError

    def described(self, copy: Copies.Copy) -> str:
        return "a copy"

    def summary(self, copy: Copies.Copy, max_nmse: float | None = None) -> Summary:
        return Summary({"length": len(copy.text)}, [f"length    {len(copy.text)}"])


def test_a_third_target_needs_no_other_line(
    in_own_folder: None, artifact: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(TARGETS, "copy", Copies())
    monkeypatch.setenv("COLUMNS", "200")
    Path("f.c").write_text("1234")
    assert cli.main(["compile", "f.c", "--target", "copy", "--times", "2"]) == 0
    assert capsys.readouterr().out.startswith("f.c -> f.copy\n  length    8\n  time ")
    assert Path("f.copy").read_text() == "12341234"
    assert surrogate.compile("f.c", target="copy").entry == "copy"
    for argv, message in (
        (["compile", "f.c", "--times", "2"], "--times is of --target copy"),
        (["compile", "f.c", "--target", "copy", "-O2"], "-O is of --target mlp: a copy has nothing to choose"),
        (
            ["compile", "f.c", "--target", "tpu"],
            f"unknown target 'tpu'; there are {', '.join(list(TARGETS)[:-1])} and copy",
        ),
        (["run", artifact, "1", "2", "--steps", "3"], "--steps is for programs of --target anc"),
    ):
        assert message in usage_error(argv, capsys), argv
    with pytest.raises(SystemExit):
        cli.main(["compile", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "mlp (default): a surrogate; graph: the program itself, in torch; anc: exact, void f(int *); "
        "sketch: learned by `surrogate learn`; nram: learned by `surrogate learn --machine nram`; copy: a copy" in said
    )
