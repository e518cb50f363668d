"""A plan in torch: distributions of a sketch's results, for R restarts and B examples at once, with gradients.

A distribution is [R or 1, B or 1, n], over the n values of its variable: choices are the same for all examples, and
given numbers for all restarts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from surrogate.anc.machine.machine import spread
from surrogate.sketch.plan import Form, Plan, Switch, Table, Variable, support


class Evaluator(nn.Module):
    """The distributions of a plan's results, from those of its arguments."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self._targets: dict[int, Tensor] = {}

    @cached_property
    def values(self) -> list[np.ndarray]:
        """The values of each result that its distribution is over."""
        return [support(form) for form in self.plan.results]

    def forward(self, arguments: Mapping[int, Tensor]) -> list[Tensor]:
        """[R or 1, B or 1, n] for each result, of distributions of the arguments by their numbers."""
        return _Run(self, arguments).results()

    def target(self, key: object, places: np.ndarray) -> Tensor:
        """Places as a tensor that is made once."""
        if id(key) not in self._targets:
            self._targets[id(key)] = torch.from_numpy(np.ascontiguousarray(places, dtype=np.int64))
        return self._targets[id(key)]


class _Run:
    """One evaluation; every distribution is computed once."""

    def __init__(self, evaluator: Evaluator, arguments: Mapping[int, Tensor]) -> None:
        self._evaluator, self._arguments = evaluator, arguments
        self._known: dict[int, Tensor] = {}
        self._one = next(iter(arguments.values())).new_ones(1, 1, 1)

    def results(self) -> list[Tensor]:
        return [self._marginal(form) for form in self._evaluator.plan.results]

    def _distribution(self, variable: Variable) -> Tensor:
        if variable.argument is not None:
            return self._arguments[variable.argument]
        assert variable.form is not None
        return self._marginal(variable.form)

    def _marginal(self, form: Form) -> Tensor:
        """The distribution of a form over its support. Not by recursion alone: forms may be nested deeply."""
        stack = [form]
        while stack:
            current = stack[-1]
            if id(current) in self._known:
                stack.pop()
                continue
            missing = [f for f in _needed(current) if id(f) not in self._known]
            if missing:
                stack += missing
                continue
            self._known[id(current)] = self._table(current) if isinstance(current, Table) else self._switch(current)
        return self._known[id(form)]

    def _table(self, table: Table) -> Tensor:
        values = support(table)
        places = self._evaluator.target(table, np.searchsorted(values, table.values).ravel())
        if not table.variables:
            return self._one
        given = [self._distribution(v) for v in table.variables]
        if len(given) == 1 and len(values) == len(places) and bool((places[1:] > places[:-1]).all()):
            return given[0]
        return spread(given, places, len(values))

    def _switch(self, switch: Switch) -> Tensor:
        weights = self._distribution(switch.variable)  # [R, B, n]
        groups: dict[int, list[int]] = {}
        forms = {id(b): b for b in switch.branches}
        for k, branch in enumerate(switch.branches):
            groups.setdefault(id(branch), []).append(k)
        total: Tensor | None = None
        for key, members in groups.items():
            weight = weights[..., members].sum(-1, keepdim=True)  # [R, B, 1]
            part = weight * self._embedded(forms[key], switch)
            total = part if total is None else total + part
        assert total is not None
        return total

    def _embedded(self, form: Form, switch: Switch) -> Tensor:
        """The distribution of a branch over the values of the whole switch."""
        own, found = support(form), self._known[id(form)]
        if len(own) == len(switch.values):
            return found
        places = np.searchsorted(own, switch.values).clip(max=len(own) - 1)
        places = np.where(_same(own[places], switch.values), places, len(own))
        return pad(found, (0, 1))[..., torch.from_numpy(places)]


def _needed(form: Form) -> Sequence[Form]:
    """The forms whose distributions a form's is computed from."""
    variables = form.variables if isinstance(form, Table) else (form.variable,)
    cut = [v.form for v in variables if v.form is not None]
    return cut if isinstance(form, Table) else [*cut, *dict.fromkeys(form.branches)]


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    equal = a == b
    return np.asarray(equal | (np.isnan(a) & np.isnan(b)) if a.dtype.kind == "f" else equal)
