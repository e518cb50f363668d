"""The command `export`, as each target has it, and the suffixes of what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cprograms.diagnostics import UsageError
from surrogate.target import Command, Option, deferred, output_option

SUFFIXES = {".c": "c", ".onnx": "onnx", ".pt2": "torch", ".py": "numpy"}
"""The formats by the suffixes of their files."""
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
COMMANDS: dict[str, Command[Any]] = {
    "mlp": _NUMERIC,
    "graph": Command("export", ABOUT, (FORMAT, OUTPUT, NAME, GUARD, FORCE), _RUN),
    "anc": Command("export", ABOUT, (FORMAT, OUTPUT, NAME, FORCE), _RUN),
}
"""The command by the targets that have it."""


def ensure_directory(output: str | None, suffix: str) -> None:
    """Before a compile: raises UsageError where the name of an artifact, a directory, is that of an exported file."""
    path = Path(output or "")
    if path.suffix in SUFFIXES and not path.exists():
        made = path.with_suffix(suffix)
        raise UsageError(
            f"{output}: an artifact is a directory, and {path.suffix} is the suffix of a file that one is exported to:"
            f" compile -o {made}, then surrogate export {made} --format {SUFFIXES[path.suffix]} -o {output}"
        )
