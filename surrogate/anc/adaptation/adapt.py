"""Adapting a compiled program to the tapes that it gets: many attempts by one method, and what came of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar, get_args

import numpy as np

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from surrogate.anc.adaptation import both, gradient, hybrid
from surrogate.anc.adaptation.outcome import Draw, Progress, Scores, evaluate
from surrogate.anc.adaptation.tasks import TASKS, Published, TapeTask
from surrogate.anc.decompiler.decompile import decompile
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.interpreter import MAX_STEPS, run_one
from surrogate.anc.machine.machine import StopGradient
from surrogate.anc.machine.samples import Samples

METHODS = ("published", "hybrid", "both")
TEST_TAPES = 100
"""Drawn from a task's distribution, the same for every attempt."""
SLACK = 2
"""An adapted program may take this many times the steps of the slowest run before, where no task says how many."""
DEFAULT = Published("adam", 5, 0.1, 5, alpha=10, beta=5, gamma=0.1, delta=5, steps=2000, max_steps=0)
"""How the published method adapts to samples; its hyper-parameters for the paper's tasks are theirs."""


@dataclass(frozen=True)
class Attempt:
    """One seed: the share of tapes that end right, the mean iterations, whether it succeeded, and then the type.

    Iterations are the paper's: executed steps and the initial state. Success is that every tape is right, in fewer
    iterations than before.
    """

    right: float
    iterations: float
    success: bool
    kind: int | None


class Attempts(tuple[Attempt, ...]):
    """One a seed."""

    __slots__ = ()

    @property
    def successes(self) -> tuple[Attempt, ...]:
        return tuple(a for a in self if a.success)

    @property
    def success_rate(self) -> float:
        """The share that succeeded."""
        return len(self.successes) / len(self)

    @property
    def adapted(self) -> float | None:
        """The mean iterations of the successes."""
        return float(np.mean([a.iterations for a in self.successes])) if self.successes else None

    @property
    def kinds(self) -> dict[int, int]:
        """How many successes are of each type."""
        counts = Counter(a.kind for a in self.successes)
        return {kind: counts[kind] for kind in (1, 2, 3)}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "iterations_after": self.adapted,
            "iterations_best": min((a.iterations for a in self.successes), default=None),
            "success_rate": self.success_rate,
            "types": {str(kind): count for kind, count in self.kinds.items()},
            "attempts": [asdict(a) for a in self],
        }


@dataclass(frozen=True)
class Adapted:
    """An adapted controller: the samples that it was tested on, how it was made (for JSON), and its type."""

    controller: Controller
    samples: Samples
    about: dict[str, Any]
    kind: int


Best = TypeVar("Best")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Adaptation(Generic[Best]):
    """What came of an adaptation: `generic` are the iterations before, `best` the fastest success, None without one.

    `finished` is false where Ctrl-C ended it. An attempt of a descent counts as it was at its best checkpoint; `last`
    is what came of the last one, None for the other methods.
    """

    method: str
    seed: int
    generic: float
    attempts: Attempts
    best: Best | None
    finished: bool
    last: Attempts | None = None

    def with_best(self, best: Other | None) -> Adaptation[Other]:
        """The same with another form of the best."""
        return Adaptation(self.method, self.seed, self.generic, self.attempts, best, self.finished, self.last)

    @property
    def successes(self) -> tuple[Attempt, ...]:
        return self.attempts.successes

    @property
    def success_rate(self) -> float:
        """The share of attempts that succeeded."""
        return self.attempts.success_rate

    @property
    def adapted(self) -> float | None:
        """The mean iterations of the successes."""
        return self.attempts.adapted

    @property
    def kinds(self) -> dict[int, int]:
        """How many successes are of each type."""
        return self.attempts.kinds

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "method": self.method,
            "seeds": len(self.attempts),
            "seed": self.seed,
            "finished": self.finished,
            "iterations_before": self.generic,
            **self.attempts.as_dict(),
            "last": None if self.last is None else self.last.as_dict(),
        }


def adapt(
    program: Assembly,
    samples: Samples | None = None,
    *,
    task: str | None = None,
    method: str = "hybrid",
    settings: Published | None = None,
    stop_gradient: StopGradient | None = None,
    seeds: int = 100,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
    watch: gradient.Watch | None = None,
) -> Adaptation[Adapted]:
    """Adapt a program to samples, or to the biased distribution of one of the paper's tasks, once per seed.

    A task of several biases takes one as in "linear_search:sorted-up".

    `method` is "published", the paper's gradient descent, "hybrid", a search, or "both", the search from what a descent
    finds. `settings` are the descent's hyper-parameters, by default those of the task, with `stop_gradient` in place of
    theirs. `watch` gets the checkpoints of a descent. Ctrl-C ends it, and the best so far counts. The program itself is
    not changed.

    Raises UsageError for options that make no sense, and where the program is not right on the tapes to begin with.
    """
    _ensure_sensible(method, stop_gradient, watch)
    seeds, seed = _numbers(seeds, seed)
    given = None if task is None else _task(options.text("task", task), program.memory_size)
    draw, tests = _tapes(given, samples, seed)
    runs = run_one(program, tests.tape, MAX_STEPS)
    wrong = tests.wrong(runs.tape, runs.stopped)
    if wrong.any():
        raise UsageError(f"the program itself is wrong on {wrong.sum()} of {len(wrong)} tapes: is it meant for them?")
    chosen = settings or _settings(given, int(runs.steps.max()))
    if stop_gradient is not None:
        chosen = replace(chosen, stop_gradient=stop_gradient)
    counted = _Last(progress)
    generic = float(runs.steps.mean()) + 1

    def attempts(controllers: Controller) -> Attempts:
        return _attempts(controllers, evaluate(controllers, tests, chosen.max_steps), generic, tests)

    last = None
    if method == "hybrid":
        controllers = hybrid.adapt(program, draw, chosen.max_steps, seeds, seed, counted)
    elif method == "both":
        controllers = both.adapt(program, draw, chosen, seeds, seed, counted, watch)
    else:
        descent = gradient.adapt(program, draw, chosen, seeds, seed, counted, watch)
        controllers, last = descent.best, attempts(descent.last)
    result = Adaptation[Adapted](method, seed, generic, attempts(controllers), None, counted.finished, last)
    return result.with_best(_best(result, controllers, tests, task))


def _ensure_sensible(method: str, stop_gradient: str | None, watch: gradient.Watch | None) -> None:
    if options.text("method", method) not in METHODS:
        raise UsageError(f"unknown method '{method}'; there are {', '.join(METHODS)}")
    if method == "hybrid" and (stop_gradient, watch) != (None, None):
        raise UsageError("a search has no gradient and no checkpoints: they are the published method's")
    if stop_gradient is not None and options.text("stop_gradient", stop_gradient) not in get_args(StopGradient):
        raise UsageError(f"unknown stop gradient '{stop_gradient}'; there are {' and '.join(get_args(StopGradient))}")


def _numbers(seeds: int, seed: int) -> tuple[int, int]:
    seeds, seed = options.whole("seeds", seeds, most=options.MANY), options.seed(seed)
    if seeds < 1:
        raise UsageError(f"the number of seeds must be positive, not {seeds}")
    return seeds, seed


def _task(given: str, memory_size: int) -> TapeTask:
    """The task of a name, NAME or NAME:BIAS, with the bias as its biased distribution."""
    name, _, bias = given.partition(":")
    if name not in TASKS:
        raise UsageError(f"unknown task '{name}'; {did_you_mean(name, TASKS)}there are {', '.join(TASKS)}")
    task = TASKS[name]
    if bias and bias not in task.biases:
        there_are = (
            f"there are {', '.join(task.biases)}" if task.biases else "it has only one distribution, without a name"
        )
        raise UsageError(f"unknown bias '{bias}' of task '{name}'; {did_you_mean(bias, task.biases)}{there_are}")
    if task.memory_size != memory_size:
        raise UsageError(
            f"the tapes of task '{name}' have {task.memory_size} cells, the program's {memory_size}: compile it with"
            f" --memory-size {task.memory_size}"
        )
    return replace(task, biased=task.biases[bias]) if bias else task


def _tapes(task: TapeTask | None, samples: Samples | None, seed: int) -> tuple[Draw, Samples]:
    """Where an attempt's tapes come from, and those that all attempts are tested on."""
    if not isinstance(samples, Samples | None):
        raise UsageError(f"samples must be Samples, as read_samples gives, not {samples!r:.40}")
    if (task is None) == (samples is None):
        raise UsageError("give either samples or a task")
    if task is not None:
        return lambda rng, n: task.sample(rng, n, biased=True), task.sample(
            np.random.default_rng([seed, 1]), TEST_TAPES, biased=True
        )
    assert samples is not None
    return lambda rng, n: samples.take(rng.integers(len(samples.tape), size=n)), samples


def _settings(task: TapeTask | None, slowest: int) -> Published:
    if task is not None and task.adaptation is not None:
        return task.adaptation
    return Published(**{**asdict(DEFAULT), "max_steps": SLACK * slowest})


class _Last:
    """Passes progress on, and remembers whether the last of it was all."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.finished = progress, False

    def __call__(self, done: int, total: int) -> None:
        self.finished = done == total
        self.progress(done, total)


def _attempts(controllers: Controller, scores: Scores, generic: float, tests: Samples) -> Attempts:
    success = scores.success(generic)
    attempts = []
    for p, succeeded in enumerate(success):
        kind = decompile(controllers.one(p), tests).kind if succeeded else None
        attempts.append(Attempt(float(scores.right[p]), float(scores.iterations[p]), bool(succeeded), kind))
    return Attempts(attempts)


def _best(result: Adaptation[Adapted], controllers: Controller, tests: Samples, task: str | None) -> Adapted | None:
    """The success with the fewest iterations, the clearest where several tie."""
    ranked = [(a.iterations, a.kind, p) for p, a in enumerate(result.attempts) if a.success]
    if not ranked:
        return None
    iterations, kind, p = min(ranked)
    assert kind is not None
    summary = {k: v for k, v in result.as_dict().items() if k not in ("attempts", "last")}
    about = {"task": task, "attempt": p, "iterations": iterations, **summary}
    return Adapted(controllers.one(p), tests, about, kind)
