"""What a compile for the exact target yields: a controller together with the C program that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.tape import TapeProgram, load_tape
from surrogate.anc import artifact
from surrogate.anc.adaptation.adapt import Adaptation, adapt
from surrogate.anc.card import card
from surrogate.anc.check import ExactReport, c_samples, check, ensure_sensible
from surrogate.anc.decompiler.decompile import Decompiled, decompile
from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.interpreter import MAX_STEPS
from surrogate.anc.machine.samples import Samples
from surrogate.anc.machine.tracing import TraceStep, trace
from surrogate.anc.running import Run, Runs, run_exactly, run_softly
from surrogate.container import CARD, header, write


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
        return load_tape(source=self.text, entry=self.entry, self_contained=True)

    def run(self, tape: Sequence[int] | Values, max_steps: int = MAX_STEPS) -> Run:
        """Execute on a tape of at most M values of 0..M-1; the cells after them hold 0.

        Raises UsageError for a longer tape and for other values.
        """
        runs = self.run_many(self.full_tape(tape)[None], max_steps)
        return Run(runs.tape[0], int(runs.steps[0]), bool(runs.stopped[0]))

    def run_many(self, tapes: Values, max_steps: int = MAX_STEPS) -> Runs:
        """Execute on each of the tapes, int [n, M] of values 0..M-1.

        A program of type 1 is executed over integers, which is what the machine does by arg-max, only faster; others
        run on the machine, softly, and the likeliest value of each cell counts.
        """
        run = run_exactly if self.kind == 1 else run_softly
        return run(self.controller, tapes, max_steps)

    def full_tape(self, tape: Sequence[int] | Values) -> Values:
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

    def trace(self, tape: Sequence[int] | Values, max_steps: int = MAX_STEPS) -> list[TraceStep]:
        """What each step of `run` does; see `surrogate.anc.machine.tracing.trace`."""
        return trace(self.controller, self.program, self.full_tape(tape), max_steps, hard=self.kind == 1)

    def check(self, tapes: int = 1000, seed: int = 0, max_steps: int = MAX_STEPS) -> ExactReport:
        """Run on `tapes` random tapes, compare each cell with what the C program leaves, modulo M.

        The tapes of a program that was adapted are those of its samples, at most `tapes` of them, and the cells that
        count are compared with the samples'. The machine is given up after `max_steps` steps. The report is kept as
        `measured`.

        Raises UsageError for less than one tape or step, or a negative seed.
        """
        ensure_sensible(tapes, seed, max_steps)
        adapted = self.samples is not None
        if self.samples is None:
            samples = c_samples(self.source_program, self.memory_size, tapes, seed)
        else:
            samples = self.samples.take(slice(tapes))
        endless = 0 if adapted else tapes - len(samples.tape)
        self.measured = check(
            lambda tape: self.run_many(tape, max_steps), samples, seed=seed, endless=endless, adapted=adapted
        )
        return self.measured

    def decompile(self) -> Decompiled:
        """Assembly with probabilities, the type, and C; see `surrogate.anc.decompiler.decompile`."""
        return decompile(self.controller, self.samples, name=self.entry)

    def adapt(self, samples: Samples | None = None, **options: Any) -> Adaptation[AncProgram]:
        """Make faster versions for the tapes that it gets, leave the program itself as it is.

        See `surrogate.anc.adaptation.adapt.adapt` for the options. Raises UsageError as that does, and where the
        program is an adapted one.
        """
        if self.samples is not None:
            raise UsageError("this program is adapted already; adapt the one that it was made from")
        found = adapt(self.program, samples, **options)
        if found.best is None:
            return found.with_best(None)
        made = found.best
        best = AncProgram(self.entry, self.text, self.tape, made.controller, made.samples, made.about, made.kind)
        best.check(len(made.samples.tape))
        return found.with_best(best)

    def as_dict(self) -> dict[str, Any]:
        """What `config.json` and `compile --json` say, without the files' hashes."""
        return header("anc", self.entry) | {
            "memory_size": self.memory_size,
            "registers": self.controller.register_count,
            "lines": len(self.program),
            "tape": self.tape,
            "type": self.kind,
            "adaptation": self.adaptation,
            "measured": self.measured.as_dict() if self.measured else None,
        }

    def save(self, path: str | PathLike[str]) -> None:
        """Write the artifact, a directory, all or nothing; an artifact that was there is replaced at once.

        Raises UsageError where something else than an artifact is in the way, or where writing fails (permissions, a
        full disk).
        """
        files = artifact.encode(self.controller, self.program, self.text, self.samples)
        text = card(self.entry, self.program, self.tape, self.samples, self.kind, self.measured)
        write(path, self.as_dict(), files | {CARD: text.encode()})


def decode(config: dict[str, Any], files: dict[str, bytes]) -> AncProgram:
    """The program that a configuration and its files describe.

    Raises KeyError, TypeError, ValueError or SafetensorError where they do not fit together.
    """
    controller = artifact.decode_controller(files[artifact.TENSORS], config["memory_size"], config["registers"])
    if config["type"] not in (1, 2, 3):
        raise ValueError(f"type {config['type']!r}")
    rows = files.get(artifact.SAMPLES)
    program = AncProgram(
        entry=config["entry"],
        text=files[artifact.C_PROGRAM].decode(),
        tape=int(config["tape"]),
        controller=controller,
        samples=None if rows is None else artifact.decode_samples(rows, controller.memory_size),
        adaptation=config["adaptation"],
        kind=config["type"],
        measured=ExactReport.from_dict(config["measured"]) if config["measured"] else None,
    )
    if str(program.program) != files[artifact.ASSEMBLY].decode():
        raise ValueError(f"{artifact.ASSEMBLY} is not what the matrices say")
    return program
