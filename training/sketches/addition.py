"""The task ADD2X2 of Gaunt et al. 2017: the sum of two of four digits of a grid, from sums alone, as a sketch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cprograms.files import replace_file
from cprograms.frontend.sketching import read_sketch
from surrogate.sketch.data import Examples, examples_of
from surrogate.sketch.learning import Settings, accuracies, learn
from surrogate.sketch.model import Model
from training.sketches.mnist import Digits

PROGRAM = Path(__file__).resolve().parents[2] / "cprograms" / "library" / "sketch" / "add_top.c"
TASKS: Mapping[str, tuple[int, int]] = {"top": (0, 1), "left": (0, 2), "bottom": (2, 3), "right": (1, 3)}
"""The cells whose digits are added, in the order of the rows."""
PUBLISHED = {"top": 87, "left": 87, "bottom": 86, "right": 86}
"""Accuracy in percent after lifelong learning with 1,000 grids of each of eight tasks (NTPT)."""


@dataclass(frozen=True)
class Added:
    """What came of a task: of each restart the accuracy held back; of the best the accuracy on fresh grids of unseen
    pictures, the accuracy of its network on them alone, and its program."""

    task: str
    restarts: tuple[float, ...]
    undecided: int
    accuracy: float
    digits: float
    exact: bool
    seconds: float
    program: Mapping[str, int | float]


def grids(digits: Digits, task: str, count: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Grids of random pictures [count, 2, 2, 784], and the sums of the task's two digits."""
    x, y = digits
    places = np.random.default_rng(seed).integers(0, len(x), (count, 4))
    first, second = TASKS[task]
    shown = y[places]
    return {"grid": x[places].reshape(count, 2, 2, 784), "result": shown[:, first] + shown[:, second]}


def measure(mnist: Mapping[str, Digits], task: str, count: int, settings: Settings) -> Added:
    """Learn a task from `count` grids, and try what was found on 2,000 grids of the test pictures."""
    sketch = read_sketch(PROGRAM)
    found = learn(sketch, examples_of(sketch, grids(mnist["train"], task, count, settings.seed)), settings)
    fresh = examples_of(sketch, grids(mnist["test"], task, 2000, settings.seed + 1))
    x, y = mnist["test"]
    with torch.no_grad():
        said = found.model.networks.of("digit")(torch.from_numpy(x)).argmax(-1)[0].numpy()
    best = found.restarts[found.best]
    return Added(
        task,
        tuple(round(r.accuracy, 4) for r in found.restarts),
        len(best.undecided),
        float(accuracies(found.model, fresh)[0]),
        float((said == y).mean()),
        _is_exact(found.model, fresh, mnist["test"], task, settings.seed + 1),
        found.seconds,
        found.model.chosen(),
    )


def _is_exact(model: Model, fresh: Examples, digits: Digits, task: str, seed: int) -> bool:
    """Whether the program adds the right cells: with true digits for what the network says, all sums are right.

    The network may call digits by other names than ours (then no sum would be right), so its own are not asked.
    """
    places = np.random.default_rng(seed).integers(0, len(digits[0]), (len(fresh), 4))
    arguments = np.zeros((len(fresh), len(model.sketch.program.arguments)))
    arguments[:, model.sketch.places("surrogate_digit")] = digits[1][places]
    for k, place in model.decided().items():
        arguments[:, k] = int(model.sketch.program.arguments[k].low) + int(place[0])
    assert fresh.results is not None
    return bool(np.array_equal(model.sketch.program.run(arguments), fresh.results))


def measure_all(out: Path, mnist: Mapping[str, Digits], tasks: list[str], count: int, settings: Settings) -> None:
    """Writes OUT.json and OUT.md."""
    found = [measure(mnist, task, count, settings) for task in tasks]
    document = {"grids": count, "settings": vars(settings), "tasks": [vars(a) for a in found]}
    replace_file(out.with_suffix(".json"), (json.dumps(document, indent=2) + "\n").encode())
    near = [sum(r >= max(a.restarts) - 0.05 for r in a.restarts) for a in found]
    lines = [
        "# The sum of two digits of four, from sums alone",
        "",
        f"Made by `python scripts/evaluate/sketch_addition.py --grids {count} --restarts {settings.restarts}"
        f" --steps {settings.steps} --seed {settings.seed}{'' if settings.tabulate else ' --apart'}`.",
        "Accuracy is on 2,000 grids of test pictures; *digits* is that of the network alone. *Exact* programs add the",
        "right two cells. The published figures are of lifelong learning with 1,000 grids a task: another setting.",
        "",
        "| task | accuracy | published | digits | program | restarts near the best | seconds |",
        "|---|--:|--:|--:|---|--:|--:|",
        *(
            f"| {a.task} | {a.accuracy:.1%} | {PUBLISHED[a.task]} % | {a.digits:.1%} |"
            f" {'exact' if a.exact else 'wrong'} | {n} of {len(a.restarts)} | {a.seconds:.0f} |"
            for a, n in zip(found, near, strict=True)
        ),
        "",
    ]
    replace_file(out.with_suffix(".md"), "\n".join(lines).encode())
