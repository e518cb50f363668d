"""Learning a controller from a task's tapes: rounds of many restarts in one batch, each with its hyper-parameters.

What is descended is that of Kurach et al. 2016 (section 4): with p_t the probability of finishing in step t, the sum
over t of p_t times the mean over the cells that count of -log P(right value) after step t. The last step takes what is
left of the probability, at a price (`halting`), so that a controller rather finishes than is cut off. Adam;
noise on the gradient; clipping twice, of what flows back through each step and of a restart's whole gradient; a bonus
for the entropy of the choices, which falls, and in the end becomes a price: a soft mixture that is right need not be a
circuit that is right. The paper searches hyper-parameters at random; so does each round, of
which only the restarts with the least loss go on after a while.

A restart that is right on all validation tapes with every choice made ends the round if it also finishes on all; if it
does not, another one may, up to the round's end. Then no other round begins.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor
from torch.nn.functional import logsigmoid

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from surrogate.anc.adaptation.tasks import TapeTask
from surrogate.anc.machine.samples import Samples
from surrogate.container import fingerprint
from surrogate.nram import machine
from surrogate.nram.circuits import run, run_each
from surrogate.nram.controller import KINDS, Controller, Kind, Shape, choose
from surrogate.numeric.batches import one_thread

VALIDATION = 100
"""Tapes on which restarts are compared."""
CHECKPOINT_SECONDS = 10.0
SOFT, SEEN_AS_BITS = 0.3, 0.5
"""The share of the updates after which the entropy of the choices begins to cost, and registers are seen as bits on
more and more tapes; and that of the others after which they are on all."""
LEAST_PROBABILITY = 1e-8
"""Of a right value, below which the loss grows no more."""
BETAS, TINY = (0.9, 0.999), 1e-8
Range = tuple[float, float]
Progress = Callable[[int, int, float], None]
"""Steps done, steps of all rounds, the best accuracy so far."""


@dataclass(frozen=True)
class Sizes:
    """Tapes have `least` to `size` cells; an execution has `steps` steps on the longest, on others in proportion."""

    size: int
    steps: int
    least: int | None = None
    registers: int = 4

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.type == "int" and options.whole(field.name, getattr(self, field.name)) < 1:
                raise UsageError(f"{field.name} must be positive, not {getattr(self, field.name)}")
        if self.size > machine.MOST_CELLS or self.registers > machine.MOST_REGISTERS:
            raise UsageError(
                f"the machine learns with at most {machine.MOST_CELLS} cells and {machine.MOST_REGISTERS} registers,"
                f" not {self.size} and {self.registers}"
            )
        if not 1 <= self.shortest <= self.size:
            raise UsageError(f"the shortest tapes have {self.shortest} cells, the longest {self.size}")

    @property
    def shortest(self) -> int:
        return self.size if self.least is None else self.least


@dataclass(frozen=True)
class Settings(Sizes):
    """How a controller is learned by descent, from longer tapes later (`size_of`).

    In each of `rounds` rounds `restarts` restarts learn from `batch` tapes each an update. After `screen` updates the
    `kept` best of them go on, up to `updates`; every `check` updates their circuits are tried.

    The ranges are what each restart draws its own from, log-uniformly: the rate of Adam, the `scale` of its first
    weights, the weight of the `entropy` bonus, the share of the updates after which that is 1/e (`fall`), that of the
    price which takes its place in the end (`sharpen`), the variance of the `noise` at first, and the price of not
    finishing (`halting`). `clip` and `norm` are where gradients are cut; `patience` is the logit of going on at first.
    """

    kind: Kind = "mlp"
    hidden: int = 32
    restarts: int = 64
    rounds: int = 10
    screen: int = 100
    kept: int = 12
    updates: int = 700
    batch: int = 16
    check: int = 100
    rate: Range = (4e-3, 1.5e-2)
    scale: Range = (0.8, 1.4)
    entropy: Range = (1e-3, 5e-2)
    fall: Range = (0.1, 0.5)
    sharpen: Range = (3e-3, 3e-2)
    noise: Range = (1e-8, 1e-5)
    halting: Range = (5e-3, 5e-2)
    clip: float = 1.0
    norm: float = 1.0
    patience: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in KINDS:
            raise UsageError(f"a controller is one of {', '.join(KINDS)}, not '{self.kind}'")
        if self.batch % machine.LANES:
            raise UsageError(f"tapes are learned from in groups of {machine.LANES}: a batch of {self.batch} is none")
        most = machine.NUMBERS // self.shape.outputs
        if self.batch > most:
            raise UsageError(f"the machine learns from at most {most:,} tapes at once, not {self.batch}")
        most //= self.batch
        if self.restarts > most:
            raise UsageError(f"the machine learns with at most {most:,} restarts of {self.batch} tapes at once")
        for field in fields(self):
            if (
                field.type == "Range"
                and not 0 < getattr(self, field.name)[0] <= getattr(self, field.name)[1] < math.inf
            ):
                raise UsageError(f"{field.name} is a range of positive numbers, not {getattr(self, field.name)}")

    @property
    def shape(self) -> Shape:
        return Shape(self.kind, self.registers, self.hidden)


@dataclass(frozen=True)
class Learned:
    """What learning gave: the best restart, the share of validation tapes that it is right on, the share on which it
    finishes by itself, what it drew of the ranges; how many restarts were begun, in how many rounds, the tapes that
    they learned from, and whether all that was asked for was done; seconds of this process."""

    controller: Controller
    accuracy: float
    finishing: float
    drawn: dict[str, float]
    restarts: int
    rounds: int
    tapes: int
    finished: bool
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the controller."""
        return {name: value for name, value in vars(self).items() if name != "controller"}


def learn(
    task: TapeTask,
    settings: Settings,
    seed: int = 0,
    *,
    checkpoint: Path | None = None,
    progress: Progress = lambda done, total, accuracy: None,
) -> Learned:
    """Learn a controller for a task by descent, as `carried_out`. Raises UsageError for sizes that it does not have."""
    ensure_sizes(task, settings.shortest)
    run_id = fingerprint(json.dumps([task.name, asdict(settings), seed]).encode())
    with one_thread():
        return carried_out(_Work(task, settings, options.seed(seed)), run_id, checkpoint, progress)


class Work(Protocol):
    """Learning that goes step by step: whether it is done, steps done and the most of them, the best accuracy so far;
    what it is as bytes, and as that again (KeyError, TypeError, ValueError or RuntimeError where it is not)."""

    @property
    def done(self) -> bool: ...
    @property
    def steps(self) -> tuple[int, int]: ...
    @property
    def accuracy(self) -> float: ...
    def update(self) -> None: ...
    def saved(self, run_id: str) -> bytes: ...
    def restore(self, tensors: dict[str, Tensor], at: str) -> None: ...
    def outcome(self, finished: bool, seconds: float) -> Learned: ...


def carried_out(work: Work, run_id: str, checkpoint: Path | None, progress: Progress) -> Learned:
    """What all the steps of the work give.

    A `checkpoint` is written now and then, and gone on from where one of the same run is there; it is removed in the
    end. Ctrl-C ends the work, and the best so far is returned.
    """
    began = time.perf_counter()
    _resume(work, checkpoint, run_id)
    finished, saved = True, time.monotonic()
    try:
        while not work.done:
            work.update()
            progress(*work.steps, work.accuracy)
            if checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                replace_file(checkpoint, work.saved(run_id))
                saved = time.monotonic()
    except KeyboardInterrupt:
        finished = False
    if checkpoint is not None:
        if finished:
            checkpoint.unlink(missing_ok=True)
        else:
            replace_file(checkpoint, work.saved(run_id))
    return work.outcome(finished, time.perf_counter() - began)


def ensure_sizes(task: TapeTask, size: int) -> None:
    """Raises UsageError where the task has no tapes of the size."""
    try:
        task.unbiased(np.random.default_rng(0), 64, size)
    except (ValueError, IndexError) as e:
        raise UsageError(f"'{task.name}' has no tapes of {size} cells: they are too short for it") from e


def size_of(settings: Settings, rng: np.random.Generator, number: int) -> int:
    """The size of the tapes of an update, by the combined curriculum of Zaremba and Sutskever 2014.

    The difficulty d grows over the first half of the updates. One update in ten has any size, one in four any up to the
    difficulty, the others have just that; which is d and, with the odds of a fair coin, one more, and so on.
    """
    sizes = range(settings.shortest, settings.size + 1)
    reached = 1 + int(len(sizes) * min(1, 2 * number / settings.updates)) + int(rng.geometric(0.5)) - 1
    kind, most = rng.random(), min(len(sizes), reached)
    if kind < 0.10:
        return int(rng.choice(sizes))
    return sizes[int(rng.integers(most)) if kind < 0.35 else most - 1]


def losses(
    controller: Controller,
    samples: Samples,
    steps: int,
    *,
    halting: Tensor | None = None,
    bonus: Tensor | None = None,
    clip: float = 0,
    bits: float = 0,
) -> Tensor:
    """The loss of each of P controllers on its share of the samples: [P].

    On a share of the tapes, `bits`, the controller sees for each register what is likelier, in place of the probability
    of being 0. One that only ever sees probabilities may count with them, and then its circuits are wrong although
    their mixture is right.

    `halting` [P] is the price of not finishing, `bonus` [P] the weight of the choices' entropy, which shows in the
    derivative only; `clip` holds what flows back through a step.
    """
    p, m = len(controller.weights), samples.tape.shape[1]
    tape, target = (part.reshape(p, -1, m) for part in (samples.tape, samples.target))
    mask = samples.mask.reshape(p, -1, m)
    b = tape.shape[1]
    state, parts, hidden = machine.start(tape, controller.shape.registers), controller.parts(), None
    weight = torch.zeros(p) if bonus is None else bonus / (b * steps)
    tapes, finish = [], []
    rounded = torch.arange(b) < bits * b
    for _ in range(steps):
        seen = torch.where(rounded, _as_bits(state.zero), state.zero)
        logits, f, hidden = controller(parts, seen, hidden)
        state = machine.step(choose(logits, weight[:, None, None, None]), state, clip / b)
        tapes.append(state.tape)
        finish.append(f)
    answer = torch.from_numpy(target).transpose(1, 2)[None, :, :, None].expand(steps, p, m, 1, b)
    right = torch.stack(tapes).gather(3, answer)[:, :, :, 0]  # [T, P, M, B]
    counts = torch.from_numpy(mask).transpose(1, 2).to(right.dtype)  # [P, M, B]
    cost = -(right.clamp_min(LEAST_PROBABILITY).log() * counts).sum(2) / counts.sum(1)  # [T, P, B]
    going = logsigmoid(-torch.stack(finish)).cumsum(0).exp()  # [T, P, B]: not finished after step t
    before = torch.cat((torch.ones_like(going[:1]), going[:-1]))
    ends = torch.cat((before[:-1] - going[:-1], before[-1:]))  # in the last step, whatever is left
    price = 0 if halting is None else halting[:, None] * going[-1]
    return ((ends * cost).sum(0) + price).mean(1)


def _as_bits(zero: Tensor) -> Tensor:
    """What is likelier, with the derivative that the probability has."""
    return zero + ((zero > 0.5).to(zero.dtype) - zero).detach()


class _Work:
    """The rounds of a run."""

    def __init__(self, task: TapeTask, settings: Settings, seed: int) -> None:
        self.task, self.settings, self.seed = task, settings, seed
        self.validation = task.unbiased(np.random.default_rng([seed, 1]), VALIDATION, settings.size)
        self.round, self.number, self.tapes, self.restarts = 0, 0, 0, 0
        self.accuracy, self.finishing, self.best, self.drawn = -1.0, 0.0, torch.empty(0), dict[str, float]()
        self._begin()

    @property
    def done(self) -> bool:
        right = self.accuracy == 1 and (self.finishing == 1 or self.number == 0)
        return right or self.round == self.settings.rounds

    @property
    def steps(self) -> tuple[int, int]:
        updates = self.settings.updates
        return self.round * updates + self.number, self.settings.rounds * updates

    def _begin(self) -> None:
        """Draws the restarts of a round."""
        settings = self.settings
        rng = np.random.default_rng([self.seed, 2, self.round])
        self.drawing = {
            field.name: torch.from_numpy(_log_uniform(rng, getattr(settings, field.name), settings.restarts))
            for field in fields(settings)
            if field.type == "Range"
        }
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self.controller = Controller.random(settings.shape, self.drawing["scale"], generator)
        with torch.no_grad():
            self.controller.parts()["last_bias"][:, -1] = -settings.patience
        self.moments = [torch.zeros_like(self.controller.weights) for _ in BETAS]
        self.loss = torch.zeros(settings.restarts)

    def update(self) -> None:
        """One update of all restarts; now and then they are compared, and after the last one a round begins."""
        if self.number == 0:
            self.restarts += self.settings.restarts
        self._descend()
        self.number += 1
        if self.number == self.settings.screen:
            self._keep(self.loss.argsort()[: self.settings.kept])
        last = self.number == self.settings.updates
        if last or self.number % self.settings.check == 0:
            self._compare()
        if last:
            self.round, self.number = self.round + 1, 0
            if not self.done:
                self._begin()

    def _keep(self, those: Tensor) -> None:
        """The restarts that go on."""
        self.controller = Controller(self.settings.shape, self.controller.weights.detach()[those])
        self.moments = [moment[those] for moment in self.moments]
        self.drawing = {name: values[those] for name, values in self.drawing.items()}
        self.loss = self.loss[those]

    def _descend(self) -> None:
        settings, drawn, number = self.settings, self.drawing, self.number
        rng = np.random.default_rng([self.seed, 3, self.round, number])
        size = size_of(settings, rng, number)
        samples = self.task.unbiased(rng, len(self.loss) * settings.batch, size)
        self.tapes += len(samples.tape)
        done = number / settings.updates
        hardness = max(0.0, (done - SOFT) / (1 - SOFT))
        bonus = drawn["entropy"] * torch.exp(-done / drawn["fall"]) - drawn["sharpen"] * hardness
        steps = last_step(settings.steps, settings.size, size)
        weights = self.controller.weights
        found = losses(
            self.controller,
            samples,
            steps,
            halting=drawn["halting"],
            bonus=bonus,
            clip=settings.clip,
            bits=min(1, hardness / SEEN_AS_BITS),
        )
        (gradient,) = torch.autograd.grad(found.sum(), weights)
        self.loss = torch.lerp(self.loss, found.detach(), 0.1 if number else 1.0)
        self._adam(gradient, rng)

    @torch.no_grad()
    def _adam(self, gradient: Tensor, rng: np.random.Generator) -> None:
        """Adam on gradients [P, n], each cut to a norm, with noise of variance / (1 + t)^0.55 (Neelakantan 2015)."""
        gradient = gradient.nan_to_num_(0, 0, 0)
        gradient *= (self.settings.norm / gradient.norm(dim=1, keepdim=True).clamp_min(TINY)).clamp_max(1)
        spread = (self.drawing["noise"] / (1 + self.number) ** 0.55).sqrt()[:, None]
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        gradient += spread * torch.randn(gradient.shape, generator=generator)
        first, second = self.moments
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        mean, square = (
            moment / (1 - beta ** (self.number + 1)) for moment, beta in zip(self.moments, BETAS, strict=True)
        )
        falling = 1 - 0.9 * self.number / self.settings.updates
        self.controller.weights.sub_((falling * self.drawing["rate"])[:, None] * mean / (square.sqrt() + TINY))

    def _compare(self) -> None:
        """Every restart with every choice made, on the validation tapes."""
        tapes = self.validation
        left, finished = run_each(self.controller, tapes.tape, self.settings.steps)
        found = (~tapes.wrong(left, np.ones_like(finished))).mean(1)
        scores = list(zip(found.tolist(), finished.mean(1).tolist(), strict=True))
        best = max(range(len(scores)), key=scores.__getitem__)
        if scores[best] > (self.accuracy, self.finishing):
            (self.accuracy, self.finishing), self.best = (
                scores[best],
                self.controller.weights.detach()[best : best + 1].clone(),
            )
            self.drawn = {name: float(values[best]) for name, values in self.drawing.items()}

    def outcome(self, finished: bool, seconds: float) -> Learned:
        if self.accuracy < 0:
            self._compare()
        controller = Controller(self.settings.shape, self.best)
        rounds = self.round + (self.number > 0)
        counts = (self.restarts, rounds, self.tapes)
        return Learned(controller, self.accuracy, self.finishing, self.drawn, *counts, finished, seconds)

    # Going on after an interruption

    def saved(self, run_id: str) -> bytes:
        tensors = {"weights": self.controller.weights.detach(), "best": self.best}
        tensors |= {f"moment.{k}": moment for k, moment in enumerate(self.moments)}
        tensors |= {f"drawn.{name}": values for name, values in self.drawing.items()} | {"loss": self.loss}
        numbers = {
            name: getattr(self, name) for name in ("round", "number", "tapes", "restarts", "accuracy", "finishing")
        }
        return save_tensors(tensors, metadata={"run": run_id, "at": json.dumps([numbers, self.drawn])})

    def restore(self, tensors: dict[str, Tensor], at: str) -> None:
        numbers, drawn = json.loads(at)
        for name, value in numbers.items():
            setattr(self, name, value)
        self.drawn, self.best = drawn, tensors["best"]
        self.controller = Controller(self.settings.shape, tensors["weights"])
        self.moments = [tensors[f"moment.{k}"] for k in range(len(BETAS))]
        self.drawing, self.loss = {name: tensors[f"drawn.{name}"] for name in self.drawing}, tensors["loss"]


def hard_accuracy(controller: Controller, samples: Samples, last: int) -> float:
    """The share of tapes that a single controller is right on, with every choice made, in at most `last` steps."""
    found = run(controller, samples.tape, last)
    return float(1 - samples.wrong(found.tape, found.stopped).mean())


def last_step(steps: int, size: int, memory_size: int) -> int:
    """The steps of an execution on M cells, for a controller that had `steps` on `size`: in proportion, rounded up."""
    return -(-steps * memory_size // size)


def _log_uniform(rng: np.random.Generator, bounds: Range, count: int) -> np.ndarray:
    low, high = np.log(bounds)
    return np.exp(rng.uniform(low, high, count)).astype(np.float32)


def _resume(work: Work, checkpoint: Path | None, run_id: str) -> None:
    """Takes over a checkpoint of this run, if there is one."""
    if checkpoint is None or not checkpoint.is_file():
        return
    try:
        content = checkpoint.read_bytes()
        said = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        if said["run"] == run_id:
            work.restore(load_tensors(content), said["at"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError):
        return
