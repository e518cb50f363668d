"""What is asked: an objective and conditions, over the arguments that are free, each scaled to [0, 1].

Shapes: n points, d free arguments, A arguments, R results, C conditions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.names import listed
from cprograms.program import Argument, Signature, bound
from surrogate.optimise.expressions import Condition, Expression, Names, conditions, expression

Points = npt.NDArray[np.float64]

MATCH = 1e-3
"""A result that is to be matched beside an objective may be off by this share of its range."""

GAIN = 1e-6
"""What counts as a gain, in units of a range."""

_END = 1e-9
"""Points so near an end of the domain are at it."""


@dataclass(frozen=True)
class Match:
    """A value that an expression is to take."""

    value: Expression
    target: float

    @property
    def text(self) -> str:
        return f"{self.value.text}={self.target:.12g}"


@dataclass(frozen=True)
class Problem:
    """Find the free arguments, by their numbers, at which the objective is least, or greatest, and conditions hold.

    Without an `objective` it is the squared distance of the `matches` from their targets, each in units of its range;
    beside one these are conditions. `fixed` are the values of the other arguments.
    """

    signature: Signature
    objective: Expression | None
    maximise: bool
    matches: tuple[Match, ...]
    conditions: tuple[Condition, ...]
    fixed: Mapping[int, float]
    free: tuple[int, ...]

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return self.signature.arguments

    @property
    def title(self) -> str:
        """In words, as in "minimize price subject to delta <= 0.6"."""
        matched = f"match {', '.join(m.text for m in self.matches)}" if self.matches else ""
        goal = "" if self.objective is None else f"{'maximize' if self.maximise else 'minimize'} {self.objective.text}"
        held = f"subject to {', '.join(c.text for c in self.conditions)}" if self.conditions else ""
        return " ".join(filter(None, (goal, "and" if goal and matched else "", matched, held)))

    @property
    def gain(self) -> float:
        """What counts as a gain of the aim, in units of its range; a distance that is squared counts by its root."""
        return GAIN if self.objective is not None else GAIN**2

    @property
    def whole(self) -> npt.NDArray[np.bool_]:
        """bool [d]: which of the free arguments are integers."""
        return np.array([self.arguments[k].type.is_integer for k in self.free], dtype=bool)

    @property
    def box(self) -> tuple[Points, Points]:
        """The ends [d] of the free arguments: the least and greatest of their values."""
        ends = [_ends(self.arguments[k]) for k in self.free]
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    def inputs(self, u: Tensor) -> Tensor:
        """Points of the unit cube [n, d] as arguments [n, A] in C units, integers not rounded."""
        low, high = (torch.from_numpy(end) for end in self.box)
        x = u.new_zeros((len(u), len(self.arguments)))
        for argument, value in self.fixed.items():
            x[:, argument] = value
        # This form does not overflow where high - low does.
        return x.index_copy(1, torch.tensor(self.free), low * (1 - u) + high * u)

    def points(self, x: Points) -> Points:
        """Arguments [n, A] as points of the unit cube [n, d]."""
        low, high = self.box
        half = high / 2 - low / 2
        return np.clip((x[:, list(self.free)] / 2 - low / 2) / half, 0, 1)

    def values(self, u: Points) -> Points:
        """The arguments [n, A] nearest to points [n, d] that the types hold and that lie in the domain."""
        ended = np.where(u < _END, 0.0, np.where(u > 1 - _END, 1.0, u))
        x = self.inputs(torch.from_numpy(ended)).numpy()
        for place, k in enumerate(self.free):
            kind = self.arguments[k].type
            column = np.rint(x[:, k]) if kind.is_integer else x[:, k].astype(kind.dtype).astype(np.float64)
            x[:, k] = np.clip(column, self.box[0][place], self.box[1][place])
        return x

    def aim(self, x: Tensor, y: Tensor, ranges: Tensor) -> Tensor:
        """What is to be as small as can be, [n], of arguments [n, A] and results [n, R]; `ranges` [matches]."""
        if self.objective is not None:
            found = self.objective.value(x, y)
            return -found if self.maximise else found
        return self._off(x, y, ranges).square().sum(1)

    def gaps(self, x: Tensor, y: Tensor, ranges: Tensor) -> Tensor:
        """How far conditions are from their bounds, [n, C]: at most 0 where they hold."""
        found = [c.gap(x, y) for c in self.conditions]
        if self.objective is not None and self.matches:
            off = self._off(x, y, ranges)  # [n, matches]
            found += [*(off - MATCH).unbind(1), *(-off - MATCH).unbind(1)]
        return torch.stack(found, 1) if found else y.new_zeros((len(y), 0))

    def _off(self, x: Tensor, y: Tensor, ranges: Tensor) -> Tensor:
        """How far the matched are from their targets, in units of their ranges: [n, matches]."""
        return torch.stack([m.value.value(x, y) - m.target for m in self.matches], 1) / ranges

    def matched(self, x: Tensor, y: Tensor) -> Tensor:
        """The values that are to be matched, [n, matches]."""
        found = [m.value.value(x, y) for m in self.matches]
        return torch.stack(found, 1) if found else y.new_zeros((len(y), 0))


def problem(
    signature: Signature,
    *,
    minimize: str | None = None,
    maximize: str | None = None,
    match: Mapping[str, float] | None = None,
    subject_to: Sequence[str] = (),
    fix: Mapping[str, float] | None = None,
) -> Problem:
    """The problem that users ask in words. Raises UsageError for what makes no sense."""
    if minimize is not None and maximize is not None:
        raise UsageError("give either what to minimize or what to maximize")
    if minimize is None and maximize is None and not match:
        raise UsageError("give what to minimize, to maximize or to match")
    words = Names(tuple(a.name for a in signature.arguments), tuple(r.name for r in signature.results), signature.entry)
    goal = minimize if maximize is None else maximize
    objective = None if goal is None else expression(options.text("the objective", goal), words)
    matches = _matches(options.numbers("match", match, '{"gamma": 0.02}'), words)
    told = [subject_to] if isinstance(subject_to, str) else options.texts("subject_to", subject_to, '["delta <= 0.6"]')
    held = tuple(c for text in told for c in conditions(text, words))
    fixed = _fixed(signature, options.numbers("fix", fix, '{"spot": 100}'))
    free = tuple(k for k in range(len(signature.arguments)) if k not in fixed)
    if not free:
        raise UsageError("nothing is left to choose: every argument is fixed, or has a single value in its domain")
    return Problem(signature, objective, maximize is not None, matches, held, fixed, free)


def _matches(given: Mapping[str, float], words: Names) -> tuple[Match, ...]:
    found = []
    for text, target in given.items():
        value = expression(text, words)
        if not math.isfinite(target):
            raise UsageError(f"'{text}' cannot match {target}: a finite number is needed")
        if not value.results:
            known = f"the results are {listed(words.results)}"
            raise UsageError(f"'{text}' reads no result, so it cannot be matched; --fix fixes an argument; {known}")
        found.append(Match(value, float(target)))
    return tuple(found)


def _fixed(signature: Signature, given: Mapping[str, float]) -> dict[int, float]:
    """The arguments that have a value, by their numbers: those that users fix, and those with a single value."""
    names = [a.name for a in signature.arguments]
    found = {}
    for k, argument in enumerate(signature.arguments):
        low, high = _ends(argument)
        if low == high:
            found[k] = low
    for name, value in given.items():
        if name not in names:
            guess = did_you_mean(name, names)
            raise UsageError(f"there is no argument '{name}' to fix; {guess}the arguments are {listed(names)}")
        argument = signature.arguments[names.index(name)]
        if not argument.low <= value <= argument.high:
            raise UsageError(f"'{name}' cannot be fixed at {value:g}, outside its domain {argument.domain_text}")
        if argument.type.is_integer and value != math.floor(value):
            raise UsageError(f"'{name}' cannot be fixed at {value:g}: it is of type {argument.type.name}")
        found[names.index(name)] = float(value)
    return found


def _ends(argument: Argument) -> tuple[float, float]:
    """The least and the greatest value of an argument. Raises UsageError where its domain holds none."""
    low, high = argument.low, argument.high
    if not argument.type.is_integer:
        return float(low), float(high)
    least, greatest = argument.type.limits
    low, high = float(max(math.ceil(low), int(least))), float(min(math.floor(high), int(greatest)))
    if low > high:
        ends = f"{bound(argument.low)} and {bound(argument.high)}"
        raise UsageError(f"argument '{argument.name}': no {argument.type.name} lies between {ends}")
    return low, high
