"""The options of `surrogate report`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from surrogate.target import Command, Option, output_option

ABOUT = "write one page that shows an artifact: where it is right, where it is wrong"
OUTPUT = output_option("FILE.html", "the page (default: the artifact's stem + .html)")
ROWS = Option("--rows", type=int, metavar="N", help="surrogates: fresh rows that errors are told of (default 2000)")
SEED = Option("--seed", type=int, default=None, metavar="S", help="seed of these rows, or of the tape (default 0)")


def report_command(run: Callable[..., Any], options: tuple[Option, ...]) -> Command[Any]:
    """The row of a target's table."""
    return Command("report", ABOUT, (OUTPUT, *options, SEED), run)
