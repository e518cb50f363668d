"""What a compile for the exact target yields: a controller together with the C program that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any, NoReturn

import numpy as np

from cprograms import options
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.names import counted
from cprograms.screen import on_screen
from cprograms.tape import TapeProgram, load_tape
from cprograms.tape.loading import load_expanded_tape
from surrogate.anc import artifact
from surrogate.anc.adaptation.adapt import Adaptation, adapt
from surrogate.anc.card import card, report_line
from surrogate.anc.check import ExactReport, c_samples, check, ensure_possible, sensible
from surrogate.anc.decompiler.decompile import MEANING, Decompiled, decompile
from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine.assembly import Assembly, size_line
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.interpreter import MAX_STEPS
from surrogate.anc.machine.samples import Samples, samples_text
from surrogate.anc.machine.tracing import TraceStep, trace
from surrogate.anc.running import Run, Runs, run_exactly, run_softly
from surrogate.container import (
    CARD,
    Measurement,
    ensure_same,
    fingerprint,
    first_message,
    header,
    self_contained,
    write,
)


@dataclass(eq=False)
class AncProgram:
    """A C program as a controller of the register machine.

    `controller` is a torch.nn.Module with the matrices of one program; `text` is the C program, self-contained, and
    `entry` its function. `tape` is the number of cells that are not local arrays'. `measurement` is the latest check,
    of the matrices as they were then.

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
    measurement: Measurement[ExactReport] | None = None

    @property
    def measured(self) -> ExactReport | None:
        """The latest check; None where there is none of these matrices, run in this way, against this program."""
        return None if self.measurement is None else self.measurement.of(self._fingerprint())

    def _fingerprint(self) -> str:
        described = f"{self.entry} {self.tape} {self.kind}".encode()
        tapes = b"" if self.samples is None else samples_text(self.samples).encode()
        return fingerprint(described, self.text.encode(), artifact.encode_controller(self.controller), tapes)

    def __repr__(self) -> str:
        """A screen at most: the entry, its size, what it was adapted to, and the latest check."""
        found = "not checked yet" if self.measured is None else report_line(self.measured)
        adapted = (
            [] if self.samples is None else [f"adapted to {counted(len(self.samples.tape), 'tape')}, type {self.kind}"]
        )
        size = size_line(self.program, self.tape)
        return on_screen([f"AncProgram of void {self.entry}(int *)", size, *adapted, f"check: {found}"])

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
        return load_tape(source=self.text, entry=self.entry, self_contained=True, bits=True)

    def run(self, tape: Sequence[int] | Values, max_steps: int = MAX_STEPS) -> Run:
        """Execute on a tape of at most M values of 0..M-1; the cells after them hold 0.

        Raises UsageError for a longer tape and for other values, and for steps that are no whole number.
        """
        runs = self.run_many(self.full_tape(tape)[None], max_steps)
        return Run(runs.tape[0], int(runs.steps[0]), bool(runs.stopped[0]))

    def run_many(self, tapes: Values, max_steps: int = MAX_STEPS) -> Runs:
        """Execute on each of the tapes, int [n, M] of values 0..M-1.

        A program of type 1 is executed over integers, which is what the machine does by arg-max, only faster; others
        run on the machine, softly, and the likeliest value of each cell counts. Raises UsageError for tapes of another
        width, and for other values.
        """
        run = run_exactly if self.kind == 1 else run_softly
        return run(self.controller, self._full_tapes(tapes), options.whole("max_steps", max_steps, least=0))

    def _full_tapes(self, tapes: Sequence[Sequence[int]] | Values) -> Values:
        """int [n, M]. Raises UsageError for what are no such tapes."""
        values = whole_numbers(tapes)
        if values.ndim != 2 or values.shape[1] != self.memory_size:
            raise UsageError(f"tapes of shape [n, {self.memory_size}] are needed, not {list(values.shape)}")
        for tape, cell in np.argwhere((values < 0) | (values >= self.memory_size))[:1]:
            self._refuse(values[tape, cell], f"cell {cell} of tape {tape}")
        return values.astype(np.int64)

    def _refuse(self, value: int, place: str) -> NoReturn:
        raise UsageError(f"{place} is {value}; values are from 0 to {self.memory_size - 1}")

    def full_tape(self, tape: Sequence[int] | Values) -> Values:
        """A tape with zeros up to M cells: int [M]. Raises UsageError for a longer tape, and for other values."""
        values = whole_numbers(tape)
        if values.ndim != 1:
            raise UsageError("a tape is a sequence of whole numbers")
        if len(values) > self.memory_size:
            raise UsageError(f"a tape of {counted(len(values), 'cell')} does not fit the memory of {self.memory_size}")
        for cell in np.flatnonzero((values < 0) | (values >= self.memory_size))[:1]:
            self._refuse(values[cell], f"cell {cell} of the tape")
        full = np.zeros(self.memory_size, dtype=np.int64)
        full[: len(values)] = values
        return full

    def trace(self, tape: Sequence[int] | Values, max_steps: int = MAX_STEPS) -> list[TraceStep]:
        """What each step of `run` does; see `surrogate.anc.machine.tracing.trace`. Raises UsageError as `run` does."""
        steps = options.whole("max_steps", max_steps, least=1)
        return trace(self.controller, self.program, self.full_tape(tape), steps, hard=self.kind == 1)

    def check(self, tapes: int = 1000, seed: int = 0, max_steps: int = MAX_STEPS) -> ExactReport:
        """Run on `tapes` random tapes, compare each cell with what the C program leaves, modulo M.

        The tapes of a program that was adapted are those of its samples, at most `tapes` of them, and the cells that
        count are compared with the samples'. The machine is given up after `max_steps` steps. The report is kept as
        `measured`.

        Raises UsageError for less than one tape or step, or a negative seed.
        """
        tapes, seed, max_steps = sensible(tapes, seed, max_steps)
        adapted = self.samples is not None
        if self.samples is None:
            samples = c_samples(self.source_program, self.memory_size, tapes, seed)
        else:
            samples = self.samples.take(slice(tapes))
        endless = 0 if adapted else tapes - len(samples.tape)
        measured = check(
            lambda tape: self.run_many(tape, max_steps), samples, seed=seed, endless=endless, adapted=adapted
        )
        self.measurement = Measurement(measured, self._fingerprint())
        return measured

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
            "isa": self.controller.isa,
            "memory_size": self.memory_size,
            "registers": self.controller.register_count,
            "lines": len(self.program),
            "tape": self.tape,
            "type": self.kind,
            "adaptation": self.adaptation,
            "measured": self.measured.as_dict() if self.measured else None,
        }

    def save(self, path: str | PathLike[str]) -> None:
        """Write the artifact, all or nothing; of one that was there, the files that it lists are replaced.

        What it states of a check is the latest one, if that was of these matrices. Raises UsageError where something
        else than an artifact is in the way, or where writing fails (permissions, a full disk).
        """
        files = artifact.encode(self.controller, self.program, self.text, self.samples)
        text = card(self.entry, self.program, self.tape, self.samples, self.kind, self.measured)
        write(path, self.as_dict(), files | {CARD: text.encode()})


def whole_numbers(given: Sequence[Any] | Values) -> Values:
    """An array of them. Raises UsageError for what are no whole numbers, and where some are masked."""
    try:
        values = np.asarray(given)
    except ValueError:
        raise UsageError("a tape is a sequence of whole numbers, and several are of one length") from None
    if np.ma.is_masked(given):
        raise UsageError("a cell of a tape is masked, and has no value")
    # numpy makes an empty list one of floats.
    if (
        values.size
        and values.dtype.kind not in "iu"
        and not all(isinstance(value, int) for value in values.ravel().tolist())
    ):
        raise UsageError("a tape is a sequence of whole numbers")
    return values


def decode(config: dict[str, Any], files: dict[str, bytes]) -> AncProgram:
    """The program that a configuration and its files describe.

    The C program is read: it must be a tape program whose local arrays leave the tape that is stated. Raises KeyError,
    TypeError, ValueError, OverflowError or SafetensorError where they do not fit together.
    """
    controller = artifact.decode_controller(files[artifact.TENSORS], config["memory_size"], config["registers"])
    rows = files.get(artifact.SAMPLES)
    samples = None if rows is None else artifact.decode_samples(rows, controller.memory_size)
    ensure_type(config["type"], samples, config["adaptation"])
    source = _source(files[artifact.C_PROGRAM], config["entry"])
    tape = controller.memory_size - source.array_cells
    text = files[artifact.C_PROGRAM].decode()
    program = AncProgram(source.name, text, tape, controller, samples, config["adaptation"], config["type"])
    program.source_program = source
    if str(program.program) != files[artifact.ASSEMBLY].decode():
        raise ValueError(f"{artifact.ASSEMBLY} is not what the matrices say")
    ensure_same({"isa": "published"} | config, program.as_dict())  # once, there was no other
    if config["measured"] is not None:
        report = ExactReport.from_dict(config["measured"])
        ensure_possible(report, program.samples is not None)
        program.measurement = Measurement(report, program._fingerprint())
    return program


def _source(content: bytes, entry: str) -> TapeProgram:
    """The C program of an artifact, which was printed: it is read without a preprocessor, and includes nothing."""
    try:
        return load_expanded_tape(self_contained(content), entry, bits=True)
    except (ProgramError, UsageError) as e:
        raise ValueError(f"{artifact.C_PROGRAM}: {first_message(e)}") from e


def ensure_type(kind: Any, samples: Samples | None, adaptation: Any) -> None:
    """Raises ValueError for a type that a program cannot have.

    It comes with what says how it was adapted where there are tapes that it was adapted to, and only there; if that
    counts the attempts of each type that succeeded, there is one of its type.
    """
    if kind not in MEANING:
        raise ValueError(f"type {kind!r}")
    if (samples is None) != (adaptation is None) or not isinstance(adaptation, dict | None):
        raise ValueError(f"adapted by {adaptation!r} to {'no' if samples is None else len(samples.tape)} tapes")
    if adaptation and "types" in adaptation and not adaptation["types"][str(int(kind))] > 0:
        raise ValueError(f"a program of type {kind} from no attempt of that type")
