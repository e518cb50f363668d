"""How much faster the protocol's batches are than one program at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cprograms.program import Program
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.finetune import training_rows
from surrogate.mlp.parts.towers import Towers
from surrogate.numeric.batches import one_thread
from training.benchmarks.timing import processor_seconds
from training.evaluation.protocol import SIZES, tuned
from training.evaluation.suites import Suite, executed, make_suite, suite_programs
from training.finetuning import OPTIMISERS, Minibatches, Optimiser, TowerRows
from training.starts.emitted import row_start
from training.starts.table import Start, random_start, static_scale

ADAM = OPTIMISERS["Adam"]
TEST_ROWS = 1000


def measure(data: Path, count: int, alone: int, sizes: Sequence[int] | None, compiler: str | None) -> None:
    """Prints a line a stage; `count` programs in batches, `alone` of them one at a time."""
    programs = suite_programs("generated", data, count)
    part = programs[:: max(1, len(programs) // alone)][:alone]
    starts = [
        Start("random", random_start, static_scale),
        Start("text + rows", row_start(load_compiler(compiler).model), static_scale),
    ]
    with one_thread(), torch.no_grad():
        compare(programs, part, starts, sizes or SIZES)


def compare(
    programs: Sequence[Program], part: Sequence[Program], starts: Sequence[Start], sizes: Sequence[int]
) -> None:
    run(programs[:1], max(sizes))  # what only a first run does
    all_of_them: list[Suite] = []
    ones: list[Suite] = []
    batched = processor_seconds(lambda: all_of_them.append(run(programs, max(sizes))))
    alone = processor_seconds(lambda: ones.extend(run([p], max(sizes)) for p in part))
    total = show("execution", batched / len(programs), alone / len(part))
    [suite] = all_of_them
    one_at_a_time: dict[str, Callable[..., object]] = {"Adam": tuned_alone, "Levenberg–Marquardt": tuned}
    for rows, (name, one_by_one) in product(sizes, one_at_a_time.items()):
        o = OPTIMISERS[name]
        batched = processor_seconds(partial(_each, tuned, starts, [suite], rows, o)) / len(programs)
        alone = processor_seconds(partial(_each, one_by_one, starts, ones, rows, o)) / len(part)
        total += show(f"{name}, {rows} rows", batched, alone)
    show("all", *total)


def _each(
    work: Callable[..., object], starts: Sequence[Start], suites: Sequence[Suite], rows: int, o: Optimiser
) -> None:
    for start, suite in product(starts, suites):
        work(start, suite, rows, o, [o.middle], 0)


def show(what: str, batched: float, alone: float) -> np.ndarray:
    print(
        f"{what:32} {1000 * batched:8.1f} ms in batches {1000 * alone:8.1f} ms alone {alone / batched:6.1f} x",
        flush=True,
    )
    return np.array([batched, alone])


def run(programs: Sequence[Program], rows: int) -> Suite:
    return make_suite(executed(programs, rows, TEST_ROWS, 0), rows, TEST_ROWS)[0]


def tuned_alone(start: Start, suite: Suite, rows: int, *_: object) -> None:
    """What `tuned` does, a task at a time, by torch's modules and optimiser."""
    for i, task in enumerate(suite.tasks):
        own = TowerRows(suite.rows.x[i : i + 1, :rows], suite.rows.y[i : i + 1, :rows])
        seen = training_rows(rows)
        checkpoints = ADAM.checkpoints()
        held_out = own.x[0, seen:], own.standardised()[0, seen:]
        errors = trained(start.towers([task.first(seen)], 0), own.first(seen), checkpoints, *held_out)
        best = checkpoints[errors.index(min(errors))]
        trained(
            start.towers([task.first(rows)], 0),
            own,
            [c for c in checkpoints if c <= best],
            suite.test.x[i],
            suite.test.y[i].float(),
        )


def trained(tower: Towers, rows: TowerRows, checkpoints: Sequence[int], x: Tensor, y: Tensor) -> list[float]:
    """The errors of one tower on x, y at each checkpoint."""
    network, errors = module(tower), []
    optimizer = torch.optim.Adam(network.parameters(), lr=ADAM.middle)
    batches, given = Minibatches(rows.x.shape[1], ADAM.size, 0), rows.standardised()[0]
    for step in range(checkpoints[-1] + 1):
        if step in checkpoints:
            errors.append(nn.functional.mse_loss(network(x)[:, 0], y).item())
        places = batches.draw()
        with torch.enable_grad():
            loss = nn.functional.mse_loss(network(rows.x[0, places])[:, 0], given[places])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return errors


def module(tower: Towers) -> nn.Sequential:
    """A tower [1, ...] as torch's own layers."""
    parts: list[nn.Module] = []
    for w in tower:
        linear = nn.Linear(w.shape[2] - 1, w.shape[1])
        linear.weight.data, linear.bias.data = w[0, :, :-1].clone(), w[0, :, -1].clone()
        parts += [linear, nn.SiLU()]
    return nn.Sequential(*parts[:-1])
