"""The error of surrogates by the number of arguments, up to 64: of freshly generated programs, at each level."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cprograms.diagnostics import ProgramError
from cprograms.generate import accept, generate
from cprograms.generate.distribution import of_arguments
from cprograms.program import Program
from cprograms.sampling import rows
from surrogate.mlp.pipeline import compile_program
from surrogate.numeric.rows import fresh_seed
from training.errors import summary
from training.markdown import table_lines

COUNTS = (2, 4, 8, 16, 24, 32, 48, 64)
LEVELS = (0, 1, 2)
CHECKED = 1000
"""Rows on which a result must be worth learning, and on which an error is measured."""


@dataclass(frozen=True)
class Measured:
    """Surrogates of programs of so many arguments at one level: the nMSE of each, in the mean over its results, and
    the seconds that each compile took."""

    arguments: int
    level: int
    errors: list[float]
    seconds: list[float]


def wide_programs(arguments: int, count: int, seed: int) -> list[Program]:
    """Generated programs of exactly so many arguments, whose results vary and are numbers almost everywhere."""
    grammar = of_arguments([arguments])
    found: list[Program] = []
    tried = 0
    while len(found) < count:
        program = generate(np.random.SeedSequence((seed, arguments, tried)), grammar)
        tried += 1
        if _learnable(program):
            found.append(program)
    return found


def _learnable(program: Program) -> bool:
    try:
        _, y = rows(program, CHECKED, fresh_seed(0))
    except ProgramError:
        return False
    return all(map(accept, (r.type for r in program.results), y.T))


def measure(
    counts: Sequence[int] = COUNTS, levels: Sequence[int] = LEVELS, programs: int = 40, seed: int = 0
) -> Iterator[Measured]:
    """Compile so many programs of each number of arguments at each level, and check them."""
    for arguments in counts:
        drawn = wide_programs(arguments, programs, seed)
        for level in levels:
            errors, seconds = [], []
            for program in drawn:
                started = time.perf_counter()
                surrogate = compile_program(program, opt_level=level)
                seconds.append(time.perf_counter() - started)
                errors.append(surrogate.check(CHECKED).nmse)
            yield Measured(arguments, level, errors, seconds)


def table(measured: Sequence[Measured]) -> str:
    """A line a number of arguments: at each level the geometric mean and the median of nMSE, and the median seconds."""
    levels = sorted({m.level for m in measured})
    found = {(m.arguments, m.level): m for m in measured}
    header = ["arguments", *(f"-O{level}: geometric mean, median, seconds" for level in levels)]
    lines = (
        [str(arguments), *(_cell(found[arguments, level]) for level in levels)]
        for arguments in dict.fromkeys(m.arguments for m in measured)
    )
    return "\n".join(table_lines(header, lines, len(levels)))


def _cell(measured: Measured) -> str:
    figures = summary(np.array(measured.errors))
    return f"{figures['geo']:.2g}, {figures['median']:.2g}, {np.median(measured.seconds):.2f}"
