"""What `--help` says: every command has examples, and they are command lines that it takes."""

from __future__ import annotations

import shlex

import pytest

from surrogate.cli import build_parser, main
from surrogate.terminal.examples import EXAMPLES

COMMANDS = next(list(action.choices) for action in build_parser()._actions if action.choices)


def test_every_command_has_examples() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_are_shown_and_are_taken(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    shown = capsys.readouterr().out
    for example in EXAMPLES[command]:
        assert f"  surrogate {command} {example}".rstrip() in shown.splitlines()
        build_parser().parse_args([command, *shlex.split(example)])


def test_the_help_explains_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"\n  {word} " in shown for word in ("artifact", "exact", "tape"))
    assert max(map(len, shown.splitlines())) <= 100
