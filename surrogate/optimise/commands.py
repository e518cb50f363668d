"""`surrogate optimize`."""

from __future__ import annotations

import argparse
import inspect

from cprograms.announcements import announced
from surrogate.optimise.optimising import Compiled, optimise
from surrogate.terminal.console import OK, REJECTED, complain, print_json, report, warn


def optimize(options: argparse.Namespace, artifact: Compiled) -> int:
    asked = inspect.signature(optimise).parameters
    given = {name: value for name, value in vars(options).items() if name in asked and name != "artifact"}
    given = {name: value for name, value in given.items() if value is not None}
    with announced(f"searching {options.artifact}"):
        found = optimise(artifact, **given)
    if options.json:
        print_json({"artifact": options.artifact, **found.as_dict(), "warnings": found.warnings})
        return OK if found.feasible else REJECTED
    report(f"{options.artifact}: {found.title}", *(f"  {line}" for line in found.lines()))
    for k, message in enumerate(found.warnings):
        if k == 0 and not found.feasible:
            complain("surrogate", "error", message)
        else:
            warn(message)
    return OK if found.feasible else REJECTED
