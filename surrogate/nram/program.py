"""A learned controller as an artifact: runs, checks, traces, and the program that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.names import counted
from cprograms.screen import on_screen
from surrogate.anc.adaptation.tasks import TASKS, TapeTask
from surrogate.anc.card import report_line
from surrogate.anc.check import ExactReport, check, ensure_possible, sensible
from surrogate.anc.machine.instructions import Values
from surrogate.anc.program import whole_numbers
from surrogate.anc.running import Run, Runs
from surrogate.container import CARD, Measurement, ensure_same, fingerprint, header, write
from surrogate.nram.circuits import run
from surrogate.nram.controller import KINDS, Controller, Shape
from surrogate.nram.decompiler import DecompiledController, decompile
from surrogate.nram.learning import last_step
from surrogate.nram.machine import MOST_REGISTERS
from surrogate.nram.settings import NRAM_TASKS
from surrogate.nram.tracing import TraceStep, trace
from surrogate.version import __version__

TENSORS = "model.safetensors"
FILES = (TENSORS,)
LONGER = 2
"""A check also runs tapes so many times as long as those that were learned from."""
MOST_CELLS = 4096
MOST_HIDDEN = 4096
MOST_STEPS = 2**20


@dataclass(eq=False)
class NramProgram:
    """A controller of the neural random-access machine, learned for a task.

    `task` is its name, which the C function has too; `controller` is a single one, `size` the cells of the longest
    tapes that it learned from, `steps` the most steps on them; `learned` says how (for JSON). `measurement` is the
    latest check: a report for tapes of that size, and one for tapes twice as long.
    """

    task: str
    controller: Controller
    size: int
    steps: int
    learned: dict[str, Any] = field(default_factory=dict)
    measurement: Measurement[tuple[ExactReport, ...]] | None = None

    @property
    def entry(self) -> str:
        return self.task

    @property
    def tapes(self) -> TapeTask:
        """The task that it was learned for."""
        return TASKS[self.task]

    @property
    def measured(self) -> tuple[ExactReport, ...] | None:
        """The latest check; None where there is none of these weights."""
        return None if self.measurement is None else self.measurement.of(self._fingerprint())

    def _fingerprint(self) -> str:
        return fingerprint(
            f"{self.task} {self.size} {self.steps} {self.controller.shape}".encode(), _encoded(self.controller)
        )

    def __repr__(self) -> str:
        """A screen at most."""
        return on_screen([f"NramProgram of the task {self.task}", *self.lines()])

    def lines(self) -> list[str]:
        """What it is, and what the latest check found."""
        shape = self.controller.shape
        found = ["not checked yet"] if self.measured is None else list(map(report_line, self.measured))
        sizes = [f"{counted(self.size * k, 'cell')}: {line}" for k, line in zip((1, LONGER), found, strict=False)]
        return [
            f"machine   {counted(shape.registers, 'register')}, {shape.kind.upper()} of {shape.hidden},"
            f" {counted(shape.size, 'weight')}, {counted(self.steps, 'step')} for {counted(self.size, 'cell')}",
            *(f"check     {line}" for line in (sizes if self.measured else found)),
        ]

    def run(self, tape: Sequence[int] | Values, max_steps: int | None = None) -> Run:
        """Execute on a tape with every choice made.

        A tape shorter than those that were learned from goes on with zeros; of a longer one M is the length. Raises
        UsageError for what is no tape of whole numbers from 0 to M-1.
        """
        runs = self.run_many(self.full_tape(tape)[None], max_steps)
        return Run(runs.tape[0], int(runs.steps[0]), bool(runs.stopped[0]))

    def run_many(self, tapes: Values, max_steps: int | None = None) -> Runs:
        """Execute on each of the tapes, int [n, M] of values 0..M-1, for any M."""
        steps = None if max_steps is None else options.whole("max_steps", max_steps, least=0)
        found = run(self.controller, tapes, self.last_step(tapes.shape[1]), steps)
        return Runs(found.tape, found.steps, found.stopped)

    def last_step(self, memory_size: int) -> int:
        """The steps after which a run on M cells ends in any case."""
        return last_step(self.steps, self.size, memory_size)

    def full_tape(self, tape: Sequence[int] | Values) -> Values:
        """A tape with zeros up to the size that was learned, if it is shorter: int [M]. Raises UsageError as `run`."""
        values = whole_numbers(tape)
        if values.ndim != 1:
            raise UsageError("a tape is a sequence of whole numbers")
        m = max(self.size, len(values))
        if m > MOST_CELLS:
            raise UsageError(f"a tape of {m:,} cells is too long: at most {MOST_CELLS:,}")
        for cell in np.flatnonzero((values < 0) | (values >= m))[:1]:
            raise UsageError(f"cell {cell} of the tape is {values[cell]}; values are from 0 to {m - 1}")
        return np.concatenate((values.astype(np.int64), np.zeros(m - len(values), dtype=np.int64)))

    def trace(self, tape: Sequence[int] | Values, max_steps: int | None = None) -> list[TraceStep]:
        """What each step of `run` does. Raises UsageError as `run` does."""
        full = self.full_tape(tape)
        steps = None if max_steps is None else options.whole("max_steps", max_steps, least=1)
        return trace(self.controller, full, self.last_step(len(full)), steps)

    def check(self, tapes: int = 200, seed: int = 0, max_steps: int | None = None) -> tuple[ExactReport, ...]:
        """Run on fresh tapes of the task, of the size that was learned and of twice that, and compare what counts.

        The reports are kept as `measured`. Raises UsageError for less than one tape or step, or a negative seed.
        """
        tapes, seed, _ = sensible(tapes, seed, 1 if max_steps is None else max_steps)
        rng = np.random.default_rng([seed, 4])
        found = tuple(
            check(lambda t: self.run_many(t, max_steps), self.tapes.unbiased(rng, tapes, self.size * k), seed=seed)
            for k in (1, LONGER)
        )
        self.measurement = Measurement(found, self._fingerprint())
        return found

    def decompile(self, where: str = "") -> DecompiledController:
        """Circuits, assembly, C, and whether they agree. Raises ProgramError for an LSTM."""
        return decompile(self.controller, self.tapes, self.steps, self.size, where)

    def as_dict(self) -> dict[str, Any]:
        """What `config.json` says, without the files' hashes."""
        shape = self.controller.shape
        return header("nram", self.entry) | {
            "controller": shape.kind,
            "registers": shape.registers,
            "hidden": shape.hidden,
            "parameters": shape.size,
            "size": self.size,
            "steps": self.steps,
            "learned": self.learned,
            "measured": [report.as_dict() for report in self.measured] if self.measured else None,
        }

    def save(self, path: str | PathLike[str]) -> None:
        """Write the artifact, all or nothing. Raises UsageError where something else is in the way."""
        write(path, self.as_dict(), {TENSORS: _encoded(self.controller), CARD: self._card().encode()})

    def _card(self) -> str:
        return "\n".join(
            [
                "---",
                "library_name: surrogate-compiler",
                "tags: [neural-compilation, c]",
                "---",
                f"# `{self.task}`, learned by a neural random-access machine",
                "",
                f"Learned by surrogate-compiler {__version__} from tapes before and after. The weights of the"
                f" controller are in `{TENSORS}`.",
                "",
                *self.lines(),
                "",
                "`surrogate decompile` prints the program that an MLP controller is.",
                "",
            ]
        )


def _encoded(controller: Controller) -> bytes:
    return save_tensors({name: part[0].detach().contiguous() for name, part in controller.parts().items()})


def decode(config: dict[str, Any], files: dict[str, bytes]) -> NramProgram:
    """The program that a configuration and its files describe.

    Raises KeyError, TypeError, ValueError, RuntimeError or SafetensorError where they do not fit together.
    """
    if config["entry"] not in NRAM_TASKS:
        raise ValueError(f"there is no task {config['entry']!r}")
    names = ("controller", "registers", "hidden", "size", "steps")
    kind, registers, hidden, size, steps = (config[name] for name in names)
    numbers = ((registers, MOST_REGISTERS), (hidden, MOST_HIDDEN), (size, MOST_CELLS), (steps, MOST_STEPS))
    if kind not in KINDS or not all(type(n) is int and 1 <= n <= most for n, most in numbers):
        raise ValueError(
            f"a controller {kind!r} of {registers!r} registers and {hidden!r}, of {size!r} cells and {steps!r} steps"
        )
    shape, tensors = Shape(kind, registers, hidden), load_tensors(files[TENSORS])
    if {name: tuple(t.shape) for name, t in tensors.items()} != shape.parts:
        raise ValueError("the tensors are not those of the controller")
    if not all(t.dtype == torch.float32 and bool(t.isfinite().all()) for t in tensors.values()):
        raise ValueError("a tensor has entries that are not finite float32 numbers")
    weights = torch.cat([tensors[name].flatten() for name in shape.parts])[None]
    program = NramProgram(config["entry"], Controller(shape, weights), size, steps, dict(config["learned"]))
    ensure_same(config, program.as_dict())
    if config["measured"] is not None:
        reports = tuple(map(ExactReport.from_dict, config["measured"]))
        for report in reports:
            ensure_possible(report, adapted=False)
        if len(reports) != LONGER:
            raise ValueError(f"a check of {len(reports)} sizes")
        program.measurement = Measurement(reports, program._fingerprint())
    return program
