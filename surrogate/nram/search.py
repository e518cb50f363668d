"""Learning circuits without a network: rounds of simulated annealing over their choices, each from random circuits.

What an MLP controller is after learning, a circuit for each state of the registers, is a table of choices; here the
table itself is what is learned. A round anneals single choices by the share of wrong cells (search.c), then anneals on
among the circuits that are right for shorter ones: what is short seldom fits the tapes by chance. Fresh tapes that
refute it are added, and it goes on from there. All tapes are of the sizes that are learned, no longer ones. Rounds end
with one that is right on all validation tapes, and finishes on all by itself.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import save as save_tensors
from torch import Tensor

from cprograms import options
from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation.tasks import TapeTask
from surrogate.anc.machine.kernel import Kernel, search_text
from surrogate.anc.machine.samples import Samples
from surrogate.container import fingerprint
from surrogate.nram import machine
from surrogate.nram.circuits import Circuits, controller_of, run
from surrogate.nram.controller import Controller
from surrogate.nram.learning import VALIDATION, Learned, Progress, Sizes, carried_out, ensure_sizes, last_step
from surrogate.nram.modules import MODULES, OPERANDS, wires

HOT, COLD = 0.03, 0.001
"""The temperatures of an annealing, in shares of wrong cells."""
SHORTER, WARM = 1e-3, 1e-2
"""What a module costs, or a state, while right circuits become shorter; and the temperature at first, of which the last
one is 3 %."""
SHORTENING = 300_000
"""Proposals to shorten what is right."""
CHECKS = 500
"""Fresh tapes of each round that refute what is right on fewer."""
REPAIRS = 4
"""How often a round goes on with tapes that refute it."""
SLICE = 20_000
"""Proposals between two looks at the keyboard."""
MOST_TAPES, ROW = 512, OPERANDS + machine.MOST_REGISTERS + 1
"""The sizes of search.c: the tapes that score, and the numbers that a circuit is."""


@dataclass(frozen=True)
class SearchSettings(Sizes):
    """How circuits are searched for.

    `tapes` score a proposal at first. Each of at most `rounds` rounds begins at random circuits, and has `proposals` to
    become right.
    """

    tapes: int = 64
    proposals: int = 1_500_000
    rounds: int = 60

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tapes > MOST_TAPES:
            raise UsageError(f"a search scores by at most {MOST_TAPES} tapes, not {self.tapes}")

    @property
    def choices(self) -> int:
        """The entries of the table: for each state those of a circuit, and whether to finish."""
        return int(2**self.registers * (len(wires(self.registers)) + 1))


def search(
    task: TapeTask,
    settings: SearchSettings,
    seed: int = 0,
    *,
    checkpoint: Path | None = None,
    progress: Progress = lambda done, total, accuracy: None,
) -> Learned:
    """Search for circuits that do a task: the controller that they are. As `learning.carried_out`, in steps of rounds.

    Raises UsageError for sizes that the task does not have.
    """
    ensure_sizes(task, settings.shortest)
    run_id = fingerprint(json.dumps(["search", task.name, asdict(settings), seed]).encode())
    return carried_out(_Search(task, settings, options.seed(seed)), run_id, checkpoint, progress)


class _Search:
    """The rounds of a run."""

    def __init__(self, task: TapeTask, settings: SearchSettings, seed: int) -> None:
        self.task, self.settings, self.seed = task, settings, seed
        self.validation = task.unbiased(np.random.default_rng([seed, 1]), VALIDATION, settings.size)
        self.round, self.tapes, self.accuracy, self.finishing = 0, 0, -1.0, 0.0
        self.best = controller_of(_random(settings.registers, np.random.default_rng([seed, 2])))

    @property
    def done(self) -> bool:
        return (self.accuracy == 1 and self.finishing == 1) or self.round == self.settings.rounds

    @property
    def steps(self) -> tuple[int, int]:
        return self.round, self.settings.rounds

    def update(self) -> None:
        """A round: from random circuits to the best that it finds."""
        settings, rng = self.settings, np.random.default_rng([self.seed, 3, self.round])
        annealing = _Annealing(settings, rng)
        seen, found, tapes = self._draw(settings.tapes, rng), _random(settings.registers, rng), settings.tapes
        for _ in range(REPAIRS):
            annealing.set_tapes(seen)
            found = annealing.anneal(found, settings.proposals, (HOT, COLD))
            if not annealing.right:
                break
            found = annealing.anneal(found, SHORTENING, (WARM, WARM / 30), SHORTER)
            refuting = [self._refuting(found, samples) for samples in self._draw(CHECKS, rng)]
            tapes += CHECKS
            if not any(len(samples.tape) for samples in refuting):
                break
            seen += refuting
        self.round, self.tapes = self.round + 1, self.tapes + tapes
        self._compare(controller_of(found))

    def _draw(self, count: int, rng: np.random.Generator) -> list[Samples]:
        """Fresh tapes, as many of each size."""
        sizes = range(self.settings.shortest, self.settings.size + 1)
        return [self.task.unbiased(rng, -(-count // len(sizes)), size) for size in sizes]

    def _refuting(self, circuits: Circuits, samples: Samples) -> Samples:
        """The samples on which the circuits go wrong, as many as one size had at first at most."""
        last = last_step(self.settings.steps, self.settings.size, samples.tape.shape[1])
        found = run(controller_of(circuits), samples.tape, last)
        return samples.take(np.flatnonzero(samples.wrong(found.tape, found.stopped))[: self.settings.tapes])

    def _compare(self, controller: Controller) -> None:
        """With the best so far, on the validation tapes."""
        samples = self.validation
        found = run(controller, samples.tape, self.settings.steps)
        score = (float(1 - samples.wrong(found.tape, found.stopped).mean()), float(found.finished.mean()))
        if score > (self.accuracy, self.finishing):
            (self.accuracy, self.finishing), self.best = score, controller

    def outcome(self, finished: bool, seconds: float) -> Learned:
        if self.accuracy < 0:
            self._compare(self.best)
        counts = (self.round, self.round, self.tapes)
        return Learned(self.best, self.accuracy, self.finishing, {}, *counts, finished, seconds)

    # Going on after an interruption

    def saved(self, run_id: str) -> bytes:
        numbers = {name: getattr(self, name) for name in ("round", "tapes", "accuracy", "finishing")}
        return save_tensors({"best": self.best.weights.detach()}, metadata={"run": run_id, "at": json.dumps(numbers)})

    def restore(self, tensors: dict[str, Tensor], at: str) -> None:
        for name, value in json.loads(at).items():
            setattr(self, name, value)
        self.best = Controller(self.best.shape, tensors["best"])


def _random(registers: int, rng: np.random.Generator) -> Circuits:
    """Circuits of nothing: each choice is uniform, and one state in ten finishes."""
    limits = [wire.sources(registers) for wire in wires(registers)]
    return Circuits(registers, rng.integers(limits, size=(2**registers, len(limits))), rng.random(2**registers) < 0.1)


class _Annealing:
    """search.c with the tapes of a round."""

    def __init__(self, settings: SearchSettings, rng: np.random.Generator) -> None:
        self._settings, self._tapes = settings, 0
        _kernel().call("seed", int(rng.integers(2**31)))

    @property
    def right(self) -> bool:
        """Whether the best circuits are, on all tapes."""
        return float(_kernel().arrays["costs"][0]) == 0

    def set_tapes(self, parts: Sequence[Samples]) -> None:
        """The first of these, as many as there is room for, score from now on."""
        arrays, self._tapes = _kernel().arrays, 0
        for part in parts:
            part = part.take(slice(MOST_TAPES - self._tapes))
            n, m = part.tape.shape
            rows = slice(self._tapes, self._tapes + n)
            for name, values in vars(part).items():
                arrays[name].reshape(MOST_TAPES, machine.MOST_CELLS)[rows, :m] = values
            arrays["size"][rows] = m
            arrays["last"][rows] = last_step(self._settings.steps, self._settings.size, m)
            self._tapes += n

    def anneal(
        self, circuits: Circuits, proposals: int, temperatures: tuple[float, float], shorter: float = 0
    ) -> Circuits:
        """The best circuits of an annealing that begins at these, in which a module costs `shorter`."""
        kernel, r = _kernel(), circuits.registers
        table = kernel.arrays["best"].reshape(-1, ROW)[: 2**r, : OPERANDS + r + 1]
        table[:, :-1], table[:, -1] = circuits.sources, circuits.finish
        kernel.arrays["schedule"][:], kernel.arrays["weight"][0] = temperatures, shorter
        kernel.call("start", r, self._tapes)
        for first in range(0, proposals, SLICE):
            kernel.call("anneal", first, min(first + SLICE, proposals), proposals)
        return Circuits(r, table[:, :-1].astype(np.int64), table[:, -1] > 0)


_ARRAYS: dict[str, tuple[type[np.generic], int]] = {
    "best": (np.int32, 2**machine.MOST_REGISTERS * ROW),
    **{name: (np.float64, count) for name, count in (("costs", 2), ("schedule", 2), ("weight", 1))},
    **dict.fromkeys(("tape", "target", "mask"), (np.int32, MOST_TAPES * machine.MOST_CELLS)),
    **dict.fromkeys(("size", "last"), (np.int32, MOST_TAPES)),
}
_LOCAL = threading.local()


def _kernel() -> Kernel:
    """The thread's own."""
    if not hasattr(_LOCAL, "kernel"):
        source = search_text(Path(__file__).with_name("search.c"), {m.name: m.row for m in MODULES})
        _LOCAL.kernel = Kernel(source, ("seed", "start", "anneal"), _ARRAYS)
    kernel: Kernel = _LOCAL.kernel
    return kernel
