"""Fitting the undefined floating constants of a sketch, all that is undefined of it, to measured rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cprograms.diagnostics import UsageError
from cprograms.program import Argument
from surrogate.graph.fit import STEPS, Fit, fit_constants
from surrogate.sketch.data import Examples
from surrogate.sketch.learning import Settings
from surrogate.sketch.model import Inputs, Model

TOLERANCE = 1e-8
"""As scipy's least squares has it: of noisy rows the last digits say nothing."""
TIE = 1e-6
"""Fits that are nearer to each other are the same: the first counts, whatever the rounding."""
DECADES = 1.0
"""How many powers of ten away from the first start others may begin, where a constant has no range."""


class Calibration(nn.Module):
    """The results of a sketch for rows of its given arguments, and of what compiled programs stand for, [n, A], with
    `constants` as parameters."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        sketch = model.sketch
        self._module = [model.module]  # its own constants are the program's, which stay
        self._places = [k for p in sketch.given for k in p.arguments if k is not None]
        self._cells = {k: (f, place) for f in sketch.learned for place, k in enumerate(sketch.places(f.cells))}
        self._fitted = [int(k) for k in model.constants]
        self.labels = tuple(sketch.program.arguments[k].name for k in self._fitted)
        self.constants = nn.ParameterList(nn.Parameter(c.detach()[0].clone()) for c in model.constants.values())
        self.evaluations = 0

    def forward(self, x: Tensor) -> Tensor:
        columns: dict[int, Tensor] = dict(zip([*self._places, *self._cells], x.unbind(1), strict=True))
        columns |= {k: c.expand(len(x)) for k, c in zip(self._fitted, self.constants, strict=True)}
        self.evaluations += 1
        found: Tensor = self._module[0](torch.stack([columns[k] for k in range(len(columns))], dim=1))
        return found

    @torch.no_grad()
    def rows(self, model: Model, inputs: Inputs) -> npt.NDArray[np.float64]:
        """The rows of examples: float64 [n, A]."""
        n, given = len(inputs), [inputs.numbers[k].to(torch.float64) for k in self._places]
        said = {f: model.cells(f, inputs)[0, ..., 0].to(torch.float64) for f, _ in self._cells.values()}
        given += [said[f][:, place].expand(n) for f, place in self._cells.values()]
        return torch.stack(given, dim=1).numpy()

    @torch.no_grad()
    def predict(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(self(torch.from_numpy(x)))


def calibrate(model: Model, examples: Examples, settings: Settings, steps: int = STEPS) -> tuple[Fit, int]:
    """Fit the constants of a model of one restart, in place, from `settings.restarts` starts; the best fit is kept.

    Returns it, and how often the program was evaluated on all rows, with its derivatives or without. Raises UsageError
    where the rows do not determine anything.
    """
    assert examples.results is not None
    if len(examples) <= len(model.constants):
        raise UsageError(f"{len(model.constants)} constants need more rows than {len(examples)}")
    fitted = Calibration(model)
    x = fitted.rows(model, examples.inputs)
    best: tuple[Fit, list[float]] | None = None
    for start in _starts(model, settings):
        with torch.no_grad():
            for constant, value in zip(fitted.constants, start, strict=True):
                constant.fill_(value)
        try:
            found = fit_constants(fitted, x, examples.results, steps, TOLERANCE)
        except UsageError:  # of no row the results are finite from there
            continue
        if best is None or found.after < best[0].after * (1 - TIE):
            best = found, [c.item() for c in fitted.constants]
    if best is None:
        raise UsageError("the program gives no finite results from any start; a #pragma surrogate range gives better")
    with torch.no_grad():
        for mine, value in zip(model.constants.values(), best[1], strict=True):
            mine.fill_(value)
    return best[0], fitted.evaluations


def _starts(model: Model, settings: Settings) -> list[list[float]]:
    """The first in the middle of every range (1 where there is none), the others anywhere in it (decades around 1)."""
    rng = np.random.default_rng(settings.seed)
    arguments = [model.sketch.program.arguments[int(k)] for k in model.constants]
    starts = [[1.0 if a.origin == "default" else (a.low + a.high) / 2 or a.high for a in arguments]]
    for _ in range(settings.restarts - 1):
        starts += [[_drawn(a, rng) for a in arguments]]
    return starts


def _drawn(a: Argument, rng: np.random.Generator) -> float:
    return float(10 ** rng.uniform(-DECADES, DECADES) if a.origin == "default" else rng.uniform(a.low, a.high))
