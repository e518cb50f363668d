"""The runs of a plan: each number of columns without and with gradient noise, and what their restarts have learned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.diagnostics import UsageError
from training.config import config_of, read_mapping
from training.neural_programmer.config import ProgrammerConfig
from training.neural_programmer.measure import agreeing, by_group, proved, right
from training.neural_programmer.questions import Ask
from training.neural_programmer.train import ProgrammerTrainer

TEST_ROWS, TEST_SIZE = (60, 200), 200
"""Twice as long, and twice as large, as what is trained on."""
TEST_QUESTIONS = 1000
SANDBOXED = 200
"""Of them, so many are also answered by C in the sandbox."""


@dataclass(frozen=True)
class Restart:
    """Shares of right answers, every choice made."""

    validation: float
    test: float


@dataclass(frozen=True)
class Record:
    """A run. `best` is the restart that is best on validation questions. `groups` are its test accuracies by what is
    asked and under how many conditions, `proved` its share of all questions of the language that it answers with a
    program that says what is asked, and `agreed` of how many of SANDBOXED programs the C says the same."""

    columns: int
    noise: float
    steps: int
    seconds: float
    restarts: tuple[Restart, ...]
    best: int
    groups: dict[str, float]
    proved: float
    agreed: int
    trace: tuple[dict[str, Any], ...]

    @property
    def tests(self) -> list[float]:
        return [r.test for r in self.restarts]


def read_plan(path: Path, seed: int) -> list[ProgrammerConfig]:
    """A plan's YAML file: `settings` of all runs, `runs` with their own, and the `noise` of each one's second version.

    Raises UsageError where the file is not a plan, or a run's settings are not right.
    """
    values = read_mapping(path)
    if set(values) != {"settings", "noise", "runs"} or not isinstance(values["runs"], list):
        raise UsageError(f"{path}: a plan has settings, noise and a list of runs")
    shared = values["settings"] | {"seed": seed}
    return [
        config_of(ProgrammerConfig, shared | own | {"noise": noise}, str(path))
        for own in values["runs"]
        for noise in (0.0, values["noise"])
    ]


def run_all(plan: list[ProgrammerConfig], out: Path, train: bool = True) -> Iterator[Record]:
    """A record for each run. Those that `out` holds go on from their checkpoints; without `train` none goes on."""
    for config in plan:
        trainer = ProgrammerTrainer(config, folder(out, config))
        if train:
            trainer.run()
        if trainer.progress.trace:
            yield record(trainer)


def folder(out: Path, config: ProgrammerConfig) -> Path:
    return out / f"{config.columns}-{'noise' if config.noise else 'plain'}"


def record(trainer: ProgrammerTrainer) -> Record:
    """Raises ProgramError where a learned program's C is not accepted."""
    c, progress = trainer.config, trainer.progress
    batch = Ask(c.columns, TEST_ROWS, TEST_SIZE, c.conditions).draw(np.random.default_rng([c.seed, 2]), TEST_QUESTIONS)
    answered = right(trainer.model, batch)
    validation = trainer.validate()
    best = int(np.argmax(validation))
    model = trainer.model.one(best)
    asked = batch.part(slice(SANDBOXED))
    [programs] = model.programs(asked.asked)
    tables = [asked.columns(k) for k in range(SANDBOXED)]
    return Record(
        columns=c.columns,
        noise=c.noise,
        steps=progress.step,
        seconds=round(progress.seconds, 1),
        restarts=tuple(Restart(v, round(float(t), 4)) for v, t in zip(validation, answered.mean(1), strict=True)),
        best=best,
        groups=by_group(answered[best], batch),
        proved=round(proved(model, c.columns), 5),
        agreed=agreeing(programs, tables),
        trace=progress.trace,
    )
