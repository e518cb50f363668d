"""Learning one task of a family alone, from results: the program that is found, and how right it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cprograms.files import replace_file, replace_json
from cprograms.frontend.sketching import Sketch, read_sketch
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import examples_of
from surrogate.sketch.learning import Settings, accuracies, learn
from surrogate.sketch.model import Model
from training.markdown import table_lines
from training.sketches.grids import Family, Grids, grids
from training.sketches.mnist import Digits
from training.sketches.native import agreement

FRESH = 2000
"""Grids of test pictures that a program is tried on."""
NEAR = 0.05


@dataclass(frozen=True)
class Found:
    """What came of a task: of each restart the accuracy held back; of the best the accuracy on fresh grids of unseen
    pictures, the accuracy of its network on them alone, and its program.

    `native` is the share of the fresh grids on which its C, compiled, gives the same; None where it is not exact, or
    there is no gcc. `curve` holds steps and the best accuracy held back by then; `seconds` are
    the clock's, whatever else the machine did.
    """

    task: str
    restarts: tuple[float, ...]
    undecided: int
    accuracy: float
    pictures: float
    exact: bool
    native: float | None
    seconds: float
    program: Mapping[str, int | float]
    curve: tuple[tuple[int, float], ...]


def measure(family: Family, pictures: Mapping[str, Digits], task: str, count: int, settings: Settings) -> Found:
    """Learn a task from `count` grids, and try what was found on FRESH grids of the test pictures."""
    sketch = read_sketch(family.program)
    curve: list[tuple[int, float]] = []
    found = learn(
        sketch,
        examples_of(sketch, grids(family, pictures["train"], task, count, settings.seed).arrays()),
        settings,
        progress=lambda done, total, loss, accuracy: curve.append((done, round(accuracy, 4))),
    )
    fresh = grids(family, pictures["test"], task, FRESH, settings.seed + 1)
    examples = examples_of(sketch, fresh.arrays())
    exact = is_exact(sketch, family, fresh, found.model)
    program = SketchProgram(sketch=sketch, model=found.model)
    best = found.restarts[found.best]
    return Found(
        task,
        tuple(round(r.accuracy, 4) for r in found.restarts),
        len(best.undecided),
        float(accuracies(found.model, examples)[0]),
        reading(found.model, family, pictures["test"]),
        exact,
        agreement(program, examples) if exact and shutil.which("gcc") else None,
        round(found.seconds, 1),
        found.model.chosen(),
        tuple(curve),
    )


def reading(model: Model, family: Family, pictures: Digits) -> float:
    """The accuracy of the network alone on pictures."""
    x, y = pictures
    with torch.no_grad():
        said = model.networks.of(family.function)(torch.from_numpy(x)).argmax(-1)[0].numpy()
    return float((said == y).mean())


def is_exact(sketch: Sketch, family: Family, fresh: Grids, model: Model) -> bool:
    """Whether the program takes the right cells: with what pictures truly show for what the network says, all results
    are right.

    The network may call pictures by other names than ours (then no result would be right), so its own are not asked.
    """
    arguments = np.zeros((len(fresh.result), len(sketch.program.arguments)))
    for function in sketch.learned:
        arguments[:, sketch.places(function.cells)] = fresh.shown
    if family.given:
        arguments[:, sketch.places("number")] = fresh.numbers
    for k, place in model.decided().items():
        arguments[:, k] = int(sketch.program.arguments[k].low) + int(place[0])
    return bool(np.array_equal(sketch.program.run(arguments)[:, 0], fresh.result))


def measure_all(
    family: Family,
    out: Path,
    pictures: Mapping[str, Digits],
    tasks: Sequence[str],
    count: int,
    settings: Settings,
    command: str,
) -> list[Found]:
    """Writes OUT.json, OUT.md and OUT.svg."""
    found = [measure(family, pictures, task, count, settings) for task in tasks]
    document = {"grids": count, "settings": vars(settings), "tasks": [vars(f) for f in found]}
    replace_json(out.with_suffix(".json"), document)
    replace_file(out.with_suffix(".svg"), curves(found))
    replace_file(out.with_suffix(".md"), page(family, found, count, command, out.name).encode())
    return found


def page(family: Family, found: Sequence[Found], count: int, command: str, stem: str) -> str:
    """The table."""
    header = ["task", "accuracy", "published", family.pictures, "program", "gcc", "restarts near the best"]
    rows = (
        [
            f.task,
            f"{f.accuracy:.1%}",
            f"{family.published[f.task]} %",
            f"{f.pictures:.1%}",
            "exact" if f.exact else "wrong",
            "" if f.native is None else f"{f.native:.0%}",
            f"{sum(r >= max(f.restarts) - NEAR for r in f.restarts)} of {len(f.restarts)}",
        ]
        for f in found
    )
    lines = [
        f"# {family.title}",
        "",
        f"Made by `{command}`.",
        f"A task is learned from {count:,} grids. Accuracy is on {FRESH:,} grids of test pictures.",
        f"*{family.pictures}* is the accuracy of the network alone.",
        "*Exact* programs take the right two cells in the right order.",
        "*gcc* is the share of these grids on which the decompiled C, compiled, gives what the sketch gives.",
        "There the network is a table of what it says to each picture.",
        "The published figures are of another setting, [lifelong learning](sketch_lifelong.md).",
        "",
        *table_lines(header, rows, 6),
        "",
        f"![The accuracy of the best restart by the steps taken]({stem}.svg)",
        "",
    ]
    return "\n".join(lines)


def curves(found: Sequence[Found]) -> bytes:
    """The best hard accuracy held back by steps, a line a task, as SVG."""
    from matplotlib.figure import Figure

    from training.plots import image

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    for f in found:
        steps, scores = zip(*f.curve, strict=True) if f.curve else ((), ())
        axes.plot(steps, scores, label=f.task)
    axes.set(xlabel="step", ylabel="right, every choice made", ylim=(0, 1.02))
    axes.legend(title="task")
    axes.grid(alpha=0.3)
    return image(figure, "svg")
