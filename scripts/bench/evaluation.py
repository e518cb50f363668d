"""How much faster the protocol's batches are than one program at a time, on a part of a suite, in one run.

python scripts/bench/evaluation.py --data data/corpus --programs 200 --alone 4

Both sides do the same: execution of the rows; then, for each size, the starts "random" and "text + rows", fine-tuned
with the same steps, checkpoints and rows. One at a time, a program is executed by a module of its own, started by
itself, and fine-tuned by torch's modules, autograd and optimiser (Adam), or by the same steps on one tower
(Levenberg–Marquardt).
Figures are of the processor, one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cprograms.program import Program
from surrogate.mlp.finetune import training_rows
from surrogate.mlp.pipeline import one_thread
from surrogate.mlp.pretrained import load_compiler
from surrogate.mlp.towers import Towers
from training.evaluation.protocol import SIZES, tuned
from training.evaluation.suites import Suite, executed, make_suite, suite_programs
from training.finetuning import OPTIMISERS, Minibatches, Rows
from training.starts.initialisations import Initialisation, random_start, row_start, static_scale

ADAM = OPTIMISERS["Adam"]
TEST_ROWS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--programs", type=int, default=200, help="in batches")
    parser.add_argument("--alone", type=int, default=4, help="of these, so many one at a time")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    args = parser.parse_args()
    programs = suite_programs("generated", args.data, args.programs)
    part = programs[:: max(1, len(programs) // args.alone)][: args.alone]
    starts = [
        Initialisation("random", random_start, static_scale),
        Initialisation("text + rows", row_start(load_compiler(args.compiler).model), static_scale),
    ]
    with one_thread(), torch.no_grad():
        compare(programs, part, starts, args.sizes)


def compare(
    programs: Sequence[Program], part: Sequence[Program], starts: Sequence[Initialisation], sizes: Sequence[int]
) -> None:
    run(programs[:1], max(sizes))  # what only a first run does
    all_of_them, ones = [], []
    batched = seconds(lambda: all_of_them.append(run(programs, max(sizes))))
    alone = seconds(lambda: ones.extend(run([p], max(sizes)) for p in part))
    total = show("execution", batched / len(programs), alone / len(part))
    [suite] = all_of_them
    for rows in sizes:
        for name, one_by_one in (("Adam", tuned_alone), ("Levenberg–Marquardt", tuned)):
            o = OPTIMISERS[name]
            batched = seconds(lambda: [tuned(s, suite, rows, o, [o.middle], 0) for s in starts]) / len(programs)  # noqa: B023
            alone = seconds(
                lambda: [one_by_one(s, one, rows, o, [o.middle], 0) for s in starts for one in ones]  # noqa: B023
            ) / len(part)
            total += show(f"{name}, {rows} rows", batched, alone)
    show("all", *total)


def show(what: str, batched: float, alone: float) -> np.ndarray:
    print(
        f"{what:32} {1000 * batched:8.1f} ms in batches {1000 * alone:8.1f} ms alone {alone / batched:6.1f} x",
        flush=True,
    )
    return np.array([batched, alone])


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, as the machine may be busy."""
    started = time.process_time()
    work()
    return time.process_time() - started


def run(programs: Sequence[Program], rows: int) -> Suite:
    return make_suite(executed(programs, rows, TEST_ROWS, 0), rows, TEST_ROWS)[0]


def tuned_alone(start: Initialisation, suite: Suite, rows: int, *_: object) -> None:
    """What `tuned` does, a task at a time, by torch's modules and optimiser."""
    for i, task in enumerate(suite.tasks):
        own = Rows(suite.rows.x[i : i + 1, :rows], suite.rows.y[i : i + 1, :rows])
        seen = training_rows(rows)
        checkpoints = ADAM.checkpoints()
        held_out = own.x[0, seen:], own.standardised()[0, seen:]
        errors = trained(start.start([task.first(seen)], 0), own.first(seen), checkpoints, *held_out)
        best = checkpoints[errors.index(min(errors))]
        trained(
            start.start([task.first(rows)], 0),
            own,
            [c for c in checkpoints if c <= best],
            suite.test.x[i],
            suite.test.y[i].float(),
        )


def trained(tower: Towers, rows: Rows, checkpoints: Sequence[int], x: Tensor, y: Tensor) -> list[float]:
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
        loss.backward()
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


if __name__ == "__main__":
    main()
