"""The command line's parser: argparse, whose errors are exceptions that guess what was meant."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from cprograms.diagnostics import UsageError, did_you_mean


class WrongArguments(UsageError):
    """A command line that does not parse; `command` and `usage` are those of the command that it names."""

    def __init__(self, message: str, command: str, usage: str):
        super().__init__(message)
        self.command, self.usage = command, usage


_NEGATIVE = re.compile(r"-\.?\d")
"""What begins so is a value: there is no option that does."""


class _Help(argparse.HelpFormatter):
    """Texts of several lines stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """Raises WrongArguments where argparse would print and exit."""

    def __init__(self, **declaration: Any) -> None:
        super().__init__(formatter_class=_Help, allow_abbrev=False, **declaration)
        self._negative_number_matcher = _NEGATIVE  # argparse's own knows neither -1e3 nor -0x10

    def error(self, message: str) -> NoReturn:
        raise WrongArguments(message, self.prog, self.format_usage())

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        # Before argparse looks: it would first miss the arguments that a misspelt option leaves out.
        self._refuse_unknown_options(list(args or []))
        found, extra = super().parse_known_args(args, namespace)
        if hasattr(found, "files") and all(e == "-" or not e.startswith("-") for e in extra):
            found.files += extra  # files between options, which argparse does not take with the others
            extra = []
        if extra and not self._commands():
            self.error(f"unrecognized arguments: {' '.join(extra)}")
        return found, extra

    def _refuse_unknown_options(self, arguments: Sequence[str]) -> None:
        for argument in arguments:
            name = argument.partition("=")[0]
            if argument == "--" or (self._commands() and not argument.startswith("-")):
                return
            if name.startswith("--") and name not in self._option_string_actions:
                guess = did_you_mean(name, (o for o in self._option_string_actions if o.startswith("--"))).strip()
                self.error(f"unrecognized arguments: {argument}{f'; {guess}' if guess else ''}")

    def _commands(self) -> bool:
        return any(isinstance(action, argparse._SubParsersAction) for action in self._actions)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = list(action.choices or [])
        if action.choices is None or value in choices:
            return
        guess = did_you_mean(str(value), map(str, choices))
        if not guess and isinstance(action, argparse._SubParsersAction) and os.path.isfile(value):
            guess = f"did you mean 'surrogate compile {value}'? "
        shown = ", ".join(map(repr, choices))
        raise argparse.ArgumentError(action, f"invalid choice: {value!r}; {guess}choose from {shown}")
