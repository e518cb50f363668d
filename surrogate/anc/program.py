"""What a compile for the exact target yields: a controller together with the C program that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cprograms.diagnostics import UsageError
from cprograms.tape import TapeProgram, load_tape
from surrogate.anc.adaptation.distributions import Samples
from surrogate.anc.decompiler.reading import arg_max_program, likeliest, rows_of
from surrogate.anc.machine import interpreter, machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller

if TYPE_CHECKING:
    from surrogate.anc.adaptation.adapt import Adaptation
    from surrogate.anc.check import ExactReport
    from surrogate.anc.decompiler.decompile import Decompiled
    from surrogate.anc.machine.tracing import TraceStep

MAX_STEPS = 10_000
"""Steps after which a run is given up, where the caller does not say."""
CHUNK_CELLS = 2**22
"""Numbers in the tapes that are executed at once."""


@dataclass(frozen=True)
class Run:
    """Where an execution ended: tape int [M], the executed instructions, whether it stopped (or was given up)."""

    tape: np.ndarray
    steps: int
    stopped: bool


@dataclass(frozen=True)
class Runs:
    """Where several executions ended: tape int [n, M], steps int [n], stopped bool [n]."""

    tape: np.ndarray
    steps: np.ndarray
    stopped: np.ndarray


@dataclass(eq=False)
class AncProgram:
    """A C program as a controller of the register machine.

    `controller` is a torch.nn.Module with the matrices of one program; `text` is the C program, self-contained, and
    `entry` its function. `tape` is the number of cells that are not local arrays'. `measured` is the latest check.

    Once it was adapted, `samples` are the tapes that it was adapted to, `adaptation` says how (for JSON), and `kind` is
    the type of the adapted program: 1 is an exact program, 2 and 3 have soft choices, so they are run softly.
    """

    entry: str
    text: str
    tape: int
    controller: Controller
    samples: Samples | None = None
    adaptation: dict[str, Any] | None = None
    kind: int = 1
    measured: ExactReport | None = None

    @property
    def memory_size(self) -> int:
        """M: the number of cells of the tape, and of values."""
        return self.controller.memory_size

    @property
    def program(self) -> Assembly:
        """The instructions: of each row of the matrices its greatest entry."""
        return arg_max_program(self.controller)

    @cached_property
    def source_program(self) -> TapeProgram:
        """The C program, parsed from `text` when it is first needed: runs do without."""
        return load_tape(source=self.text, entry=self.entry)

    def run(self, tape: Sequence[int] | np.ndarray, max_steps: int = MAX_STEPS) -> Run:
        """Execute on a tape of at most M values of 0..M-1; the cells after them hold 0.

        Raises UsageError for a longer tape and for other values.
        """
        runs = self.run_many(self.full_tape(tape)[None], max_steps)
        return Run(runs.tape[0], int(runs.steps[0]), bool(runs.stopped[0]))

    def run_many(self, tapes: np.ndarray, max_steps: int = MAX_STEPS) -> Runs:
        """Execute on each of the tapes, int [n, M] of values 0..M-1.

        A program of type 1 is executed over integers, which is what the machine does by arg-max, only faster; others
        run on the machine, softly, and the likeliest value of each cell counts.
        """
        if self.kind == 1:
            return self._run_exactly(tapes, max_steps)
        size = max(1, CHUNK_CELLS // self.memory_size**2)
        parts = [self._run_softly(tapes[i : i + size], max_steps) for i in range(0, len(tapes), size)]
        return Runs(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("tape", "steps", "stopped")))

    def _run_exactly(self, tapes: np.ndarray, max_steps: int) -> Runs:
        reading = likeliest(rows_of(self.controller))
        code = interpreter.encode([reading.assembly])
        state = interpreter.start(code, tapes)
        state.line += reading.start
        for _ in range(max_steps):
            if state.stopped.all():
                break
            interpreter.step(code, state)
        return Runs(state.tape[0], state.steps[0], state.stopped[0])

    def _run_softly(self, tapes: np.ndarray, max_steps: int) -> Runs:
        with torch.no_grad():
            run = machine.run(self.controller, machine.to_tape(torch.from_numpy(tapes))[None], max_steps)
        state = run.state
        return Runs(state.tape[0].argmax(-1).numpy(), run.steps[0].numpy(), ~state.running[0].numpy())

    def full_tape(self, tape: Sequence[int] | np.ndarray) -> np.ndarray:
        """A tape with zeros up to M cells: int [M]. Raises UsageError for a longer tape, and for other values."""
        values = np.asarray(tape)
        if values.ndim != 1 or not all(isinstance(value, int) for value in values.tolist()):
            raise UsageError("a tape is a sequence of whole numbers")
        if len(values) > self.memory_size:
            raise UsageError(f"a tape of {len(values)} cells does not fit the memory of {self.memory_size}")
        for cell in np.flatnonzero((values < 0) | (values >= self.memory_size))[:1]:
            raise UsageError(f"cell {cell} of the tape is {values[cell]}; values are from 0 to {self.memory_size - 1}")
        full = np.zeros(self.memory_size, dtype=np.int64)
        full[: len(values)] = values
        return full

    def trace(self, tape: Sequence[int] | np.ndarray, max_steps: int = MAX_STEPS) -> list[TraceStep]:
        """What each step of `run` does; see `surrogate.anc.machine.tracing.trace`."""
        from surrogate.anc.machine.tracing import trace

        return trace(self, self.full_tape(tape), max_steps)

    def check(self, tapes: int = 1000, seed: int = 0, max_steps: int = MAX_STEPS) -> ExactReport:
        """Compare with the C program; see `surrogate.anc.check.check`. The report is kept as `measured`."""
        from surrogate.anc.check import check

        self.measured = check(self, tapes, seed, max_steps)
        return self.measured

    def decompile(self) -> Decompiled:
        """Assembly with probabilities, the type, and C; see `surrogate.anc.decompiler.decompile`."""
        from surrogate.anc.decompiler.decompile import decompile

        return decompile(self.controller, self.samples, name=self.entry)

    def adapt(self, samples: Samples | None = None, **options: Any) -> Adaptation:
        """Make faster versions for the tapes that it gets; see `surrogate.anc.adaptation.adapt.adapt` for the options."""
        from surrogate.anc.adaptation.adapt import adapt

        return adapt(self, samples, **options)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the artifact, a directory; see `surrogate.anc.artifact.save`."""
        from surrogate.anc.artifact import save

        save(self, path)
