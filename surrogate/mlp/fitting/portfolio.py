"""-O3: ways to fit a program compete, within a time or to an error; what still falls gets more of the time.

The ways are those of -O2 with more rows and terms, towers in float64, Muon on fresh minibatches where there are many
arguments, and Gaussian processes. Each works in slices of about half a second of planned work, so that a number of
slices, unlike seconds, gives the same surrogate again.

Shapes: n rows, Z inputs (arguments, then taps), R results.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch

from cprograms import options
from cprograms.diagnostics import UsageError
from surrogate.mlp.fitting.choice import Part, Problem, input_sets, polynomials, tower_parts
from surrogate.mlp.fitting.growth import Growth, planned
from surrogate.mlp.parts import polynomial
from surrogate.mlp.parts.kernel import KINDS, KernelHead, fit_kernel, interpolate
from surrogate.mlp.parts.towers import Towers, squares_gradient

SLICE = 0.5
"""Seconds of one core that a slice is planned to take."""
SECONDS = 10.0
TERMS = (1000, 1500)
"""Sizes of polynomials beyond those of -O2."""
ROWS = (256, 512, 1000, 1500, 2000)
"""Rows of a tower's slices; the last size goes on."""
FALLS = 0.9
"""A tower's error that falls less than to this share in a slice falls no more."""
MUON_RATE, ADAM_RATE, DECAY, BATCH, MUON_STEPS = 0.02, 2e-3, 0.8, 256, 400
LIKELIHOOD_ROWS, CENTRES = (300, 1000), 2000
"""Rows that a process's hyperparameters are found from, and its centres."""
MANY_ARGUMENTS = 5
"""From so many arguments on, minibatches compete."""
AHEAD = 3
"""Slices that the fall of an error is extrapolated by."""

ENOUGH = 1e-12
"""An error of standardised results at which nobody needs a better part."""

Told = Callable[[float, float], None]
Slices = Iterator[Part]
"""A way at work: the part after each slice."""


@dataclass
class Budget:
    """When to stop: after so many seconds, or slices where they are given; or where every result errs at most `target`.

    `told`, if any, hears of every slice: how much of the budget is spent, and the worst result's error. A Ctrl-C ends
    the work, and what was best until then stays; `interrupted` says so.
    """

    seconds: float = SECONDS
    slices: int | None = None
    target: float = ENOUGH
    told: Told | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)
    done: int = 0

    @property
    def spent(self) -> float:
        """The share that is gone, 1 or more at the end."""
        if self.slices is not None:
            return self.done / self.slices
        return (time.monotonic() - self.started) / self.seconds


def budget_of(seconds: float | None, steps: int | None, target_nmse: float | None, told: Told | None) -> Budget:
    """The budget that a user gives. Raises UsageError for numbers that make no sense."""
    if seconds is not None and steps is not None:
        raise UsageError("give seconds or steps, not both")
    return Budget(
        SECONDS if seconds is None else options.positive("seconds", seconds),
        None if steps is None else options.whole("steps", steps, least=1),
        ENOUGH if target_nmse is None else options.positive("target_nmse", target_nmse),
        told,
    )


@dataclass
class Contender:
    """A way to fit one result. `errors` has the least error after each slice."""

    result: int
    slices: Slices
    errors: list[float] = field(default_factory=list)
    over: bool = False

    def step(self) -> Part | None:
        """Do a slice; None where there is nothing more to do."""
        part = next(self.slices, None)
        if part is None:
            self.over = True
            return None
        self.errors.append(min([part.error, *self.errors[-1:]]))
        return part

    @property
    def expected(self) -> float:
        """The logarithm of the error that it is on its way to."""
        if not self.errors:
            return -math.inf  # nothing is known of it
        last, before = (math.log(max(e, polynomial.EXACT)) for e in (self.errors[-1], self.errors[-2:][0]))
        return last - AHEAD * (before - last)


@torch.no_grad()
def compete(
    problem: Problem, start: Towers, best: list[Part], seed: int, budget: Budget, plain: bool = False
) -> list[Part]:
    """The best part of each result [R], as the fresh rows say: of `best`, and of what competes.

    `start` are the towers [R, ...] over Z inputs that those of the portfolio start from.
    """
    best = list(best)
    contenders = [
        Contender(k, slices)
        for k in range(len(best))
        if problem.scale.std[k] > 0
        for slices in _ways(problem, start, k, seed, plain)
    ]
    try:
        while budget.spent < 1:
            able = [c for c in contenders if not c.over and best[c.result].error > budget.target]
            if not able:
                break
            # Of those that nothing is known of, the one whose result is worst.
            chosen = min(able, key=lambda c: (c.expected - math.log(best[c.result].error), -best[c.result].error))
            if (part := chosen.step()) is not None and part.error < best[chosen.result].error:
                best[chosen.result] = part
            budget.done += 1
            if budget.told is not None:
                budget.told(min(budget.spent, 1), max(part.error for part in best))
    except KeyboardInterrupt:
        budget.interrupted = True
    return best


def _ways(problem: Problem, start: Towers, result: int, seed: int, plain: bool) -> Iterator[Slices]:
    """What competes for a result, the most promising first."""
    own = start.map(lambda w: w[[result]])
    if not plain:
        yield _polynomials(problem, result)
    for inputs in reversed(input_sets(problem)):
        yield _towers(problem, own, result, inputs, seed)
    if not plain:
        for inputs in reversed(input_sets(problem)):
            yield _processes(problem, result, inputs)
    if len(problem.domain) >= MANY_ARGUMENTS:
        yield _minibatches(problem, own, result, seed)


def _polynomials(problem: Problem, result: int) -> Slices:
    """Polynomials of more terms than -O2's."""
    own = replace(problem, y=problem.y[:, [result]], fresh_y=problem.fresh_y[:, [result]])
    for terms in TERMS:
        for parts in polynomials(own, terms):
            yield parts[0]


def _towers(problem: Problem, start: Towers, result: int, inputs: list[int], seed: int) -> Slices:
    """Levenberg–Marquardt on some of the inputs, in float32 until the error falls no more, then in float64."""
    columns = torch.zeros(1, problem.z.shape[1] + 1)
    columns[0, [*inputs, -1]] = 1
    for dtype, sizes, cost in ((torch.float32, ROWS, 1), (torch.float64, ROWS[-1:], 2)):
        rows = problem.tensors([result], dtype=dtype)
        growth = Growth(_cast(start, dtype), *rows, columns.to(dtype), seed)
        errors = [math.inf]
        while len(errors) <= len(sizes) or errors[-1] < FALLS * errors[-2]:
            size = sizes[min(len(errors), len(sizes)) - 1]
            growth.run(planned(SLICE / cost, 1, [(size, 1.0)]))
            (part,) = tower_parts(problem, growth.towers, [result])
            errors.append(part.error)
            yield part
        start = growth.towers


def _cast(towers: Towers, dtype: torch.dtype) -> Towers:
    return towers.map(lambda w: w.to(dtype))


def _processes(problem: Problem, result: int, inputs: list[int]) -> Slices:
    """Gaussian processes: hyperparameters from some rows, then centres where that process errs most."""
    z, y = torch.from_numpy(problem.z), torch.from_numpy(problem.y[:, result])
    for kind in KINDS:
        start = None
        for count in LIKELIHOOD_ROWS:
            fit = fit_kernel(z[:count], y[:count], kind=kind, inputs=inputs, start=start)
            start = fit.spread
            yield _kernel_part(problem, result, fit.head)
        missing = (fit.head(z) - y).abs()
        missing[:count] = math.inf
        chosen = missing.topk(min(CENTRES, len(z))).indices
        yield _kernel_part(problem, result, interpolate(z[chosen], y[chosen], None, kind, fit.spread).head)


def _kernel_part(problem: Problem, result: int, head: KernelHead) -> Part:
    error = (head(torch.from_numpy(problem.fresh_z)) - torch.from_numpy(problem.fresh_y[:, result])).square().mean()
    return Part(float(error.nan_to_num(math.inf)), kernel=head)


def _minibatches(problem: Problem, start: Towers, result: int, seed: int) -> Slices:
    """Muon on minibatches (Jordan et al. 2024), Adam for the last layer; the rate falls slice by slice."""
    z, y = problem.tensors([result])
    weights = [w[0].clone() for w in start]
    gradients = [torch.zeros_like(w) for w in start]
    for w, gradient in zip(weights, gradients, strict=True):
        w.grad = gradient[0]
    hidden = torch.optim.Muon(weights[:2], lr=MUON_RATE, weight_decay=0, momentum=0.95)
    last = torch.optim.Adam(weights[2:], lr=ADAM_RATE)
    generator = torch.Generator().manual_seed(seed)
    while True:
        for _ in range(MUON_STEPS):
            places = torch.randint(len(z), (BATCH,), generator=generator)
            squares_gradient(Towers(*(w[None] for w in weights)), z[places][None], y[:, places], gradients)
            hidden.step()  # type: ignore[no-untyped-call]
            last.step()
        yield tower_parts(problem, Towers(*(w[None].clone() for w in weights)), [result])[0]
        for optimizer in (hidden, last):
            for group in optimizer.param_groups:
                group["lr"] *= DECAY
