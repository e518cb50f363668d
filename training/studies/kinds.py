"""The error of a compile by what a program holds: loops, selects, remainders, many arguments and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.corpus.format import read_corpus
from cprograms.graph import Graph, Node
from cprograms.program import Program
from surrogate.mlp.pipeline import compile_program
from surrogate.numeric.checking.errors import result_error
from training.evaluation.levels import CLASSES
from training.held_out import HeldOut, held_out_programs, learnable, varying
from training.markdown import table_lines
from training.studies.sets import EXACT, capitalised, error_figures, heading, sets

LEVELS: dict[str, dict[str, Any]] = {
    "-O0": {"opt_level": 0},
    "-O1": {"opt_level": 1},
    "-O0 --plain": {"opt_level": 0, "plain": True},
    "-O1 --plain": {"opt_level": 1, "plain": True},
}
UNROLLED = 200
"""Nodes of a graph whose loops were unrolled, from which on it counts as a long one."""

_POWERS = frozenset("exp exp2 exp10 expm1 log log2 log10 log1p pow cbrt sinh cosh tanh".split())
_PAIRS = frozenset("atan2 hypot copysign fdim".split())


def _result(h: HeldOut) -> Graph:
    return h.graph.result(h.result)


def _any(h: HeldOut, belongs: Callable[[Graph, Node], bool]) -> bool:
    graph = _result(h)
    return any(belongs(graph, n) for n in graph.nodes)


def _named(*names: str) -> Callable[[HeldOut], bool]:
    return lambda h: _any(h, lambda graph, n: n.op in names)


def _rounds(graph: Graph, n: Node) -> bool:
    """A rounding, of floating numbers or by a division of whole ones."""
    if n.op == "cast":
        return n.type.is_integer and not graph.nodes[n.children[0]].type.is_integer
    return n.op in ("floor", "ceil", "trunc", "round", "rint") or (n.op == "div" and n.type.is_integer)


def _divides(graph: Graph, n: Node) -> bool:
    return n.op == "div" and not n.type.is_integer and graph.nodes[n.children[1]].op != "const"


def _reads(least: int) -> Callable[[HeldOut], bool]:
    return lambda h: len(_result(h).arguments) > least


_ALWAYS = "all", "none of these"

KINDS: dict[str, Callable[[HeldOut], bool]] = {
    "all": CLASSES["all"],
    "loops not unrolled": _named("loop"),
    "long unrolled loops": lambda h: (
        CLASSES["loops"](h) and not _named("loop")(h) and len(_result(h).nodes) >= UNROLLED
    ),
    "opaque code": _named("opaque"),
    "selects": CLASSES["selects"],
    "remainders": _named("mod", "fmod", "remainder"),
    "roundings": lambda h: _any(h, _rounds),
    "bits and shifts": _named("and", "or", "xor", "not", "shl", "shr", "bitcast"),
    "tables": _named("lookup"),
    "trigonometry": CLASSES["trigonometry"],
    "exponentials and powers": _named(*_POWERS),
    "varying divisors": lambda h: _any(h, _divides),
    "functions of two numbers": _named(*_PAIRS),
    "special functions": _named("erf", "erfc", "lgamma", "tgamma"),
    "over 8 arguments": _reads(8),
    "over 16 arguments": _reads(16),
    "over 32 arguments": _reads(32),
    "several results": lambda h: len(h.program.results) > 1,
    "integer result": CLASSES["integer result"],
    "none of these": lambda h: not any(belongs(h) for name, belongs in KINDS.items() if name not in _ALWAYS),
}
"""A result may be of several kinds. What its own graph holds counts, not what other results need."""


@dataclass(frozen=True)
class Measured:
    """A result of a program: its kinds, and the nMSE at each level."""

    program: Program
    result: int
    kinds: frozenset[str]
    errors: dict[str, float]


def kind_sets(data: Path, harvested: Path | None) -> Iterator[tuple[str, Callable[[], list[Program]]]]:
    """The validation sets first, a harvest of further packages among them, then those that are measured once."""
    found = dict(sets(data))
    if harvested is not None:
        found["harvested, more validation"] = lambda: [
            r.program() for r in read_corpus(sorted(harvested.glob("*.parquet"))) if learnable(r)
        ]
    yield from sorted(found.items(), key=lambda part: "validation" not in part[0])


def measure(
    compiler: str | None, programs: Sequence[Program], rows: int, seed: int, levels: Sequence[str] = tuple(LEVELS)
) -> Iterator[Measured]:
    """Every result that varies on so many fresh rows."""
    held = held_out_programs(programs, test_rows=rows, seed=seed, rows=0)
    for results in varying(held):
        first = results[0]
        predicted = {
            level: compile_program(first.program, compiler=compiler, **LEVELS[level]).module.predict(first.x_test)
            for level in levels
        }
        for h in results:
            true = h.y_test[:, h.result]
            yield Measured(
                h.program,
                h.result,
                frozenset(name for name, belongs in KINDS.items() if belongs(h)),
                {level: result_error("", true, values[:, h.result]).nmse for level, values in predicted.items()},
            )


def table(measured: Sequence[Measured]) -> dict[str, Any]:
    """For each kind the number of results, and the figures at each level."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        own = [m for m in measured if kind in m.kinds]
        if own:
            levels = {
                level: error_figures(np.array([m.errors[level] for m in own]), "worse") for level in own[0].errors
            }
            found[kind] = {"results": len(own), **levels}
    return found


def markdown(found: dict[str, Any]) -> str:
    lines = [
        *heading("The error by kinds of programs", found),
        f"nMSE on {found['rows']} fresh rows of every result that varies there: geometric mean / median.",
        f"An error below {EXACT:g} counts as that in the geometric mean, and is called exact.",
        "Worse are results with an nMSE above 1, which a constant has. A result may be of several kinds.",
        f"Long unrolled loops are graphs of {UNROLLED} nodes or more.",
    ]
    for name, part in found["sets"].items():
        levels = [key for key in part["all"] if key in LEVELS]
        header = ("kind", "results", *(title for level in levels for title in (level, "exact", "worse")))
        rows = [[kind, str(own["results"]), *(c for k in levels for c in _cells(own[k]))] for kind, own in part.items()]
        lines += ["", f"## {capitalised(name)}", "", *table_lines(header, rows, len(header) - 1)]
    return "\n".join(lines) + "\n"


def _cells(f: dict[str, float]) -> tuple[str, str, str]:
    return f"{f['geo']:.2g} / {f['median']:.2g}", f"{100 * f['exact']:.0f} %", f"{100 * f['worse']:.0f} %"
