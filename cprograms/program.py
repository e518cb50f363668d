"""The description of a program: what its entry takes, what it returns, and where its inputs come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from pycparser import c_ast, c_generator

from cprograms.diagnostics import Diagnostic
from cprograms.inputs import inputs_of, masked_like
from cprograms.screen import on_screen
from cprograms.types import SCALARS, Scalar

MAX_ARGUMENTS = 16
MAX_RESULTS = 4
ORIGINS = ("default", "pragma", "user")
"""Who may have set a range; see Argument."""


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

    @property
    def domain_text(self) -> str:
        """Its range in words, as in "x in [0, 255]", and that it is the default where nobody set it."""
        default = " (default)" if self.origin == "default" else ""
        return f"{self.name} in [{bound(self.low)}, {bound(self.high)}]{default}"


def bound(v: float) -> str:
    """A domain's end in as many digits as it needs."""
    return str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(float(v))


@dataclass(frozen=True)
class Result:
    """One output: `name` is "return", or a struct field's path ("re", "rotation.x").

    `low` and `high` are the declared range of the result, where a pragma gives one.
    """

    name: str
    type: Scalar
    low: float | None = None
    high: float | None = None


def prototype(entry: str, arguments: Sequence[Argument], results: Sequence[Result]) -> str:
    """In the style of C: `double f(double x, int n)`, or `{double re, double im} f(...)` for a struct."""
    takes = ", ".join(f"{a.type.name} {a.name}" for a in arguments)
    if [r.name for r in results] == ["return"]:
        return f"{results[0].type.name} {entry}({takes})"
    gives = ", ".join(f"{r.type.name} {r.name}" for r in results)
    return f"{{{gives}}} {entry}({takes})"


@dataclass(frozen=True, eq=False, repr=False)
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

    def __repr__(self) -> str:
        """A screen at most: the signature, the file, the domain."""
        domain = ", ".join(a.domain_text for a in self.arguments)
        signature = prototype(self.entry, self.arguments, self.results)
        return on_screen([f"Program {signature}", f"from {self.path}", f"domain: {domain}"])

    def run(self, rows: Any = None, /, **columns: Any) -> npt.NDArray[np.float64]:
        """Evaluate the C program in the sandbox: [..., arguments] -> float64 [..., results].

        Inputs are of all the kinds that `cprograms.inputs.inputs_of` takes, by position or by name. A row that trapped
        is NaN, one with a masked argument is masked. Raises ValueError for inputs that are not the arguments,
        ProgramError where the program does not compile.
        """
        x = inputs_of(rows, columns, [a.name for a in self.arguments])
        # Takes long to import, and most programs are never run by themselves.
        from cprograms.sandbox.running import run

        y = run(self, np.asarray(x).reshape(-1, len(self.arguments)))
        return masked_like(y.reshape(*x.shape[:-1], len(self.results)), x)

    @property
    def domain(self) -> np.ndarray:
        """float64 [arguments, 2], low and high of each argument."""
        return np.array([[a.low, a.high] for a in self.arguments], dtype=np.float64).reshape(-1, 2)


@dataclass(frozen=True)
class Signature:
    """What an entry takes and returns, and the domain of its inputs."""

    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]

    @classmethod
    def of(cls, program: Program) -> Signature:
        return cls(program.entry, program.arguments, program.results)

    def __str__(self) -> str:
        """In the style of C; see `prototype`."""
        return prototype(self.entry, self.arguments, self.results)

    def domain_lines(self) -> list[str]:
        """A line an argument: its range, and that it is the default where nobody set it."""
        return [a.domain_text for a in self.arguments]

    def domain_text(self) -> str:
        """The ranges of the arguments in a line."""
        return ", ".join(f"{a.name} in [{bound(a.low)}, {bound(a.high)}]" for a in self.arguments)

    def without_origins(self) -> Signature:
        """The same whoever set the ranges, and as floats: what a program that was printed says of itself."""
        plain = (replace(a, low=float(a.low), high=float(a.high), origin="") for a in self.arguments)
        return replace(self, arguments=tuple(plain))

    def as_dict(self) -> dict[str, Any]:
        """Arguments and results with their C types and domains, for JSON."""
        return {
            "arguments": [
                {"name": a.name, "type": a.type.code, "low": a.low, "high": a.high, "origin": a.origin}
                for a in self.arguments
            ],
            "results": [{"name": r.name, "type": r.type.code, "low": r.low, "high": r.high} for r in self.results],
        }

    @classmethod
    def from_dict(cls, entry: str, d: dict[str, Any]) -> Signature:
        """The inverse of `as_dict`.

        Raises KeyError, TypeError, ValueError or OverflowError for a dictionary of another shape.
        """
        arguments = tuple(
            Argument(a["name"], SCALARS[a["type"]], float(a["low"]), float(a["high"]), a["origin"])
            for a in d["arguments"]
        )
        results = tuple(Result(r["name"], SCALARS[r["type"]], r["low"], r["high"]) for r in d["results"])
        if unknown := {a.origin for a in arguments} - set(ORIGINS):
            raise ValueError(f"a range set by {unknown.pop()!r}")
        return cls(entry, arguments, results)
