"""The settings of a shared start, chosen on the validation split: one setting after the other, on grids whose ends
never win."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surrogate.mlp.network import random_towers
from surrogate.mlp.parts.towers import Towers
from training.examples.example import ARGUMENTS, Example
from training.examples.shards import ExampleStore
from training.grid_search import climb
from training.starts.emitted import stack_towers
from training.starts.meta import METHODS, MetaConfig, MetaTrainer, errors_by_rows


@dataclass(frozen=True)
class Measure:
    """Geometric mean nMSE on some validation examples after fine-tuning on 8 and on 32 rows, by Levenberg–Marquardt."""

    examples: list[Example]

    @classmethod
    def on(cls, data: Path, count: int) -> Measure:
        return cls(ExampleStore(data, "validation", most_arguments=ARGUMENTS).evenly_spaced(count))

    def errors(self, start: Towers) -> dict[int, float]:
        return errors_by_rows(start, self.examples)

    def random(self, seed: int) -> dict[int, float]:
        """Of random starts, one an example."""
        rng = np.random.default_rng(seed)
        widths = [1 + max(map(int, v.graph.arguments), default=0) for v in self.examples]
        return self.errors(stack_towers([random_towers(n, 1, rng) for n in widths]))


class QuietTrainer(MetaTrainer):
    """Without the validation of a run that someone watches."""

    def validate(self) -> dict[str, float]:
        return {}


def tune(config: MetaConfig, data: Path, out: Path, measure: Measure) -> tuple[MetaConfig, list[dict[str, Any]]]:
    """The config with its method's settings chosen, and a record of every training: its settings and errors.

    The trainings' folders stay in `out`, so that an interrupted call goes on. Raises UsageError where a grid has no
    best value inside.
    """
    records: list[dict[str, Any]] = []
    for name, factor in METHODS[config.method].grids.items():

        def errors(values: list[float], base: MetaConfig = config, name: str = name) -> list[float]:
            tried = [_with(base, name, value) for value in values]
            found = [measure.errors(_trained(c, data, out)) for c in tried]
            records.extend({"settings": asdict(c), "errors": e} for c, e in zip(tried, found, strict=True))
            return [math.prod(e.values()) for e in found]

        best, _ = climb(errors, getattr(config, name), factor)
        config = _with(config, name, best)
    return config, records


def _with(config: MetaConfig, name: str, value: float) -> MetaConfig:
    whole = isinstance(getattr(config, name), int)
    setting: dict[str, Any] = {name: max(1, round(value)) if whole else float(f"{value:.3g}")}
    return replace(config, **setting)


def _trained(config: MetaConfig, data: Path, out: Path) -> Towers:
    folder = "-".join(f"{name}={getattr(config, name):g}" for name in METHODS[config.method].grids)
    trainer = QuietTrainer(config, data, out / config.name / folder)
    trainer.run()
    return trainer.start.tower.map(torch.detach)
