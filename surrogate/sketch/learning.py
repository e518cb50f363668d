"""Learning what a sketch leaves undefined, from examples of its arguments and results: many restarts in one batch.

Adam with two rates, as Gaunt et al. 2017 have it: that of the networks is 100 times smaller than that of the choices.
A bonus for the entropy of the choices and noise on their gradient, both falling to 0, keep restarts from deciding too
early; for the last part of the steps the choices are what they have become, one each, and only networks (where there
are some) go on. The
restart that is kept is the one whose program, every choice made, is right most often on examples that were held back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.files import replace_file
from cprograms.frontend.sketching import Sketch
from surrogate.container import fingerprint
from surrogate.numeric.artifact import tensors_of
from surrogate.sketch.data import Examples
from surrogate.sketch.kernels import Kernels
from surrogate.sketch.model import NO_KERNELS, Model, entropy
from surrogate.sketch.plan import TRAP
from surrogate.sketch.precision import halved, halves
from surrogate.sketch.revising import EXAMPLES, revise

SLOWER, SLOWER_ALONE = 100, 10
"""The rate of choices over that of networks; and where there are none, and networks need not wait for a program."""
HELD_BACK, MOST_HELD_BACK = 0.2, 1000
"""The share of the examples, and the most of them, that restarts are compared on."""
GROWN = 0.5
"""The part of the steps after which a curriculum has come to all examples."""
CHECKPOINT_SECONDS = 10.0
Progress = Callable[[int, int, float, float], None]
"""Steps done, all steps, the least loss, the best hard accuracy so far."""


@dataclass(frozen=True)
class Settings:
    """How a sketch is learned.

    `rate` is that of the choices; `entropy` and `noise` are the bonus and the noise at first; in the last `settled`
    part of the steps the choices are made. With `freeze` networks that are taken over stay as they are. Without
    `tabulate` the program is evaluated operator by operator, to see what tables are good for. With `half` large
    networks learn in bfloat16, where the processor is faster at it. A `curriculum` is a whole number that the entry
    takes: the examples in which it is smallest come first, the others little by little. With `revise` choices are tried
    one at a time once, when they are to be made: see `surrogate.sketch.revising`.
    """

    restarts: int = 8
    steps: int = 1000
    batch: int = 100
    rate: float = 0.1
    entropy: float = 0.1
    noise: float = 0.01
    settled: float = 0.25
    seed: int = 0
    freeze: bool = False
    tabulate: bool = True
    half: bool = True
    curriculum: str = ""
    revise: bool = False

    def __post_init__(self) -> None:
        for name in ("restarts", "steps", "batch"):
            options.whole(f"the number of {name}", getattr(self, name), 1, options.MANY)
        if not self.rate > 0:
            raise UsageError(f"the rate must be positive, not {self.rate}")
        if not self.entropy >= 0:
            raise UsageError(f"the bonus for entropy cannot be {self.entropy}")


@dataclass(frozen=True)
class Restart:
    """How one restart ended: its loss, the share of held-back examples that its program is right on (of a real sketch 1
    less the nMSE), and the choices that are half in two programs."""

    loss: float
    accuracy: float
    undecided: tuple[str, ...]


@dataclass(frozen=True)
class Learning:
    """What learning gave. `model` is the best restart, number `best` of `restarts`, which `whole` has all of; `steps`
    were taken in all, all of them where it is `finished`, and not interrupted; `revised` counts choices of all.
    """

    model: Model
    whole: Model
    best: int
    restarts: tuple[Restart, ...]
    steps: int
    finished: bool
    examples: int
    held_back: int
    seconds: float
    revised: int = 0

    def as_dict(self) -> dict[str, object]:
        return {
            "best": self.best,
            "restarts": [asdict(r) for r in self.restarts],
            "steps": self.steps,
            "finished": self.finished,
            "examples": self.examples,
            "held_back": self.held_back,
            "seconds": self.seconds,
            "revised": self.revised,
        }


def learn(
    sketch: Sketch,
    examples: Examples,
    settings: Settings | None = None,
    *,
    starts: Sequence[Model] = (),
    kernels: Kernels = NO_KERNELS,
    checkpoint: Path | None = None,
    progress: Progress = lambda done, total, loss, accuracy: None,
) -> Learning:
    """Learn a sketch from examples with results.

    `starts` are models whose networks of the same name and shape every restart begins with. Compiled programs,
    `kernels`, stand for the functions of their names. A `checkpoint` is written now and then, and gone on from where
    one of the same run is there; it is removed in the end. Ctrl-C ends the steps, and what came of them is returned.

    Raises UsageError for fewer than 5 examples, or a result that the sketch cannot give whatever is learned.
    """
    settings = settings or Settings()
    began = time.perf_counter()
    if len(examples) < 5:
        raise UsageError(f"at least 5 examples are needed, not {len(examples)}")
    model = Model(sketch, settings.restarts, settings.seed, settings.tabulate, kernels)
    for start in starts:
        _take_over(model, start, settings.freeze)
    run = _Run(model, examples, settings)
    run_id = _identity(model, examples, settings, starts)
    done = _resumed(run, checkpoint, run_id)
    finished, saved = True, time.monotonic()
    try:
        while done < settings.steps:
            if settings.revise and done == int(settings.steps * (1 - settings.settled)):
                run.revise()
            run.step(done)
            done += 1
            if done % max(settings.steps // 50, 1) == 0:
                progress(done, settings.steps, float(run.losses.min()), float(run.accuracies(200).max()))
            if checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                replace_file(checkpoint, run.saved(done, run_id))
                saved = time.monotonic()
    except KeyboardInterrupt:
        finished = False
    found = run.outcome(done, finished, began)
    if checkpoint is not None:
        if finished:
            checkpoint.unlink(missing_ok=True)
        else:
            replace_file(checkpoint, run.saved(done, run_id))
    return found


class _Run:
    def __init__(self, model: Model, examples: Examples, settings: Settings) -> None:
        self.model, self.settings = model, settings
        order = np.random.default_rng(settings.seed).permutation(len(examples))
        held = max(1, min(MOST_HELD_BACK, int(HELD_BACK * len(examples))))
        self.validation, self.training = examples.at(np.sort(order[:held])), examples.at(np.sort(order[held:]))
        targets_of(model, self.validation)  # says what cannot be given there, too
        self._targets = targets_of(model, self.training)
        self._order, self._counts = _levels(model.sketch, self.training, settings.curriculum)
        assert examples.results is not None
        deviation = examples.results.std(0)
        self._scale = torch.from_numpy(np.where(deviation > 0, deviation, 1.0))
        slower = SLOWER if model.choices else SLOWER_ALONE
        slow = [p for p in model.networks.parameters() if p.requires_grad]
        fast = [*model.choices.values(), *model.constants.values()]
        groups = [{"params": fast, "lr": settings.rate}, {"params": slow, "lr": settings.rate / slower}]
        if not fast and not slow:
            raise UsageError("all networks are frozen, and nothing else is undefined: there is nothing to learn")
        self.optimiser = torch.optim.Adam([g for g in groups if g["params"]], fused=True)
        self._half = settings.half and not model.real and halves(model.networks, model.restarts)
        self.revised = 0
        self.losses = torch.full((model.restarts,), torch.inf)

    def step(self, number: int) -> None:
        settings, model = self.settings, self.model
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + number)
        count = self._counts[min(len(self._counts) - 1, int(number / (settings.steps * GROWN) * len(self._counts)))]
        rows = self._order[torch.randint(count, (min(settings.batch, count),), generator=generator)]
        left = max(0.0, 1 - number / max(1.0, settings.steps * (1 - settings.settled)))
        settled = left == 0.0 and bool(model.choices) and any(p.requires_grad for p in model.networks.parameters())
        model.train()
        with halved(self._half):
            found = model.results(self.training.inputs.at(rows), hard_choices=settled)
        losses = self._losses(found, rows)
        self.losses = losses.detach()
        objective = losses.sum()
        if model.choices and not settled:
            objective = objective - settings.entropy * left * entropy(list(model.probabilities().values())).sum()
        self.optimiser.zero_grad()
        objective.backward()  # type: ignore[no-untyped-call]
        for logits in model.choices.values():
            if settled:
                logits.grad = None
            elif logits.grad is not None:
                logits.grad += settings.noise * left * torch.randn(logits.shape, generator=generator)
        self.optimiser.step()

    def _losses(self, results: list[Tensor], rows: Tensor) -> Tensor:
        """Of each restart: [R]."""
        if self.model.real:
            wanted = torch.from_numpy(self.training.results)[rows]
            errors = [(y - wanted[:, k]) / self._scale[k] for k, y in enumerate(results)]
            return torch.stack([(e**2).mean(1) for e in errors]).mean(0)
        total = results[0].new_zeros(self.model.restarts)
        for k, y in enumerate(results):
            places = self._targets[k][rows]
            p = y.expand(self.model.restarts, len(rows), y.shape[-1])
            p = p.gather(-1, places[None, :, None].expand(self.model.restarts, -1, 1))[..., 0]
            total = total - p.clamp_min(1e-8).log().mean(1)
        return total

    def revise(self) -> None:
        """Where choices are made, by examples that are learned from."""
        if self.model.choices:
            rows = np.linspace(0, len(self.training) - 1, min(EXAMPLES, len(self.training))).astype(int)
            self.revised = revise(self.model, self.training.at(rows))

    def accuracies(self, most: int | None = None) -> np.ndarray:
        """Of each restart on the held-back examples, every choice made: [R]."""
        kept = self.validation if most is None else self.validation.at(np.arange(min(most, len(self.validation))))
        return accuracies(self.model, kept)

    def outcome(self, steps: int, finished: bool, began: float) -> Learning:
        scores = self.accuracies()
        best = max(range(self.model.restarts), key=lambda r: (scores[r], -float(self.losses[r])))
        halves = self._halves()
        restarts = tuple(
            Restart(float(self.losses[r]), float(scores[r]), tuple(halves[r])) for r in range(self.model.restarts)
        )
        counts = len(self.training), len(self.validation)
        seconds = time.perf_counter() - began
        return Learning(
            self.model.one(best), self.model, best, restarts, steps, finished, *counts, seconds, self.revised
        )

    def _halves(self) -> list[list[str]]:
        """Of each restart the choices that are not made, and that change its answers."""
        kept = self.validation.at(np.arange(min(100, len(self.validation)))).inputs
        unmade = [self.model.undecided(r) for r in range(self.model.restarts)]
        changed: dict[int, np.ndarray] = {}
        answers = self.model.answers(kept)
        for k in sorted({k for found in unmade for k in found}):
            others = self.model.answers(kept, other=(k, 1))
            changed[k] = ~np.array([np.array_equal(a, b, equal_nan=True) for a, b in zip(answers, others, strict=True)])
        return [[text for k, text in found.items() if changed[k][r]] for r, found in enumerate(unmade)]

    # Going on after an interruption

    def saved(self, done: int, run_id: str) -> bytes:
        tensors = {f"model.{name}": p.contiguous() for name, p in self.model.state_dict().items()}
        for k, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{k}.{name}": value.contiguous() for name, value in state.items()}
        return save_tensors(tensors, metadata={"run": run_id, "done": str(done)})

    def restore(self, tensors: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, p in self.model.state_dict().items():
                p.copy_(tensors[f"model.{name}"])
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, k, what = name.split(".")
                state.setdefault(int(k), {})[what] = value
        whole = self.optimiser.state_dict()
        self.optimiser.load_state_dict({**whole, "state": state})


def _levels(sketch: Sketch, examples: Examples, curriculum: str) -> tuple[Tensor, list[int]]:
    """The examples in the order in which a curriculum comes to them, and how many it has come to on each level.

    Raises UsageError where it is no whole number that the entry takes.
    """
    if not curriculum:
        return torch.arange(len(examples)), [len(examples)]
    arguments = sketch.program.arguments
    known = {arguments[k].name: k for p in sketch.given for k in p.arguments if k is not None}
    whole = {name: k for name, k in known.items() if arguments[k].type.is_integer}
    if curriculum not in whole:
        given = f"it takes {', '.join(whole)}" if whole else "it takes none"
        guess = did_you_mean(curriculum, whole)
        raise UsageError(f"'{sketch.program.entry}' takes no whole number '{curriculum}': {guess}{given}")
    column = examples.inputs.numbers[whole[curriculum]]
    counts = np.unique(column.numpy(), return_counts=True)[1]
    return column.argsort(stable=True), np.cumsum(counts).tolist()


def targets_of(model: Model, examples: Examples) -> list[Tensor]:
    """Where each result is among the values that it may have, long [n] each; of a real sketch nothing.

    Raises UsageError for a result that the sketch cannot give.
    """
    assert examples.results is not None
    found: list[Tensor] = []
    for k, values in enumerate([] if model.real else model.evaluator.values):
        known = values[values != TRAP] if values.dtype.kind == "i" else values[np.isfinite(values)]
        column = examples.results[:, k].astype(values.dtype)
        places = np.searchsorted(values, column).clip(max=len(values) - 1)
        wrong = values[places] != column
        if wrong.any():
            row, name = int(wrong.argmax()), model.sketch.program.results[k].name
            raise UsageError(
                f"row {row} of the examples: the result '{name}' is {column[row]:g}, and"
                f" '{model.sketch.program.entry}' gives numbers from {known.min():g} to {known.max():g}"
            )
        found.append(torch.from_numpy(places))
    return found


def accuracies(model: Model, examples: Examples) -> np.ndarray:
    """The share of examples on which all results are right, of each restart [R]; of a real sketch 1 less the nMSE."""
    assert examples.results is not None
    answers = model.answers(examples.inputs)
    if model.real:
        variance = np.where(examples.results.var(0) > 0, examples.results.var(0), 1.0)
        with np.errstate(invalid="ignore", over="ignore"):
            errors = ((answers - examples.results) ** 2 / variance).mean((1, 2))
        return np.asarray(np.where(np.isfinite(errors), 1 - errors, -np.inf))
    return np.asarray((answers == examples.results).all(-1).mean(1))


def _take_over(model: Model, start: Model, freeze: bool) -> None:
    """Let the networks of every restart begin as those of the same name of another model, and stay so with `freeze`."""
    for name in start.networks:
        if name not in model.networks or name in model.kernels.programs:
            continue
        theirs, mine = start.networks.of(name), model.networks.of(name)
        try:
            mine.begin_as(theirs)
        except ValueError:
            raise UsageError(f"'{name}' of the library is {theirs.about}, and here it is {mine.about}") from None
        mine.requires_grad_(not freeze)


def _identity(model: Model, examples: Examples, settings: Settings, starts: Sequence[Model]) -> str:
    """What a checkpoint belongs to."""
    arrays = [*examples.inputs.pictures.values(), *examples.inputs.numbers.values()]
    parts = [model.sketch.text.encode(), json.dumps([asdict(settings), model.kernels.tuned]).encode()]
    parts += [tensors_of(kernel.module) for kernel in model.kernels.programs.values()]
    parts += [np.ascontiguousarray(a.numpy()).tobytes() for a in arrays]
    parts += [np.ascontiguousarray(examples.results).tobytes()]
    parts += [p.numpy().tobytes() for start in starts for p in start.state_dict().values()]
    return fingerprint(*parts)


def _resumed(run: _Run, checkpoint: Path | None, run_id: str) -> int:
    """The steps that a checkpoint has done already, which is taken over; 0 where there is none of this run."""
    if checkpoint is None or not checkpoint.is_file():
        return 0
    try:
        content = checkpoint.read_bytes()
        length = int.from_bytes(content[:8], "little")
        said = json.loads(content[8 : 8 + length])["__metadata__"]
        if said["run"] != run_id:
            return 0
        run.restore(load_tensors(content))
        return int(said["done"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return 0
