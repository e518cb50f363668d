"""The runs of a plan: each number of columns without and with gradient noise, and what their restarts have learned."""

from __future__ import annotations

from collections.abc import Sequence
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
    loss: str
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
    for own in (values["settings"], *values["runs"]):
        if not isinstance(own, dict):
            raise UsageError(f"{path}: {own!r} is no mapping of settings")
    shared = values["settings"] | {"seed": seed}
    return [
        config_of(ProgrammerConfig, shared | own | {"noise": noise}, str(path))
        for own in values["runs"]
        for noise in (0.0, values["noise"])
    ]


def name_of(config: ProgrammerConfig) -> str:
    """Of a run, and of its folder: `3-marginal-plain`, `3-mixed-noise`."""
    return f"{config.columns}-{config.loss}-{'noise' if config.noise else 'plain'}"


def chosen(plan: Sequence[ProgrammerConfig], only: str | None) -> Sequence[ProgrammerConfig]:
    """The runs of a plan, or the one of a name. Raises UsageError where there is none."""
    named = {name_of(config): config for config in plan}
    if only is not None and only not in named:
        raise UsageError(f"the plan has no run '{only}'; it has {', '.join(named)}")
    return plan if only is None else [named[only]]


def train(plan: Sequence[ProgrammerConfig], out: Path) -> None:
    """What `out` holds of a run goes on from its checkpoint."""
    for config in plan:
        ProgrammerTrainer(config, out / name_of(config)).run()


def records_of(plan: Sequence[ProgrammerConfig], out: Path) -> list[Record]:
    """Of every run that has come to a validation. Raises UsageError where none has."""
    trainers = [ProgrammerTrainer(config, out / name_of(config)) for config in plan]
    records = [record(trainer) for trainer in trainers if trainer.progress.trace]
    if not records:
        raise UsageError(f"{out}: no run has come to its first validation")
    return records


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
        loss=c.loss,
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
