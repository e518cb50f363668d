"""Many runs over a grid of settings, in rounds: an interrupted grid still has runs of equal length to compare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from cprograms.diagnostics import UsageError
from cprograms.files import replace_json
from training.config import read_mapping
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.train import TEST_WINDOWS, ExecuteTrainer

Record = dict[str, Any]
RECORDS = "records.json"


@dataclass(frozen=True)
class Experiment:
    """`fixed` settings, and all combinations of the values of the `varied` ones."""

    name: str
    fixed: dict[str, Any]
    varied: dict[str, list[Any]]

    def runs(self) -> Iterator[tuple[dict[str, Any], ExecuteConfig]]:
        """Each combination with its run's settings. Raises UsageError where they make no run."""
        for values in product(*self.varied.values()):
            combination = dict(zip(self.varied, values, strict=True))
            yield combination, ExecuteConfig.of(self.fixed | combination, self.name)


@dataclass(frozen=True)
class Plan:
    """Every run of every experiment goes on to `round` / `rounds` of its blocks before any begins the next round."""

    rounds: int
    experiments: tuple[Experiment, ...]

    @classmethod
    def read(cls, path: Path, seed: int) -> Plan:
        """A plan's YAML file: `rounds`, `settings` of all runs, and `experiments` by name, lists being varied.

        Raises UsageError where the file is not a plan, or a run's settings are not right.
        """
        values = read_mapping(path)
        if set(values) != {"rounds", "settings", "experiments"}:
            raise UsageError(f"{path}: a plan has rounds, settings and experiments")
        experiments = []
        for name, own in values["experiments"].items():
            varied = {k: v for k, v in own.items() if isinstance(v, list)}
            fixed = {k: v for k, v in own.items() if k not in varied}
            experiments.append(Experiment(name, values["settings"] | fixed | {"seed": seed}, varied))
        plan = cls(values["rounds"], tuple(experiments))
        list(plan.runs())
        return plan

    def runs(self) -> Iterator[tuple[Experiment, dict[str, Any], ExecuteConfig]]:
        for experiment in self.experiments:
            for combination, config in experiment.runs():
                yield experiment, combination, config


def read_records(out: Path) -> list[Record]:
    """The records that `out` holds. Raises UsageError where their file is damaged."""
    path = out / RECORDS
    try:
        return json.loads(path.read_text()) if path.exists() else []
    except ValueError as e:
        raise UsageError(f"{path}: damaged ({e})") from e


def run_plan(plan: Plan, out: Path) -> list[Record]:
    """Run what `out` does not hold already; a record for every run and round, in order.

    Each run has its checkpoint in a folder of its own, so that the same call continues after an interrupt.
    """
    out.mkdir(parents=True, exist_ok=True)
    records = read_records(out)
    steps = [(r, *run) for r in range(1, plan.rounds + 1) for run in plan.runs()]
    console = Console(stderr=True)
    left = track(steps[len(records) :], "runs", console=console, disable=not console.is_terminal)
    for number, experiment, combination, config in left:
        folder = out / "-".join([experiment.name, *(str(v).replace(" ", "-") for v in combination.values())])
        records.append(_record(experiment.name, combination, config, number, plan.rounds, folder))
        replace_json(out / RECORDS, records)
    return records


def _record(
    experiment: str, combination: dict[str, Any], config: ExecuteConfig, number: int, rounds: int, folder: Path
) -> Record:
    trainer = ExecuteTrainer(config, folder)
    progress = trainer.run(config.blocks * number // rounds)
    return {
        "experiment": experiment,
        **combination,
        "round": number,
        "block": progress.block,
        "characters": progress.block * config.windows * config.unroll * config.batch_size,
        "accuracy": trainer.evaluate("test", config.target, TEST_WINDOWS),
        "reached_length": progress.current.length,
        "reached_nesting": progress.current.nesting,
        "rate": progress.rate,
        "seconds": progress.seconds,
    }
