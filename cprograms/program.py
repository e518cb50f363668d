"""The description of a program: what its entry takes, what it returns, and where its inputs come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pycparser import c_ast, c_generator

from cprograms.diagnostics import Diagnostic
from cprograms.types import Scalar

MAX_ARGUMENTS = 16
MAX_RESULTS = 4


@dataclass(frozen=True)
class Argument:
    """One input of the entry; `low` and `high` bound its domain, ends included.

    `origin` says who set them: "default" ([-1, 1]), "pragma" or "user".
    """

    name: str
    type: Scalar
    low: float = -1.0
    high: float = 1.0
    origin: str = "default"


@dataclass(frozen=True)
class Result:
    """One output: `name` is "return", or a struct field's path ("re", "rotation.x").

    `low` and `high` are the declared range of the result, where a pragma gives one.
    """

    name: str
    type: Scalar
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Program:
    """A numeric C program.

    `unit` is the entry's translation unit after preprocessing, trimmed to what the entry needs: no includes, no
    pragmas, types and helpers before their use. `source` is the text as the user gave it. `users` are the functions of
    the file that need an entry which nobody named: none of them is numeric, and one of them may have been meant.
    `warnings` are the pragmas that say nothing of it.
    """

    path: str
    source: str
    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    unit: c_ast.FileAST
    users: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @cached_property
    def text(self) -> str:
        """The trimmed unit as self-contained C."""
        return str(c_generator.CGenerator().visit(self.unit))

    @property
    def portable_text(self) -> str:
        """The same with pragmas before the entry, which state that it is the entry, and its domain."""
        ranges = [(a.name, a.low, a.high) for a in self.arguments]
        ranges += [(r.name, r.low, r.high) for r in self.results if r.low is not None and r.high is not None]
        pragmas = [c_ast.Pragma(f"surrogate entry({self.entry})")]
        pragmas += [c_ast.Pragma(f"surrogate range({name}, {low!r}, {high!r})") for name, low, high in ranges]
        parts: list[c_ast.Node] = []
        for part in self.unit.ext:
            is_entry = isinstance(part, c_ast.FuncDef) and part.decl.name == self.entry
            parts += [*pragmas, part] if is_entry else [part]
        return str(c_generator.CGenerator().visit(c_ast.FileAST(parts)))

    @property
    def domain(self) -> np.ndarray:
        """float64 [arguments, 2], low and high of each argument."""
        return np.array([[a.low, a.high] for a in self.arguments], dtype=np.float64).reshape(-1, 2)
