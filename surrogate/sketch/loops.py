"""Where a sketch has a loop without a bound that is known."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.diagnostics import Diagnostic
from cprograms.frontend.sketching import Sketch
from cprograms.trees import walk


def first_loop(sketch: Sketch, message: str, hint: str) -> Diagnostic:
    """A diagnostic at the first loop that does not count up to a number: `while`, `do`, `for (;;)`; at the first of all
    where there is none, or without a place."""
    loops = [n for n in walk(sketch.program.unit) if isinstance(n, c_ast.For | c_ast.While | c_ast.DoWhile)]
    plain = [n for n in loops if not isinstance(n, c_ast.For) or n.cond is None]
    place = next(iter([*plain, *loops]), None)
    path = sketch.program.path
    if place is None or place.coord is None:
        return Diagnostic(message, path, hint=hint)
    lines = sketch.program.source.split("\n")
    at = place.coord
    quoted = lines[at.line - 1] if at.file == path and at.line <= len(lines) else ""
    return Diagnostic(message, path, at.line, at.column or 0 if quoted else 0, quoted, hint)
