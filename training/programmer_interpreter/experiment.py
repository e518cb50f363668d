"""Every task in every version, over several seeds: trained, proved where there is a proof, and run at every size."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cprograms.diagnostics import UsageError
from cprograms.files import replace_json
from cprograms.tape.situations import Frames, Node
from cprograms.tape.traces import Action
from training.config import read_mapping
from training.programmer_interpreter import checkpoints
from training.programmer_interpreter.config import InterpreterConfig
from training.programmer_interpreter.frames import Codes, FrameSet, Key
from training.programmer_interpreter.network import ProgrammerInterpreter
from training.programmer_interpreter.proof import Proof
from training.programmer_interpreter.running import NetworkBook, right, run
from training.programmer_interpreter.tasks import TASKS, frames_of, traced
from training.programmer_interpreter.train import InterpreterTrainer

Record = dict[str, Any]
RECORD = "record.json"
CORES = {"maximum": "sort"}
"""Tasks that are taught to a core which has learned another one."""
COUNTS = {"seeds": 100, "problems": 10**6}
"""What a plan counts, and the most of each."""
TEST = 1
"""Tells the problems that are run from those that were learned from."""


@dataclass(frozen=True)
class Plan:
    """`seeds` seeds, the first of which is `seed`, and `problems` problems of each size.

    `tasks` has for some tasks settings of their own, over the `settings` of all. `only` has for some tasks a size: they
    are also trained on problems of that size alone.
    """

    settings: dict[str, Any]
    tasks: dict[str, dict[str, Any]]
    only: dict[str, int]
    seeds: int
    problems: int
    seed: int = 0

    @classmethod
    def read(cls, path: Path, seed: int) -> Plan:
        """A plan's YAML file. Raises UsageError where the file is not a plan, or a run's settings are not right."""
        values = read_mapping(path)
        if set(values) != {"settings", "tasks", "only", *COUNTS}:
            raise UsageError(f"{path}: a plan has settings, tasks, only, {', '.join(COUNTS)}")
        for name, most in COUNTS.items():
            if type(values[name]) is not int or not 1 <= values[name] <= most:
                raise UsageError(f"{path}: '{name}' is a whole number from 1 to {most}, not {values[name]!r}")
        for name in ("settings", "tasks", "only"):
            if not isinstance(values[name], dict):
                raise UsageError(f"{path}: '{name}' is a mapping, not {values[name]!r}")
        for name, own in values["tasks"].items():
            if name not in TASKS or not isinstance(own, dict):
                raise UsageError(f"{path}: 'tasks' has settings of {', '.join(TASKS)}, not {name!r}: {own!r}")
        for name, size in values["only"].items():
            if name not in TASKS or name in CORES or type(size) is not int or not 1 <= size <= TASKS[name].trained:
                raise UsageError(f"{path}: 'only' has a size that is trained on by task, not {name!r}: {size!r}")
        plan = cls(**values, seed=seed)
        list(plan.runs())
        return plan

    def runs(self) -> Iterator[InterpreterConfig]:
        """The settings of every run, those that others build on before them."""
        for seed in range(self.seed, self.seed + self.seeds):
            for task, about in TASKS.items():
                given = self.settings | self.tasks.get(task, {})
                for only in (0, self.only[task]) if task in self.only else (0,):
                    for version in about.files:
                        values = given | {"task": task, "version": version, "only": only, "seed": seed}
                        yield InterpreterConfig.of(values, "settings")


def run_plan(plan: Plan, out: Path) -> list[Record]:
    """Run what `out` does not hold already; a record a run.

    Raises UsageError where a record is damaged, or of other settings.
    """
    records = []
    for config in plan.runs():
        record = _read(plan, config, out)
        if record is None:
            record = _about(plan, config) | measured(config, plan.problems, out)
            replace_json(out / config.name / RECORD, record)
        records.append(record)
    return records


def records_of(plan: Plan, out: Path) -> list[Record]:
    """The records that `out` holds. Raises UsageError as `run_plan` does, and where there is none."""
    found = [record for config in plan.runs() if (record := _read(plan, config, out)) is not None]
    if not found:
        raise UsageError(f"{out}: no run has come to its end")
    return found


def _about(plan: Plan, config: InterpreterConfig) -> Record:
    return {"settings": vars(config), "problems": plan.problems}


def _read(plan: Plan, config: InterpreterConfig, out: Path) -> Record | None:
    path, about = out / config.name / RECORD, _about(plan, config)
    if not path.exists():
        return None
    try:
        record: Record = json.loads(path.read_text())
        same = {name: record[name] for name in about} == about
    except (ValueError, KeyError, TypeError) as e:
        raise UsageError(f"{path}: damaged ({e}); remove it to measure afresh") from e
    if not same:
        raise UsageError(f"{path}: the record is of other settings; give another folder")
    return record


def measured(config: InterpreterConfig, problems: int, out: Path) -> Record:
    """Train a run in its folder below `out`, prove it and run it: its figures."""
    started = time.process_time()
    core = None
    if config.task in CORES:
        learned = InterpreterConfig(**vars(config) | {"task": CORES[config.task]})
        core, _ = checkpoints.trained(out / learned.name / "checkpoint")
    trainer = InterpreterTrainer(config, out / config.name, core)
    tracing = time.process_time() - started
    progress, proof = trainer.run(), trainer.prove()
    model = trainer.model
    record = {
        "frames": len(trainer.frames),
        "parameters": sum(p.numel() for p in model.parameters()),
        "learned": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "steps": progress.step,
        "seconds": {"traces": tracing, "training": progress.seconds},
        "proof": None if proof is None else _facts(proof),
        "accuracy": {str(size): accuracy(model, config, size, problems) for size in TASKS[config.task].sizes},
    }
    if config.task in CORES:
        before, _ = checkpoints.trained(out / learned.name / "checkpoint")
        record["untouched"] = untouched(before, model, frames_of(learned.task, learned.version))
    return record


def _facts(proof: Proof) -> Record:
    return {
        "holds": proof.holds,
        "points": proof.points.total(),
        "wrong": proof.wrong.total(),
        "margin": proof.margin,
        "subprograms": dict(proof.points),
    }


def accuracy(model: ProgrammerInterpreter, config: InterpreterConfig, size: int, problems: int) -> float:
    """The share of fresh problems of a size that a network solves by itself, every cell of the answer right."""
    task = TASKS[config.task]
    given = task.draw(np.random.default_rng([config.seed, size, TEST]), problems, size)
    entry = Action(traced(config.task, config.version).program.name)
    runs = run(NetworkBook(model), entry, given.tapes, task.decisions(size))
    return float(right(runs, given, task.answer(runs.tapes, size)).mean())


@torch.no_grad()
def untouched(before: ProgrammerInterpreter, after: ProgrammerInterpreter, frames: Frames) -> bool:
    """Whether the programs of `before` do bit for bit in `after` what they did, in all of their frames."""
    batch = listed(frames, before.codes).of(slice(None))
    # Where weights are to be learned, torch computes in another order.
    before, after = (deepcopy(model).requires_grad_(False) for model in (before, after))
    first, _ = before(batch.program, batch.arguments, batch.seen)
    second, _ = after(batch.program, batch.arguments, batch.seen)
    known = first.program.shape[-1]
    never = torch.isneginf(second.program[..., known:]).all()
    return bool(never) and all(
        torch.equal(a, b) for a, b in zip(first, second._replace(program=second.program[..., :known]), strict=True)
    )


def listed(frames: Frames, codes: Codes) -> FrameSet:
    """The frames of a list, from their beginning to their end."""
    found: Counter[Key] = Counter()
    for call, first in frames.items():
        stack = list(first.values())
        while stack:
            node = stack.pop()
            stack += node.children.values()
            if not node.children:
                found[call.name, call.arguments, tuple(_steps(node))] += 1
    return FrameSet(codes, found)


def _steps(node: Node | None) -> Iterator[tuple[tuple[int, ...], Action]]:
    if node is not None:
        yield from _steps(node.parent)
        yield node.seen, node.action
