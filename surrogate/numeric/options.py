"""The options that the commands of numeric programs share."""

from __future__ import annotations

import argparse
from typing import Any

from cprograms.options import number
from surrogate.target import CHECK, CHECK_SEED, ROWS_TO_RUN, RUN, Command, Option, bound, deferred, output_option


class _Named(argparse.Action):
    """Collects NAME=VALUE options into a dictionary; `form` says what a wrong one should be, `read` reads a value."""

    form: str

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        name, equals, text = values.partition("=")
        try:
            if not (name.strip() and equals):
                raise ValueError
            found = {name.strip(): self.read(text)}
        except (ValueError, OverflowError):
            raise argparse.ArgumentError(self, f"'{values}' is not of the form {self.form}") from None
        setattr(namespace, self.dest, {**(getattr(namespace, self.dest) or {}), **found})

    def read(self, text: str) -> Any:
        """The value. Raises ValueError or OverflowError for what is none."""
        raise NotImplementedError


class Ranges(_Named):
    """Collects NAME=LOW:HIGH."""

    form = "NAME=LOW:HIGH, as in x=0:255"

    def read(self, text: str) -> tuple[float, float]:
        low, colon, high = text.partition(":")
        if not colon:
            raise ValueError
        found = number(low), number(high)
        float(max(found))  # whole numbers stay as they are: the greatest ones are no doubles, but next to one
        float(min(found))
        return found


class Numbers(_Named):
    """Collects NAME=NUMBER; whole numbers are ints."""

    form = "NAME=NUMBER, as in n=9"

    def read(self, text: str) -> int | float:
        value = number(text)
        return int(value) if value % 1 == 0 else value


RANGE = Option(
    "--range",
    dest="ranges",
    action=Ranges,
    metavar="X=LOW:HIGH",
    help="the domain of an argument (default: its pragma's, else -1:1); may be repeated",
)
SHAPE = (
    Option(
        "--size",
        dest="sizes",
        action=Numbers,
        metavar="W=N",
        help="how many elements an array or a pointer has (default: as declared, or as used); may be repeated",
    ),
    Option(
        "--fix",
        dest="fixed",
        action=Numbers,
        metavar="N=VALUE",
        help="an argument that always has this value, and is then no input; may be repeated",
    ),
    Option(
        "--state",
        action="store_true",
        default=None,
        help="make the globals that the program changes arguments and results (default: they start anew in every row)",
    ),
)
"""What of the entry's parameters is not in their declarations."""
MAX_NMSE = Option(
    "--max-nmse", type=bound, metavar="X", help="surrogates: fail (exit 1) where the nMSE of any result is above X"
)
CHECK_OPTIONS = (
    Option("--rows", type=int, metavar="N", help="surrogates: fresh rows to compare on (default 2000)"),
    MAX_NMSE,
    CHECK_SEED,
)
COMMANDS: tuple[Command[Any], ...] = (
    Command("run", RUN, ROWS_TO_RUN, deferred("surrogate.numeric.commands:run")),
    Command("check", CHECK, CHECK_OPTIONS, deferred("surrogate.numeric.commands:check")),
)
"""What every compiled numeric program can do."""

FINETUNE = "let a surrogate go on from what it is, on rows of its program or on measured ones"
DATA = Option(
    "--data", metavar="FILE", help="measured rows, CSV or .parquet, its columns named as arguments and results"
)
SECONDS = Option("--seconds", type=float, metavar="S", help="how long -O3 and finetune work (default 10)")
STEPS = Option("--steps", type=int, metavar="N", help="instead, steps of half a second's work: repeats bit for bit")
TARGET_NMSE = Option("--target-nmse", type=float, metavar="X", help="stop where every result errs at most so much")
FINETUNE_ROWS = Option("--rows", type=int, metavar="N", help="read exactly so many rows of the program")
FINETUNE_SEED = Option("--seed", type=int, default=None, metavar="S", help="seed of the rows (default 0)")
FINETUNE_OUTPUT = output_option("DIR", "where it goes (default: the stem + -finetuned, and the suffix)")
"""The options of `finetune` that several targets have."""
