"""The command `export`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cprograms.announcements import announced
from cprograms.diagnostics import UsageError
from surrogate.anc.program import AncProgram
from surrogate.export.pipeline import export as exported
from surrogate.export.suffixes import SUFFIXES
from surrogate.numeric.artifact import NumericArtifact
from surrogate.terminal.console import OK, print_json, report

SUFFIX_OF = {format: suffix for suffix, format in SUFFIXES.items()}


def export(options: argparse.Namespace, artifact: NumericArtifact | AncProgram) -> int:
    if options.format is None and options.output is None:
        raise UsageError(f"say --format {'|'.join(SUFFIX_OF)}, or -o FILE with its suffix")
    target = Path(options.output or _default(options.artifact, options.format))
    with announced(f"exporting {options.artifact}"):
        found = exported(
            artifact,
            target,
            options.format,
            name=options.name,
            precision=options.precision,
            guard=bool(options.guard),
            max_error=options.max_error,
            fixed=options.fixed,
            force=bool(options.force),
        )
    if options.json:
        print_json({"artifact": options.artifact, **found.as_dict()})
        return OK
    what = "tapes, each as the program leaves it" if isinstance(artifact, AncProgram) else "rows"
    near = f"run back on {found.rows:,} {what}"
    if not isinstance(artifact, AncProgram):
        near += f": off by {found.difference:.2g} of a result's range at most"
    files = ", ".join(map(str, found.files))
    report(f"{options.artifact} -> {files}", *(f"  {line}" for line in found.lines), f"  checked   {near}")
    return OK


def _default(artifact: str, format: str) -> str:
    """The artifact's name, in the current directory."""
    return os.path.basename(os.path.abspath(artifact)).replace(".", "_").replace("-", "_") + SUFFIX_OF[format]
