"""A compiled program against its C program on random tapes, or an adapted one against the tapes it was adapted to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.tape import TapeProgram
from cprograms.tape.oracle import run as run_c
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.samples import Samples
from surrogate.anc.running import Runs

FUEL = 1_000_000
"""Steps of the sandbox for a tape, after which the C program counts as endless."""


@dataclass(frozen=True)
class Mismatch:
    """A tape that the machine leaves in another way than it should; None where it did not stop."""

    tape: list[int]
    expected: list[int]
    found: list[int] | None


@dataclass(frozen=True)
class ExactReport:
    """Of `tapes` tapes, `endless` ones on which the C program does not end (or divides by zero) do not count.

    `right` of the others are as they should be, `mean_steps` are the executed instructions on those; on `unfinished`
    ones the machine was given up, and `mismatch` is the first that is not right. `adapted` says that the tapes, and
    what should be left of them, are those of an adaptation.
    """

    tapes: int
    endless: int
    right: int
    unfinished: int
    mean_steps: float | None
    seed: int
    adapted: bool = False
    mismatch: Mismatch | None = None

    @property
    def passed(self) -> bool:
        """Every tape that counts is right."""
        return self.right == self.tapes - self.endless

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "passed": self.passed}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> ExactReport:
        """The inverse of `as_dict`. Raises KeyError or TypeError for a dictionary of another shape."""
        values = {name: value for name, value in d.items() if name not in ("passed", "mismatch")}
        return cls(**values, mismatch=Mismatch(**d["mismatch"]) if d["mismatch"] else None)


def check(
    run: Callable[[Values], Runs], samples: Samples, *, seed: int, endless: int = 0, adapted: bool = False
) -> ExactReport:
    """Run on the tapes of `samples`, compare each cell that counts. `run` executes on tapes int [n, M].

    The rest is for the report: what the tapes were drawn with, how many more are endless, whose they are.
    """
    runs = run(samples.tape)
    wrong = samples.wrong(runs.tape, runs.stopped)
    mismatch = None
    for i in np.flatnonzero(wrong)[:1]:
        found = runs.tape[i].tolist() if runs.stopped[i] else None
        mismatch = Mismatch(samples.tape[i].tolist(), samples.target[i].tolist(), found)
    right, unfinished = int((~wrong).sum()), int((~runs.stopped).sum())
    mean_steps = float(runs.steps[~wrong].mean()) if right else None
    tapes = len(samples.tape) + endless
    return ExactReport(tapes, endless, right, unfinished, mean_steps, seed, adapted, mismatch)


def sensible(tapes: int, seed: int, max_steps: int) -> tuple[int, int, int]:
    """The three as plain integers.

    Raises UsageError for what is no whole number, for less than one tape or step, or a negative seed.
    """
    tapes, max_steps = options.whole("tapes", tapes, most=options.MANY), options.whole("max_steps", max_steps)
    if tapes < 1 or max_steps < 1:
        raise UsageError(f"a check needs at least one {'tape' if tapes < 1 else 'step'}")
    return tapes, options.seed(seed), max_steps


def ensure_possible(report: ExactReport, adapted: bool) -> None:
    """Raises ValueError for a report that no check gives, of a program that was adapted or was not."""
    counts = (report.tapes, report.endless, report.right, report.unfinished, report.seed)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError(f"a check that counted {counts}")
    compared = report.tapes - report.endless
    if report.tapes < 1 or report.right + report.unfinished > compared or report.adapted != adapted:
        raise ValueError(f"a check with {report.right} of {compared} tapes right")
    if (report.mean_steps is None) != (report.right == 0) or not 0 <= (report.mean_steps or 0) < math.inf:
        raise ValueError(f"a check with {report.mean_steps!r} steps on average")
    if (report.mismatch is None) != report.passed:
        raise ValueError("a check whose mismatch does not fit what it counted")


def c_samples(program: TapeProgram, memory_size: int, count: int, seed: int) -> Samples:
    """Random tapes and what the C program leaves of them, modulo M, where it ends: at most `count`."""
    tapes = random_tapes(count, memory_size, seed)
    left = run_c(program, tapes, memory_size, FUEL)
    tape, target = tapes[left.ended], left.tapes[left.ended]
    return Samples(tape, target, np.ones(tape.shape, dtype=bool))


def random_tapes(count: int, memory_size: int, seed: int) -> Values:
    """int [count, M]: on each tape the values are below a random bound, up to a random cell; zeros follow.

    Programs read tapes as lengths, addresses and zero-terminated arrays; small values and ends make these meaningful.
    """
    rng = np.random.default_rng(seed)
    bound = rng.integers(2, memory_size + 1, size=(count, 1))
    length = rng.integers(1, memory_size + 1, size=(count, 1))
    values = np.floor(rng.random((count, memory_size)) * bound).astype(np.int64)
    return np.where(np.arange(memory_size) < length, values, 0)
