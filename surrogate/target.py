"""What a target is: the protocol behind which each way to compile a program lies, and the tables of its command line.

A target is a folder whose `target.py` defines TARGET, and a line in `surrogate.driver`. The tables are read for every
`surrogate --help`, which must not wait for torch: what takes long to import is behind `deferred`, or imported in the
methods of a target.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar, Unpack

from cprograms.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    from cprograms.frontend.flags import Reading
    from cprograms.frontend.given import Paths


class Artifact(Protocol):
    """What a compile yields."""

    @property
    def entry(self) -> str:
        """The C function that was compiled."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the directory that `surrogate.load` reads."""


A = TypeVar("A", bound=Artifact)


def bound(text: str) -> float:
    """A bound of an error or an accuracy, on the command line. Raises ArgumentTypeError for what is none."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"a number from 0 on is needed, not {text.strip()}")
    return number


class Option:
    """An option of a command, or a positional argument: its spelling, and how argparse declares the rest.

    Of the options of a command with the same `one_of`, exactly one must be given. Targets with the same option of the
    same command share the object.
    """

    def __init__(self, spelling: str, *, one_of: str | None = None, **declaration: Any):
        self.spelling = spelling
        self.one_of = one_of
        self.declaration = declaration

    @property
    def dest(self) -> str:
        """The attribute of the parsed options."""
        return str(self.declaration.get("dest") or self.spelling.lstrip("-").replace("-", "_"))

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self.spelling if self.spelling.startswith("-") else f"a {self.declaration['metavar'].lower()}"

    def given(self, options: argparse.Namespace) -> bool:
        """True where the user gave it; it must be an option without a default."""
        return getattr(options, self.dest) not in (None, [])


def add_options(parser: argparse._ActionsContainer, options: Iterable[Option]) -> None:
    """Declare options to a parser, or to one of its groups."""
    exclusive: dict[str, argparse._ActionsContainer] = {}
    for option in options:
        place = parser
        if option.one_of is not None:
            if option.one_of not in exclusive:
                exclusive[option.one_of] = parser.add_mutually_exclusive_group(required=True)
            place = exclusive[option.one_of]
        place.add_argument(option.spelling, **option.declaration)


def output_option(metavar: str, help: str, *, spelling: str = "-o", **declaration: Any) -> Option:
    """Where a command writes to; an empty name is refused."""
    return Option(spelling, dest="output", type=_output, metavar=metavar, help=help, **declaration)


def _output(name: str) -> str:
    if not name:
        raise argparse.ArgumentTypeError("an output needs a name, not ''")
    return name


@dataclass(frozen=True)
class Command(Generic[A]):
    """A command on artifacts of a target. Where several targets have it, its parser takes the options of all of them.

    `run` gets the parsed options and the artifact, and returns the exit code. `lacking` ends the message where the
    artifact is of a target that does not have the command. `json` says whether it takes `--json`.
    """

    name: str
    about: str
    options: tuple[Option, ...]
    run: Callable[[argparse.Namespace, A], int]
    lacking: str = "does not have this command"
    json: bool = True


RUN, CHECK = "run a compiled program", "compare a compiled program with its C program"
"""What the commands of these names are about, whatever the target."""
ROWS_TO_RUN = (
    Option("values", nargs="*", metavar="VALUE", help="surrogates: one value an argument, in C units"),
    Option("--input", metavar="CSV", help="rows to run, with a header of argument names or without; - is stdin"),
    output_option("CSV", "where to write the results (default: stdout)", spelling="--output"),
    Option("--exact", action="store_true", default=None, help="surrogates: run the C program beside it"),
    Option("--bounds", action="store_true", default=None, help="surrogates: error bars for 90 and 99 %% of inputs"),
)
"""Of `run`, where an artifact takes rows of numbers."""
CHECK_SEED = Option("--seed", type=int, default=0, metavar="S", help="seed of the rows or tapes (default 0)")


@dataclass(frozen=True)
class Summary:
    """What `surrogate compile` says of an artifact: `facts` for JSON, `lines` to read.

    `warnings` are about the program, with their place in its file where they have one, None where the target has none
    to give; `failure` says what is wrong with the artifact where it does not pass.
    """

    facts: dict[str, Any]
    lines: list[str]
    warnings: list[str | Diagnostic] | None = None
    failure: str | None = None


class Target(Protocol[A]):
    """A way to compile programs.

    `name` is what `--target` takes and artifacts record, `suffix` that of its artifacts, and `about` what it yields, in
    the help. Messages call an artifact `one`, and artifacts `many`. `options` are those of `surrogate compile`, each
    the keyword argument of `compile` that is its `dest`; `refusal` says why those of other targets mean nothing to it.
    """

    name: str
    suffix: str
    about: str
    one: str
    many: str
    refusal: str
    options: tuple[Option, ...]
    commands: tuple[Command[A], ...]

    @property
    def compile(self) -> Callable[..., A]:
        """Compile a C file or several, the only positional argument, or the text `source`.

        Every target takes `entry`, `limit` and the keywords of `cprograms.frontend.flags.Reading`. Raises ProgramError
        for a program that the target does not take, UsageError for options that make no sense.
        """

    def decode(self, config: dict[str, Any], files: dict[str, bytes]) -> A:
        """The artifact that a configuration and files describe.

        Raises KeyError, TypeError, ValueError, AttributeError, RuntimeError or SafetensorError where they do not fit
        together.
        """

    def described(self, artifact: A) -> str:
        """What an artifact is, in a few words, as in "a surrogate of 'double f(double x)'"."""

    def summary(self, artifact: A, max_nmse: float | None = None) -> Summary:
        """Check a new artifact, as far as the target does so unasked, and describe it.

        It fails where the nMSE of a result is above `max_nmse`. Raises UsageError where that is given and none is
        measured.
        """


class LearnedTarget:
    """What targets share whose artifacts are learned: `compile` has no options, and says what to do `instead`."""

    options: tuple[Option, ...] = ()
    instead: str

    def compile(
        self,
        path: Paths | None = None,
        *,
        source: str | None = None,
        entry: str | None = None,
        limit: float | None = None,
        **reading: Unpack[Reading],
    ) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(self.instead)


def deferred(name: str) -> Callable[..., Any]:
    """The function of a name such as "surrogate.mlp.commands:run", whose module is imported when it is called."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return resolve_name(name)(*args, **kwargs)

    call.__qualname__ = name
    return call
