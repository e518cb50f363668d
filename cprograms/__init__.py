"""Numeric C programs: reading, describing, running and sampling them.

Two groups of rooms. The first reads and runs C. In reading order:

- `types`, `program`, `diagnostics`: what a program is; `declarations`, `literals`: the types and constants of C
- `libm`, `ops`, `graph`: the table of math functions, the operators of the dataflow graph, and the graph itself
- `frontend`: from text to a Program; `sandbox`: running it; `lowering`: from it to its graph
- `sampling`: inputs of its domain, and rows; `strata`, `moments`: what the graph says of its values without running it
- `tape`: programs over a memory tape; `library`: C of our own
- `inputs`, `options`, `screen`: what users give from Python, and what objects show them
- `cache`, `files`, `processes`, `budget`: files that survive an interrupt, child processes and programs that do not
  take for ever

The second makes and keeps many programs: `generate`, `corpus`, `harvest`, in the order in which they build on each
other. The first group never imports the second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
    from cprograms.frontend.loading import load
    from cprograms.program import Program
    from cprograms.sandbox import run

__all__ = ["Diagnostic", "Program", "ProgramError", "UsageError", "load", "run"]

_HOMES = {
    "Diagnostic": "diagnostics",
    "Program": "program",
    "ProgramError": "diagnostics",
    "UsageError": "diagnostics",
    "load": "frontend.loading",
    "run": "sandbox",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: the sandbox alone takes longer to import than a command takes to print its help.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
