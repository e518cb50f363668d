"""The command `export`, as each target has it."""

from __future__ import annotations

from typing import Any

from surrogate.export.suffixes import SUFFIXES
from surrogate.target import Command, Option, deferred, output_option

FORMAT = Option(
    "--format",
    choices=tuple(SUFFIXES.values()),
    metavar="|".join(SUFFIXES.values()),
    help="c: a C99 file and its header; onnx: for ONNX Runtime and others; torch: of torch.export; numpy: a module"
    " without torch (default: as the suffix of -o says)",
)
OUTPUT = output_option("FILE", "where it goes (default: the artifact's name with _ for its dot, and the suffix)")
NAME = Option("--name", metavar="F", help="c: the name of the function (default: that of the original)")
PRECISION = Option(
    "--precision", choices=("float", "double"), help="c: what the MLP computes in (default: as in the artifact)"
)
GUARD = Option(
    "--guard",
    action="store_true",
    default=None,
    help="c: call the original, which the file then holds, outside of the domain",
)
MAX_ERROR = Option(
    "--max-error",
    type=float,
    metavar="X",
    help="c: with --guard, also where the 99 %% error bar of a result is above X",
)
FIXED = Option("--fixed", type=int, choices=(8, 16), metavar="8|16", help="c: integers of so many bits alone")
FORCE = Option("--force", action="store_true", default=None, help="overwrite files that are there")
ABOUT = "write a compiled program as C, ONNX, torch.export or numpy"
_RUN = deferred("surrogate.export.commands:export")
_NUMERIC: Command[Any] = Command(
    "export", ABOUT, (FORMAT, OUTPUT, NAME, PRECISION, GUARD, MAX_ERROR, FIXED, FORCE), _RUN
)
COMMANDS: dict[str, tuple[Command[Any], ...]] = {
    "mlp": (_NUMERIC,),
    "graph": (Command("export", ABOUT, (FORMAT, OUTPUT, NAME, GUARD, MAX_ERROR, FORCE), _RUN),),
    "anc": (Command("export", ABOUT, (FORMAT, OUTPUT, NAME, FORCE), _RUN),),
}
"""The command by the targets that have it; their own tables cannot name what reads their artifacts."""
