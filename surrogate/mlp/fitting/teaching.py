"""Towers of the arguments alone are taught what polynomials of the text say: they are fitted to them at points.

A plain surrogate has no polynomial beside its tower. So the polynomial is the teacher and the tower the student of a
distillation (Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network"), by Levenberg–Marquardt
steps from the weights that the hypernetwork emitted. No value of the program is needed where a tower is taught.

Shapes: n points, A arguments, R results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cprograms.graph import Graph
from cprograms.program import Program
from cprograms.sampling import sample
from surrogate.mlp.fitting.choice import Rows
from surrogate.mlp.fitting.finetune import Descent, standardised_rows, training_rows
from surrogate.mlp.fitting.series import adapted, readings, standardised, text_series, values_of
from surrogate.mlp.network import SurrogateNetwork, in_deviations
from surrogate.mlp.parts.polynomial import Fit
from surrogate.mlp.parts.towers import Towers, choose, mean_squares

Array = npt.NDArray[np.float64]

POINTS = 512
"""Of the domain, on which a tower is taught."""
STEPS, LEAST_STEPS = 30, 8
"""Of one tower, some 0.14 s of one core; of each where they are many."""
TOGETHER = 4
"""Towers of which each has all these steps."""


class Lesson(NamedTuple):
    """A result whose tower was taught; and its mean squared error on held-out rows before and after, in units of the
    variance of the executed rows, where it is known."""

    result: int
    before: float | None = None
    after: float | None = None


@torch.no_grad()
def teach(network: SurrogateNetwork, z: Tensor, lessons: Sequence[Array | None]) -> list[Lesson]:
    """Fit towers to standardised values [n] at inputs z [n, A], in place; None leaves a result's as it is."""
    found = {k: own for k, own in enumerate(lessons) if own is not None and np.isfinite(own).all()}
    if not found:
        return []
    taught = list(found)
    towers = network.towers
    y = torch.from_numpy(np.stack(list(found.values()))).to(network.w1.dtype)  # [taught, n]
    x = z.to(y.dtype).expand(len(taught), -1, -1)
    descent = Descent(towers.map(lambda w: w[taught]), x, y)
    for _ in range(int(np.clip(STEPS * TOGETHER // len(taught), LEAST_STEPS, STEPS))):
        descent.step()
    layers = zip(towers, descent.towers, strict=True)
    network.hold(Towers(*(w.index_copy(0, torch.tensor(taught), own) for w, own in layers)))
    return [Lesson(k) for k in taught]


@torch.no_grad()
def teach_rows(network: SurrogateNetwork, program: Program, graph: Graph, rows: Rows, held_out: Rows) -> list[Lesson]:
    """Teach each tower the polynomials of the text after the rows x [K, A], y [K, R], in place.

    They are taught where they, or they and the tower, err less on held-out rows; a tower that then errs more is as it
    was.
    """
    z = network.inputs(torch.from_numpy(sample(program, POINTS, 0, "sobol")))
    outputs = network.outputs(z).double().numpy()  # [n, R]
    read = readings(network, text_series(program, graph, None), rows, held_out)
    before = network.towers
    teach(
        network,
        z,
        [
            None if fit is None else share * own + values_of(fit, z.numpy())
            for (share, fit), own in zip(read, outputs.T, strict=True)
        ],
    )
    held = standardised_rows(network, *held_out)
    errors, emitted = mean_squares(network.towers, *held), mean_squares(before, *held)
    network.hold(choose(errors < emitted, network.towers, before))
    pairs = enumerate(zip(emitted.tolist(), errors.tolist(), strict=True))
    return [Lesson(k, old, new) for k, (old, new) in pairs if new < old]


@torch.no_grad()
def teach_exactly(
    network: SurrogateNetwork, early: SurrogateNetwork, program: Program, graph: Graph, x: Array, y: Array
) -> list[Lesson]:
    """Teach towers the polynomials of the text after rows x [K, A], y [K, R], where no further row may be read.

    `early` is the network after the first rows alone. Both are taught, each with what it has read: see `teachers`.
    """
    found = teachers(network, early, text_series(program, graph, network.taps), x, y)
    taught = teach_fits(network, program, [pair and pair[1] for pair in found])
    teach_fits(early, program, [pair and pair[0] for pair in found])
    return taught


@torch.no_grad()
def teach_fits(network: SurrogateNetwork, program: Program, fits: Sequence[Fit | None]) -> list[Lesson]:
    """Fit towers to standardised polynomials on points of the domain, in place; None leaves a result's as it is."""
    z = network.inputs(torch.from_numpy(sample(program, POINTS, 0, "sobol")))
    return teach(network, z, [None if fit is None else values_of(fit, z.numpy()) for fit in fits])


@torch.no_grad()
def teachers(
    network: SurrogateNetwork, early: SurrogateNetwork, said: Sequence[list[Fit]], x: Array, y: Array
) -> list[tuple[Fit, Fit] | None]:
    """The polynomials of each result after the first rows, in the units of `early`, and after all, in the network's.

    They are what is `said` of the results [R], adapted. The rows x [K, A], y [K, R] are first those that `early` has
    read (see `surrogate.mlp.fitting.finetune.training_rows`). None where the first polynomial errs on the others no
    less than it.
    """
    seen = training_rows(len(x))
    held_x, held_y = (rows[:, seen:] for rows in standardised_rows(early, x, y))
    errors, truth = mean_squares(early.towers, held_x, held_y), held_y.double().numpy()  # [R], [R, held out]
    z = early.inputs(torch.from_numpy(x[seen:])).numpy()
    found: list[tuple[Fit, Fit] | None] = [None] * len(said)
    for k, fits in enumerate(said):
        first = _after_rows(early, k, fits, x[:seen], y[:seen])
        if first is None or not float(((values_of(first, z) - truth[k]) ** 2).mean()) < float(errors[k]):
            continue
        last = _after_rows(network, k, fits, x, y)
        found[k] = None if last is None else (first, last)
    return found


def _after_rows(network: SurrogateNetwork, result: int, said: list[Fit], x: Array, y: Array) -> Fit | None:
    """The polynomial of a result after rows that errs least where one of them is left out, in the network's units."""
    mean, std = float(network.mean[result]), float(network.std[result])
    if std == 0:
        return None
    z = network.inputs(torch.from_numpy(x)).numpy()
    own = in_deviations(y[:, result], mean, std)
    found = [fit for fit in (adapted(fit, z, own) for fit in standardised(said, mean, std)) if fit is not None]
    return min(found, key=lambda fit: fit.error, default=None)
