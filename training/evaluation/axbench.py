"""The kernels of AxBench as published: how their surrogates err at -O1, at -O2 and fine-tuned, as a page."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from pycparser import c_ast, c_generator
from rich.console import Console
from rich.progress import track

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.card import network_line
from training.errors import bounded, geometric_mean
from training.evaluation.library import arguments, figure, filled, opening, results
from training.markdown import table_lines

AXBENCH = Path(cprograms.__file__).parent / "library" / "axbench"
LEVELS = ("-O1", "-O2", "fine-tuned", "-O2, plain")
EXPLANATION = """\
Errors are nMSE (mean squared error over the variance of the true outputs) on fresh rows of the domain:
the geometric mean of a kernel's results, and its worst result; then the geometric mean over seeds. An
error below 1e-9 counts as 1e-9. A seed chooses the rows of the compile, of the fine-tuning and of the
check.

- -O1 reads 64 executed rows, -O2 4,000.
- Fine-tuned is what -O2 made after so many further steps of about half a second, on 20,000 rows.
- These surrogates read exact values of inner nodes of the program, taps, beside the arguments. What they
  are made of, and how many of the program's operators the taps compute, is in the second table.
- Plain is the setting of the AxBench paper: an MLP of the arguments alone, here of two hidden layers of 64.
- ◊ marks kernels whose dataflow is not followed to the end."""

SIGNATURES = """\
The signatures are the published ones (Esmaeilzadeh et al. 2012, Yazdanbakhsh et al. 2017); the bodies
were written anew from the mathematics. What a kernel reads through a pointer is its arguments, what it
writes its results."""


class Measured(TypedDict):
    """A kernel's surrogates. By level, `nmse` has each seed's errors of the results, and `made` what the first seed's
    is made of. An infinite error is None, as JSON has it.
    """

    name: str
    summary: str
    prototype: str
    takes: str
    gives: str
    arguments: int
    results: int
    followed: bool
    nmse: dict[str, list[list[float | None]]]
    made: dict[str, str]


def measure_all(
    paths: Sequence[Path], rows: int, seeds: int, steps: int, compiler: str | None
) -> tuple[list[Measured], str]:
    """Of each file, and the SHA-256 of the hypernetwork's weights."""
    progress = track(paths, "AxBench", console=Console(stderr=True), disable=not sys.stderr.isatty())
    found, used = [], ""
    for path in progress:
        measured, used = measure(path, rows, seeds, steps, compiler)
        found.append(measured)
    return found, used


def measure(path: Path, rows: int, seeds: int, steps: int, compiler: str | None) -> tuple[Measured, str]:
    program = cprograms.load(path)
    nmse: dict[str, list[list[float | None]]] = {level: [] for level in LEVELS}
    made: dict[str, str] = {}
    for seed in range(seeds):
        for level, compiled in _surrogates(program, seed, steps, compiler):
            errors = compiled.check(rows=rows, seed=seed).as_dict()["results"]
            nmse[level].append([e["nmse"] for e in errors])
            made.setdefault(level, network_line(compiled.module, compiled.operators))
    measured = Measured(
        name=path.stem,
        summary=opening(program.source)[1],
        prototype=_prototype(program),
        takes=arguments(program),
        gives=results(program),
        arguments=len(program.arguments),
        results=len(program.results),
        followed=lower(program).exact,
        nmse=nmse,
        made=made,
    )
    return measured, compiled.compiler


def _surrogates(program: Program, seed: int, steps: int, compiler: str | None) -> Iterable[tuple[str, Surrogate]]:
    """One for each level."""

    def compiled(opt_level: int, plain: bool = False) -> Surrogate:
        return surrogate.compile_program(program, opt_level=opt_level, plain=plain, seed=seed, compiler=compiler)

    second = compiled(2)
    made = compiled(1), second, second.finetune(steps=steps, seed=seed), compiled(2, plain=True)
    return zip(LEVELS, made, strict=True)


def _prototype(program: Program) -> str:
    """The entry's declaration, in C."""
    is_entry = (i.decl for i in program.unit.ext if isinstance(i, c_ast.FuncDef) and i.decl.name == program.entry)
    return str(c_generator.CGenerator().visit(next(is_entry)))


# --- The page ---


def markdown(d: dict[str, Any]) -> str:
    """The page of a document of `kernels`, each as Measured, and of how they were measured."""
    used = ", ".join(f"{name} {number}" for name, number in d["versions"].items())
    told = f"{d['rows']:,} rows of each check; {d['seeds']} seeds from 0 on; {d['steps']} steps of fine-tuning."
    made = f"with {used}, and hypernetwork weights of SHA-256 {d['compiler'][:16]}…. {told}"
    lines = [
        *("# The kernels of AxBench", "", "Made by", "", "```console", f"$ {d['command']}", "```", ""),
        *filled(made),
        *("", EXPLANATION, "", *_errors(d["kernels"])),
        *("", "## What they are made of", "", "Those of the first seed.", "", *_made(d["kernels"])),
        *("", "## The kernels", "", SIGNATURES, "", *_definitions(d["kernels"])),
    ]
    return "\n".join(lines) + "\n"


def _errors(kernels: Sequence[Measured]) -> Iterator[str]:
    heads = [head for level in LEVELS for head in (level, "worst")]
    figures = np.array([[f for level in LEVELS for f in errors(k, level)] for k in kernels])
    rows = [
        (_link(k), str(k["arguments"]), str(k["results"]), *map(figure, own))
        for k, own in zip(kernels, figures, strict=True)
    ]
    rows.append(("geometric mean", "", "", *(figure(geometric_mean(column)) for column in figures.T)))
    return table_lines(("kernel", "arguments", "results", *heads), rows, numbers=2 + len(heads))


def errors(kernel: Measured, level: str) -> tuple[float, float]:
    """Of the results' geometric mean and of the worst one, the geometric means over seeds."""
    found = bounded(np.array(kernel["nmse"][level], dtype=float))  # [seeds, results]; None is NaN, and the bound
    return geometric_mean(found), geometric_mean(found.max(1))


def _link(kernel: Measured) -> str:
    mark = "" if kernel["followed"] else " ◊"
    return f"[`{kernel['name']}`](../../cprograms/library/axbench/{kernel['name']}.c){mark}"


def _made(kernels: Sequence[Measured]) -> Iterator[str]:
    rows = [(_link(k), level, k["made"][level]) for k in kernels for level in LEVELS]
    return table_lines(("kernel", "", "its parts"), rows)


def _definitions(kernels: Sequence[Measured]) -> Iterator[str]:
    for k in kernels:
        yield from filled(f"- `{k['name']}`: {k['summary']}", "  ")
        yield from filled(f"  `{k['prototype']}`: {k['takes']} → {k['gives']}", "  ")
