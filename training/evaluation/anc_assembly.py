"""The published hand-written programs beside what the compiler makes of the same programs in C."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape import load_tape
from surrogate.anc.adaptation.tasks import TASKS, TapeTask
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.interpreter import run_one
from surrogate.anc.machine.samples import Samples

LIBRARY = Path(cprograms.__file__).parent / "library" / "anc"
MAX_STEPS = 5000
EXPLANATION = """\
A cell is *published → compiled*; ▲ marks where the compiled program needs more. Lines include STOP; registers include
those of constants; steps are executed instructions, STOP included, in the mean over the samples (the paper counts one
more). Both programs run at the published M on the same tapes, and every counted cell of every tape is right. A dash
means that there is no biased distribution, or (copy) that no program stops on it."""


@dataclass(frozen=True)
class Cost:
    """Lines, registers, and mean executed instructions; None where there is no such distribution or no end."""

    lines: int
    registers: int
    unbiased: float
    biased: float | None


@dataclass(frozen=True)
class Row:
    """A task with the costs of its two programs; `compiled` is None where the C program was rejected."""

    name: str
    memory_size: int
    published: Cost
    compiled: Cost | None


def measure(names: Sequence[str], samples: int, seed: int) -> list[Row]:
    """A row a task; all of them where none is named. Raises UsageError for an unknown one."""
    if unknown := [name for name in names if name not in TASKS]:
        raise UsageError(f"unknown task '{unknown[0]}'; there are {', '.join(TASKS)}")
    return [compare(TASKS[name], samples, seed) for name in names or TASKS]


def document(rows: Sequence[Row], samples: int, seed: int) -> dict[str, Any]:
    """For JSON."""
    return {"samples": samples, "seed": seed, "programs": [asdict(r) for r in rows]}


def compare(task: TapeTask, n: int, seed: int) -> Row:
    """Both programs on n tapes of each distribution."""
    compiled = compile_library(task)
    return Row(
        task.name,
        task.memory_size,
        cost(task.published(), task, n, seed),
        None if compiled is None else cost(compiled, task, n, seed),
    )


def compile_library(task: TapeTask) -> Assembly | None:
    path = LIBRARY / f"{task.name}.c"
    try:
        return compile_tape(load_tape(path), task.memory_size)
    except ProgramError as e:
        print(e, file=sys.stderr)
        return None


def cost(program: Assembly, task: TapeTask, n: int, seed: int) -> Cost:
    """What a program needs for n tapes of each of a task's distributions."""
    unbiased, biased = (
        mean_steps(program, task.sample(np.random.default_rng(seed), n, biased)) for biased in (False, True)
    )
    if unbiased is None:
        raise ValueError(f"this program of {task.name} does not stop:\n{program}")
    return Cost(len(program), len(program.registers), unbiased, biased if task.biased else None)


def mean_steps(program: Assembly, samples: Samples) -> float | None:
    """Mean executed instructions, None where the program does not stop. Raises ValueError for a wrong cell."""
    runs = run_one(program, samples.tape, MAX_STEPS)
    if not runs.stopped.all():
        return None
    if ((runs.tape != samples.target) & samples.mask).any():
        raise ValueError(f"wrong result from\n{program}")
    return float(runs.steps.mean())


def table(rows: Sequence[Row], n: int, seed: int) -> str:
    command = f"python scripts/evaluate/anc_assembly.py --samples {n} --seed {seed}"
    lines = [f"Made by `{command}`.", "", *EXPLANATION.splitlines(), "", *_table(rows)]
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[Row]) -> Iterable[str]:
    yield "| program | M | lines | registers | steps | steps, biased |"
    yield "|---|--:|--:|--:|--:|--:|"
    for row in rows:
        old, new = row.published, row.compiled
        cells = [
            f"[`{row.name}`](../cprograms/library/anc/{row.name}.c)",
            str(row.memory_size),
            *(
                _pair(getattr(old, field), getattr(new, field, None))
                for field in ("lines", "registers", "unbiased", "biased")
            ),
        ]
        yield f"| {' | '.join(cells)} |"


def _pair(old: float | None, new: float | None) -> str:
    if old is None and new is None:
        return "–"
    more = " ▲" if old is not None and new is not None and new > old else ""
    return f"{_figure(old)} → {_figure(new)}{more}"


def _figure(value: float | None) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.2f}"
