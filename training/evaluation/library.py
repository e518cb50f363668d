"""The library's surrogates at every level, measured on fresh rows, as a table and as JSON."""

from __future__ import annotations

import platform
import re
import statistics
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.numeric.check import Report

LIBRARY = Path(cprograms.__file__).parent / "library"
LEVELS = (0, 1, 2)
EXPLANATION = """\
Errors are nMSE (mean squared error over the variance of the true outputs) on fresh rows of the domain.
R² is 1 − nMSE. A function of several results has their mean.
◊ marks functions whose dataflow is not followed to the end: loops without a known bound, recursion, goto.

- -O0 does not run the program. It reads the text and the declared ranges. The values of the dataflow graph
  scale the results and the taps, and weigh the tower and polynomials of the text.
- -O1 also reads 64 executed rows: the Gauss–Newton steps trained into the hypernetwork use them, or
  polynomials of the text. 256 further rows choose.
- -O2 takes rows as free: it fits polynomials and towers to 4,000, and each result is the part that errs
  least on 2,000 fresh ones.
- Those further rows also decide for which results the network is not clearly better than their mean.
  Those are the mean."""
BARS: tuple[tuple[str, float, Callable[[Sequence[Measured]], float]], ...] = (
    ("-O0, median of the library", 0.4, lambda functions: median(functions, 0)),
    ("-O1, median of the library", 0.02, lambda functions: median(functions, 1)),
)


@dataclass(frozen=True)
class Measured:
    """One function with the report of its surrogate at each level; `followed` says that its graph is exact."""

    program: Program
    field: str
    summary: str
    followed: bool
    reports: dict[int, Report]
    compiler: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.program.entry,
            "field": self.field,
            "summary": self.summary,
            "arguments": [
                {"name": a.name, "type": a.type.name, "range": [a.low, a.high]} for a in self.program.arguments
            ],
            "results": [r.name for r in self.program.results],
            "followed": self.followed,
            "reports": {f"O{level}": report.as_dict() for level, report in self.reports.items()},
        }


def measure_all(names: Sequence[str], rows: int, seed: int, compiler: str | None) -> list[Measured]:
    """Of the named functions of the library, or of all."""
    paths = [LIBRARY / f"{name}.c" for name in names] or sorted(LIBRARY.glob("*.c"))
    progress = track(paths, "library", console=Console(stderr=True), disable=not sys.stderr.isatty())
    return [measure(path, rows, seed, compiler) for path in progress]


def measure(path: Path, rows: int, seed: int, compiler: str | None) -> Measured:
    program = cprograms.load(path)
    field, summary = opening(program.source)
    reports = {}
    for level in LEVELS:
        compiled = surrogate.compile_program(program, opt_level=level, seed=seed, compiler=compiler)
        reports[level] = compiled.check(rows=rows, seed=seed)
    return Measured(program, field, summary, lower(program).exact, reports, compiled.compiler)


def opening(source: str) -> tuple[str, str]:
    """Field and first sentence of the comment that a library file begins with, "Field: sentence"."""
    comment = re.match(r"/\*(.*?)\*/", source, re.DOTALL)
    if comment is None or ": " not in comment[1]:
        raise ValueError(f"no opening comment of the form 'Field: what is computed' in {source[:60]!r}")
    text = " ".join(word for word in comment[1].split() if word != "*")
    field, _, summary = text.partition(": ")
    return field, summary


def document(functions: Sequence[Measured], rows: int, seed: int) -> dict[str, Any]:
    return {
        "rows": rows,
        "seed": seed,
        "versions": versions(),
        "compiler": functions[0].compiler,
        "median": {f"O{level}": median(functions, level) for level in LEVELS},
        "functions": [f.as_dict() for f in functions],
    }


def versions() -> dict[str, str]:
    names = ("surrogate-compiler", "torch", "numpy", "wasmtime", "ziglang")
    return {"python": platform.python_version(), **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    return surrogate.__version__ if name == "surrogate-compiler" else version(name)


def nmses(functions: Iterable[Measured], level: int) -> list[float]:
    return [f.reports[level].nmse for f in functions]


def median(functions: Iterable[Measured], level: int) -> float:
    return statistics.median(nmses(functions, level))


def table(functions: Sequence[Measured], rows: int, seed: int) -> str:
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    made = f"Made with {used}, and hypernetwork weights of SHA-256 {functions[0].compiler[:16]}…."
    lines = [
        "# The library",
        "",
        f"{len(functions)} numeric C functions in [`cprograms/library/`](../cprograms/library),",
        "with the error of their surrogates. Made by",
        "",
        "```console",
        f"$ python scripts/evaluate/library.py --rows {rows} --seed {seed} --out docs/library.md",
        "```",
        "",
        *filled(made),
        "",
        EXPLANATION,
        "",
        *("## Summary", "", *_summary(functions), "", *_bars(functions)),
    ]
    for field, members in groupby(sorted(functions, key=lambda f: (f.field, f.program.entry)), lambda f: f.field):
        found = list(members)
        lines += ["", f"## {field}", "", *_errors(found), "", *_definitions(found)]
    return "\n".join(lines) + "\n"


def _errors(functions: Sequence[Measured]) -> Iterable[str]:
    yield "| function | -O0 | -O1 | -O2 | R² at -O1 |"
    yield "|---|--:|--:|--:|--:|"
    for f in functions:
        name, mark = f.program.entry, "" if f.followed else " ◊"
        errors = " | ".join(figure(e) for e in (*(f.reports[level].nmse for level in LEVELS), f.reports[1].r2))
        yield f"| [`{name}`](../cprograms/library/{name}.c){mark} | {errors} |"


def _definitions(functions: Sequence[Measured]) -> Iterable[str]:
    for f in functions:
        yield from filled(f"- `{f.program.entry}`: {f.summary}", "  ")
        yield from filled(f"  {arguments(f.program)} → {results(f.program)}", "  ")


def filled(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def arguments(program: Program) -> str:
    """Names, types and domain; neighbours of one type and range share an entry."""
    runs = [list(run) for _, run in groupby(program.arguments, lambda a: (a.type.name, a.low, a.high))]
    return "; ".join(
        f"{_names([a.name for a in run])} {run[0].type.name} {run[0].low:g} to {run[0].high:g}" for run in runs
    )


def results(program: Program) -> str:
    runs = [list(run) for _, run in groupby(program.results, lambda r: r.type.name)]
    return "; ".join(
        f"{_names([r.name for r in run])} {run[0].type.name}" if run[0].name != "return" else run[0].type.name
        for run in runs
    )


def _names(names: list[str]) -> str:
    return ", ".join(f"`{n}`" for n in names) if len(names) < 4 else f"`{names[0]}` … `{names[-1]}` ({len(names)} ×)"


def _summary(functions: Sequence[Measured]) -> Iterable[str]:
    yield (
        "| nMSE | functions | " + " | ".join(f"-O{level} median | -O{level} geometric mean" for level in LEVELS) + " |"
    )
    yield "|---|--:|" + "--:|--:|" * len(LEVELS)
    groups: dict[str, list[Measured]] = {"all": list(functions)}
    groups["dataflow followed"] = [f for f in functions if f.followed]
    groups["not followed ◊"] = [f for f in functions if not f.followed]
    for field in sorted({f.field for f in functions}):
        groups[field] = [f for f in functions if f.field == field]
    for low, high in ((1, 1), (2, 3), (4, 6), (7, 16)):
        name = "1 argument" if high == 1 else f"{low} to {high} arguments"
        groups[name] = [f for f in functions if low <= len(f.program.arguments) <= high]
    for name, members in groups.items():
        if members:
            figures = [g for level in LEVELS for g in (median(members, level), _geometric_mean(nmses(members, level)))]
            yield f"| {name} | {len(members)} | {' | '.join(figure(g) for g in figures)} |"


def _geometric_mean(errors: list[float]) -> float:
    # A floor keeps one exact surrogate from deciding the mean.
    return float(np.exp(np.mean(np.log(np.maximum(errors, 1e-9)))))


def _bars(functions: Sequence[Measured]) -> Iterable[str]:
    yield "| bar | at most | measured | |"
    yield "|---|--:|--:|---|"
    for name, bar, measured in BARS:
        value = measured(functions)
        yield f"| {name} | {bar:g} | {figure(value)} | {'met' if value <= bar else 'missed'} |"
    for level in LEVELS:
        bad = sum(e > 0.1 for e in nmses(functions, level))
        yield f"| -O{level}, functions above 0.1 | | {bad} of {len(functions)} | |"


def figure(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 0.095 or abs(value) >= 10 else f"{value:.3f}"
