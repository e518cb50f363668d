"""The description of a program: what its entry takes, what it returns, and where its inputs come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pycparser import c_ast, c_generator

from cprograms.diagnostics import Diagnostic
from cprograms.inputs import inputs_of, masked_like
from cprograms.names import enough, grouped
from cprograms.screen import on_screen
from cprograms.types import SCALARS, Array, CType, Scalar

MAX_ARGUMENTS = 64
MAX_RESULTS = 64
ORIGINS = ("default", "pragma", "user")
"""Who may have set a range; see Argument."""
MOST_LINES = 20
"""Of a domain."""
FAR = 10
"""A range lies far from zero where its ends are so many times greater than its width."""


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
        """Its range in words, as in "[0, 255]", and that it is the default where nobody set it."""
        default = " (default)" if self.origin == "default" else ""
        return f"[{bound(self.low)}, {bound(self.high)}]{default}"

    @property
    def digits(self) -> int:
        """In how many its values are told: four. Integers in as many as they have; what lies far from zero, as dates
        do, in those that tell its range apart.
        """
        largest, width = max(abs(self.low), abs(self.high)), self.high - self.low
        if self.type.is_integer:
            return min(max(4, len(str(int(largest)))), 17)
        far = largest > FAR * width > 0
        return min(math.ceil(math.log10(largest / width)) + 5, 17) if far else 4


def bound(v: float) -> str:
    """A domain's end in as many digits as it needs."""
    return str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(float(v))


@dataclass(frozen=True)
class Result:
    """One output: `name` is "return", a field's path in the struct that is returned ("re", "rotation.x", "m[1]"), or
    the C expression of what the entry writes ("out", "w[3]", "state.sum").

    `low` and `high` are the declared range of the result, where a pragma gives one.
    """

    name: str
    type: Scalar
    low: float | None = None
    high: float | None = None


Passing = Literal["value", "pointer", "global"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the entry, or a global that is state, and what of it is arguments and results.

    `name` is its name in C, `type` that of the object which the entry works on: of what is passed by value, or is a
    global, its own, and of a pointer's target an array, of one element where it is one object. For each leaf of the
    type, as `cprograms.types.paths` has them, `arguments` has the number of the argument that it is set from, and
    `results` that of the result that it becomes, or None. `fixed` are the values of leaves that are no arguments: a
    leaf that has neither holds what the entry must not read.
    """

    name: str
    type: CType
    passing: Passing
    arguments: tuple[int | None, ...]
    results: tuple[int | None, ...]
    fixed: tuple[int | float | None, ...]


def prototype(entry: str, arguments: Sequence[Argument], results: Sequence[Result]) -> str:
    """In the style of C: `double f(double x, int n)`, or `{double re, double im} f(...)` for a struct; elements of an
    array together, as `double w[0..8]`."""
    takes = _declared(arguments)
    if [r.name for r in results] == ["return"]:
        return f"{results[0].type.name} {entry}({takes})"
    return f"{{{_declared(results)}}} {entry}({takes})"


def _declared(leaves: Sequence[Argument] | Sequence[Result]) -> str:
    names = grouped([leaf.name for leaf in leaves], [leaf.type for leaf in leaves])
    return enough([f"{leaves[place].type.name} {name}" for name, place in names], len(leaves))


def domain_groups(arguments: Sequence[Argument]) -> list[tuple[str, Argument]]:
    """The arguments, those of an array that have type and range in common as one, `w[0..8]`, and the first of them."""
    keys = [(a.type, a.low, a.high, a.origin == "default") for a in arguments]
    return [(name, arguments[place]) for name, place in grouped([a.name for a in arguments], keys)]


def _settings(parameter: Parameter) -> Iterator[str]:
    """The pragmas that say of a parameter what its declaration does not."""
    name = parameter.name
    if parameter.passing == "global":
        yield f"state({name})"
    elif parameter.passing == "pointer" and isinstance(parameter.type, Array):
        yield f"size({name}, {parameter.type.length})"
    elif parameter.fixed != (None,) and isinstance(parameter.type, Scalar):
        yield f"fix({name}, {parameter.fixed[0]!r})"


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A numeric C program.

    `unit` is the entry's translation unit after preprocessing, trimmed to what the entry needs: no includes, no
    pragmas, types and helpers before their use. `source` is the text as the user gave it. `parameters` are the
    entry's, in order, and then the globals that are state: the first `returned` results come from what it returns, the
    others from them. Without any, the arguments are scalars that are passed by value, and all results are returned.
    `restored` names the globals that the program may change, which start anew with every row, those that are state
    among them. `wraps`: its signed integers wrap, as with `-fwrapv`. `warnings` are what the user should know
    of it.
    """

    path: str
    source: str
    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    unit: c_ast.FileAST
    parameters: tuple[Parameter, ...] = ()
    returned: int = -1
    restored: tuple[str, ...] = ()
    wraps: bool = False
    warnings: tuple[Diagnostic, ...] = ()

    def __post_init__(self) -> None:
        if self.returned < 0:
            scalars = (Parameter(a.name, a.type, "value", (k,), (None,), (None,)) for k, a in enumerate(self.arguments))
            object.__setattr__(self, "parameters", tuple(scalars))
            object.__setattr__(self, "returned", len(self.results))

    @cached_property
    def text(self) -> str:
        """The trimmed unit as self-contained C."""
        return str(c_generator.CGenerator().visit(self.unit))

    @property
    def pragmas(self) -> list[str]:
        """What has to be said of the entry beside its text: extents, fixed numbers, state, the domain."""
        ranges = [(a.name, a.low, a.high) for a in self.arguments]
        ranges += [(r.name, r.low, r.high) for r in self.results if r.low is not None and r.high is not None]
        said = [text for p in self.parameters for text in _settings(p)]
        said += ["wrapv"] if self.wraps else []
        return [f"surrogate {text}" for text in (*said, *(f"range({n}, {low!r}, {high!r})" for n, low, high in ranges))]

    @property
    def portable_text(self) -> str:
        """The same with pragmas before the entry, which state that it is the entry, its extents and its domain."""
        pragmas = [c_ast.Pragma(text) for text in (f"surrogate entry({self.entry})", *self.pragmas)]
        parts: list[c_ast.Node] = []
        for part in self.unit.ext:
            is_entry = isinstance(part, c_ast.FuncDef) and part.decl.name == self.entry
            parts += [*pragmas, part] if is_entry else [part]
        return str(c_generator.CGenerator().visit(c_ast.FileAST(parts)))

    def __repr__(self) -> str:
        """A screen at most: the signature, the file, the domain."""
        domain = ", ".join(Signature.of(self).domain_lines())
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
        """The range of each argument, and that it is the default where nobody set it; at most a screen of lines."""
        lines = [f"{name} in {a.domain_text}" for name, a in domain_groups(self.arguments)]
        return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], f"… {len(self.arguments)} in all"]

    def domain_text(self) -> str:
        """The ranges of the arguments in a line."""
        ranges = [f"{name} in [{bound(a.low)}, {bound(a.high)}]" for name, a in domain_groups(self.arguments)]
        return enough(ranges, len(self.arguments))

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
