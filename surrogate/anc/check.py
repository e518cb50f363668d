"""A compiled program against its C program on random tapes, or an adapted one against the tapes it was adapted to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.tape.oracle import run as run_c
from surrogate.anc.adaptation.distributions import Samples

if TYPE_CHECKING:
    from surrogate.anc.program import AncProgram

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


def check(program: AncProgram, tapes: int, seed: int, max_steps: int) -> ExactReport:
    """Run a program on `tapes` tapes, compare each cell with what the C program leaves, modulo M.

    The tapes of a program that was adapted are those of its samples, at most `tapes` of them, and the cells that count
    are compared with the samples'. The machine is given up after `max_steps` steps.

    Raises UsageError for less than one tape or step, or a negative seed.
    """
    if tapes < 1 or max_steps < 1:
        raise UsageError(f"a check needs at least one {'tape' if tapes < 1 else 'step'}")
    if seed < 0:
        raise UsageError(f"a seed must not be negative: {seed}")
    adapted = program.samples is not None
    samples = _first(program.samples, tapes) if program.samples else _c_samples(program, tapes, seed)
    runs = program.run_many(samples.tape, max_steps)
    wrong = ((runs.tape != samples.target) & samples.mask).any(axis=1) | ~runs.stopped
    mismatch = None
    for i in np.flatnonzero(wrong)[:1]:
        found = runs.tape[i].tolist() if runs.stopped[i] else None
        mismatch = Mismatch(samples.tape[i].tolist(), samples.target[i].tolist(), found)
    right, unfinished = int((~wrong).sum()), int((~runs.stopped).sum())
    mean_steps = float(runs.steps[~wrong].mean()) if right else None
    given = len(samples.tape) if adapted else tapes
    return ExactReport(given, given - len(samples.tape), right, unfinished, mean_steps, seed, adapted, mismatch)


def random_tapes(count: int, memory_size: int, seed: int) -> np.ndarray:
    """int [count, M]: on each tape the values are below a random bound, up to a random cell; zeros follow.

    Programs read tapes as lengths, addresses and zero-terminated arrays; small values and ends make these meaningful.
    """
    rng = np.random.default_rng(seed)
    bound = rng.integers(2, memory_size + 1, size=(count, 1))
    length = rng.integers(1, memory_size + 1, size=(count, 1))
    values = np.floor(rng.random((count, memory_size)) * bound).astype(np.int64)
    return np.where(np.arange(memory_size) < length, values, 0)


def _first(samples: Samples, count: int) -> Samples:
    return samples.take(slice(count))


def _c_samples(program: AncProgram, count: int, seed: int) -> Samples:
    """Random tapes and what the C program leaves of them, where it ends."""
    tapes = random_tapes(count, program.memory_size, seed)
    left = run_c(program.source_program, tapes, program.memory_size, FUEL)
    tape, target = tapes[left.ended], left.tapes[left.ended]
    return Samples(tape, target, np.ones(tape.shape, dtype=bool))
