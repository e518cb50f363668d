"""What a search found: the input, what the program and the surrogate say of it, and what the user should know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.names import counted, enough, listed
from cprograms.program import Signature, bound
from cprograms.screen import on_screen

OFF = 0.02
"""A surrogate that errs by more than this share of a value's range is off."""
_SHOWN = 16
"""Arguments that are listed one by one."""


@dataclass(frozen=True)
class Held:
    """A condition, or a value that was to be matched: what the program and the surrogate say of it, in C units.

    `what` is the expression that has these values, `target` the value that it was to take, NaN of a condition.
    `violation` is how far it is from holding, in units of its `range` over the domain.
    """

    text: str
    what: str
    program: float
    surrogate: float
    violation: float
    range: float
    target: float = math.nan

    @property
    def holds(self) -> bool:
        return self.violation <= 0


@dataclass(frozen=True)
class Other:
    """Another distinct optimum: its input by argument, and the objective there."""

    inputs: dict[str, float]
    value: float


@dataclass(frozen=True)
class History:
    """The rows of the program in their order: inputs [n, arguments], the objective [n], and the violations [n].

    A row without finite results has an infinite violation, and no objective: NaN.
    """

    inputs: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    violations: npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Optimum:
    """The best input that was found, of those that were run in the C program.

    `inputs` are by argument, `fixed` names those that could not vary, `borders` those that lie at the "lower" or the
    "upper" end of their domain. `goal` is the objective's text, None for matches alone. `value` is the objective by the
    program, `surrogate_value` by the surrogate: what was minimised or maximised, or for matches alone the squared
    distance from the targets in units of their ranges; `range` is how far it varies over the domain. `results` are all
    that the program gave, `surrogate_results` what the surrogate gives there.

    `feasible` says whether all conditions hold, and `finished` whether the search ended because rows gained nothing any
    more, not because `evaluations` were spent. `flat`: the surrogate's objective is the same everywhere.
    """

    title: str
    goal: str | None
    signature: Signature
    inputs: dict[str, float]
    fixed: tuple[str, ...]
    borders: dict[str, str]
    value: float
    surrogate_value: float
    range: float
    results: dict[str, float]
    surrogate_results: dict[str, float]
    conditions: tuple[Held, ...]
    matches: tuple[Held, ...]
    feasible: bool
    finished: bool
    evaluations: int
    starts: int
    others: tuple[Other, ...]
    history: History = field(compare=False)
    flat: bool = False

    @property
    def x(self) -> npt.NDArray[np.float64]:
        """The input as a row, float64 [arguments]."""
        return np.array([self.inputs[a.name] for a in self.signature.arguments])

    def __repr__(self) -> str:
        """A screen at most: what was asked, the input, and what the program says of it."""
        said = [] if self.goal is None else [f"{self.goal}: {_both(self.value, self.surrogate_value)}"]
        said += [f"{m.text}: {_both(m.program, m.surrogate)}" for m in self.matches]
        failed = [f"fails {c.text}: {_number(c.program)}" for c in self.conditions if not c.holds]
        found = f"at {_inputs(self.inputs)}"
        return on_screen(
            [f"Optimum of {self.signature}", self.title, found, *said, *failed, self._cost, *self.warnings]
        )

    def lines(self) -> list[str]:
        """The report, a label before each group of lines."""
        value = [] if self.goal is None else [f"{self.goal}: {_both(self.value, self.surrogate_value)}"]
        return [
            *_labelled("input", self._input_lines()),
            *_labelled("value", value),
            *_labelled("match", [f"{m.text}: {_both(m.program, m.surrogate)}" for m in self.matches]),
            *_labelled("holds", [f"{c.text}: {_both(c.program, c.surrogate)}" for c in self.conditions if c.holds]),
            *_labelled("fails", [f"{c.text}: {_both(c.program, c.surrogate)}" for c in self.conditions if not c.holds]),
            *_labelled("also", [self._other(other) for other in self.others]),
            *_labelled("cost", [self._cost]),
        ]

    @property
    def _cost(self) -> str:
        return f"{counted(self.evaluations, 'evaluation')} of the C program; {counted(self.starts, 'start')}"

    def _other(self, other: Other) -> str:
        shown = {name: value for name, value in other.inputs.items() if name not in self.fixed}
        return _inputs(shown) if self.goal is None else f"{_number(other.value)} at {_inputs(shown)}"

    def _input_lines(self) -> list[str]:
        shown = [f"{name} = {_number(value)}{self._remark(name)}" for name, value in self.inputs.items()]
        if len(shown) <= _SHOWN:
            return shown
        return [*shown[: _SHOWN - 1], f"and {len(shown) - _SHOWN + 1} others; --json has all"]

    def _remark(self, name: str) -> str:
        if name in self.fixed:
            return ", fixed"
        return f", the {self.borders[name]} end of its domain" if name in self.borders else ""

    @property
    def warnings(self) -> list[str]:
        """What the user may not expect."""
        return [*self._about_conditions(), *self._about_borders(), *self._about_surrogate()]

    def _about_conditions(self) -> list[str]:
        found = []
        if not self.feasible:
            failed = [m.text for m in self.matches if not m.holds and self.goal is not None]
            failed += [c.text for c in self.conditions if not c.holds]
            found = [f"no input that was tried satisfies {listed(failed)}; this is the nearest one"]
        missed = [m for m in self.matches if abs(m.program - m.target) > OFF * m.range] if self.goal is None else []
        found += [f"{m.text} is not reached; {_number(m.program)} is the nearest that was found" for m in missed]
        if not self.finished:
            found.append("rows still gained when the evaluations were spent; more of them (--evaluations) may help")
        return found

    def _about_borders(self) -> list[str]:
        if not self.borders or self._constant:
            return []
        ends = [f"{name} at the {side} end" for name, side in self.borders.items()]
        return [f"the optimum is at the border of the domain ({', '.join(ends)}): a wider one may hold a better input"]

    @property
    def _constant(self) -> bool:
        known = self.history.values[np.isfinite(self.history.values)]
        return self.flat and bool(np.ptp(known) <= 1e-12 * np.abs(known).max())

    def _about_surrogate(self) -> list[str]:
        if self._constant:
            return [f"the objective does not vary: it is {_number(self.value)} wherever the program was run"]
        if self.flat:
            return ["the surrogate's objective is the same everywhere: only the rows of the program told inputs apart"]
        values = [] if self.goal is None else [(self.goal, self.value, self.surrogate_value, self.range)]
        values += [(held.what, held.program, held.surrogate, held.range) for held in (*self.matches, *self.conditions)]
        shares = {what: abs(surrogate - true) / width for what, true, surrogate, width in values}
        off = [f"{what} by {share:.2g} times its range" for what, share in shares.items() if not share <= OFF]
        return [f"the surrogate is off here: it errs in {', '.join(off)}"] if off else []

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which has no NaN: None."""
        return {
            "problem": self.title,
            "inputs": self.inputs,
            "fixed": list(self.fixed),
            "borders": self.borders,
            "value": {"program": _plain(self.value), "surrogate": _plain(self.surrogate_value)},
            "results": {
                name: {"program": _plain(value), "surrogate": _plain(self.surrogate_results[name])}
                for name, value in self.results.items()
            },
            "conditions": [_held_facts(c) for c in self.conditions],
            "matches": [_held_facts(m) | {"target": m.target} for m in self.matches],
            "feasible": self.feasible,
            "finished": self.finished,
            "evaluations": self.evaluations,
            "starts": self.starts,
            "others": [{"inputs": o.inputs, "value": o.value} for o in self.others],
        }


def _held_facts(held: Held) -> dict[str, Any]:
    return {
        "text": held.text,
        "program": _plain(held.program),
        "surrogate": _plain(held.surrogate),
        "holds": held.holds,
        "violation": _plain(held.violation),
    }


def _labelled(label: str, lines: Sequence[str]) -> list[str]:
    return [f"{label if k == 0 else '':9} {line}" for k, line in enumerate(lines)]


def _both(program: float, surrogate: float) -> str:
    return f"{_number(program)} by the program, {_number(surrogate)} by the surrogate"


def _inputs(inputs: dict[str, float]) -> str:
    return enough([f"{name} = {_number(value)}" for name, value in inputs.items()], len(inputs))


def _number(value: float) -> str:
    """Six digits, and all of a whole number."""
    return bound(value) if math.isfinite(value) and value == round(value) else f"{value:.6g}"


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
