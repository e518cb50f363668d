"""Gradients that do not leak: where nothing asks for a value, nothing is asked of what it was made of."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_Gradients = tuple[Tensor | None, ...]


def _silent(wanted: _Gradients, given: _Gradients) -> _Gradients:
    """The gradients that a step gives, but 0 in rows where it was given 0: a derivative there may be infinite or NaN,
    as of the branch that a select did not take."""
    (asked,) = given
    if asked is None:
        return wanted
    still = asked == 0
    return tuple(g if g is None or g.shape != still.shape else g.masked_fill(still, 0) for g in wanted)


def hush(value: Tensor, inputs: Sequence[Tensor]) -> None:
    """Keep all that was computed between the inputs and the value silent in rows where nothing asks for the value."""
    if torch.jit.is_tracing() or torch.compiler.is_compiling():  # type: ignore[attr-defined,no-untyped-call]
        return  # what was traced is for running
    ends = [t.grad_fn for t in inputs]
    reached, seen = [value.grad_fn], [*ends, None]
    while reached:
        step = reached.pop()
        if step is None or any(step is s for s in seen) or step.name() == "torch::autograd::AccumulateGrad":
            continue
        seen.append(step)
        step.register_hook(_silent)
        reached.extend(following for following, _ in step.next_functions)
