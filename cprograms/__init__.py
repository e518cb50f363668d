"""Numeric C programs: reading, describing, running and sampling them."""

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
