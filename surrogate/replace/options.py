"""The options of `surrogate replace`."""

from __future__ import annotations

import argparse

from surrogate.mlp.target import OPTIONS as COMPILING
from surrogate.mlp.target import PLAIN
from surrogate.numeric.options import RANGE, SECONDS, SHAPE, STEPS
from surrogate.target import Option, output_option

ABOUT = "run a whole program with a surrogate in the place of one function, and compare it with the original"


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds") from None


_SHARED = {o.dest: o for o in COMPILING}
LEVEL = _SHARED["opt_level"]
TAPS = _SHARED["taps"]
SEED = _SHARED["seed"]
MAKING = (LEVEL, RANGE, *(o for o in SHAPE if o.dest != "state"), TAPS, PLAIN, SECONDS, STEPS, SEED)
"""What says how the surrogate is compiled, where there is none."""
FUNCTION = Option("--function", dest="entry", required=True, metavar="F", help="the function to replace")
WIDTH = Option("--width", type=int, metavar="N", help="an MLP of so many hidden units a layer: a narrow one is fast")
UNIFORM = Option(
    "--uniform", action="store_true", default=None, help="let all of the domain count alike, not what is called most"
)
OPTIONS = (
    FUNCTION,
    Option("--surrogate", metavar="DIR", help="an artifact of the function (default: it is compiled at -O2)"),
    *MAKING,
    WIDTH,
    UNIFORM,
    Option("--guard", action="store_true", help="call the original function outside the surrogate's domain"),
    Option("--args", default="", metavar="WORDS", help="the program's arguments, in one word: --args '320 200'"),
    Option("--stdin", metavar="FILE", help="what the program reads from its standard input (default: nothing)"),
    Option("--file", dest="beside", action="append", default=[], metavar="FILE", help="put a file beside the program"),
    Option("--timeout", type=_seconds, default=300.0, metavar="S", help="seconds that a run may take (default 300)"),
    Option("--runs", type=int, default=5, metavar="N", help="runs of each to take the median of (default 5)"),
    Option("--cc", metavar="COMMAND", help="the C compiler (default: gcc, else that of the package ziglang)"),
    Option("--cflags", metavar="FLAGS", help="more flags of the C compiler, after -O3, in one word"),
    output_option("DIR", "also write the surrogate, its C, the program's text and both outputs into a folder"),
)
