"""Lifelong learning over eight tasks: sketches beside networks without programs, with the curves of each task."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from cprograms.files import replace_file
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import examples_of
from training.markdown import table_lines
from training.plots import image
from training.sketches.columns import SHARINGS, ColumnLearner
from training.sketches.grids import Grids
from training.sketches.induction import FRESH, is_exact
from training.sketches.lifelong import Lifelong, Plan
from training.sketches.native import agreement
from training.sketches.stream import Batch, Task, shares, stream

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError:
    from cprograms.diagnostics import UsageError

    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None

OURS = "sketches"
NAMED = {
    "independent": "independent",
    "progressive": "progressive",
    "mtnn1": "MTNN-1",
    "mtnn2": "MTNN-2",
    OURS: "sketches",
}
PUBLISHED: Mapping[str, Sequence[int]] = {
    "independent": (35, 32, 34, 32, 38, 39, 39, 39),
    "progressive": (35, 36, 33, 35, 39, 51, 48, 51),
    "mtnn1": (26, 38, 40, 44, 40, 41, 41, 42),
    "mtnn2": (24, 47, 56, 60, 38, 39, 40, 37),
    OURS: (87, 87, 86, 86, 98, 100, 100, 100),
}
"""Final accuracies in percent, in the order of the tasks: ADD2X2 top, left, bottom, right, and the same of APPLY2X2."""
POINTS = 40
"""Of a curve."""
TRIED = 500
"""Grids that a point of a curve is measured on."""
COLOURS = {
    OURS: "#d9480f",
    "independent": "#868e96",
    "progressive": "#2f9e44",
    "mtnn1": "#2667b2",
    "mtnn2": "#7048e8",
}


class Learner(Protocol):
    """Learns from the batches of a stream; `accuracy` is that on a task's grids, as it is now."""

    def observe(self, batch: Batch) -> None: ...

    def accuracy(self, k: int, grids: Grids) -> float: ...


@dataclass(frozen=True)
class Setting:
    """`steps` of `batch` grids each."""

    steps: int
    batch: int
    seed: int
    plan: Plan


@dataclass
class Course:
    """How a learner did: `curve` holds the accuracy on each task at each of `steps`, `final` that in the end on all
    test grids. `seconds` are the processor's. Of sketches, `programs` are those found, `exact` whether each takes the
    right cells, and `native` how often its compiled C agrees with it; None without gcc."""

    learner: str
    steps: list[int] = field(default_factory=list)
    curve: list[list[float]] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    seconds: float = 0.0
    programs: dict[str, Mapping[str, int | float]] = field(default_factory=dict)
    exact: list[bool] = field(default_factory=list)
    native: list[float | None] = field(default_factory=list)


def learner_of(name: str, tasks: Sequence[Task], setting: Setting) -> Learner:
    """Raises StopIteration for a name that is none."""
    if name == OURS:
        return Lifelong(tasks, setting.plan, setting.seed)
    return ColumnLearner(tasks, next(s for s in SHARINGS if s == name), setting.seed)


def course(
    name: str, tasks: Sequence[Task], setting: Setting, told: Callable[[str], None] = lambda line: None
) -> Course:
    """Let a learner go through the stream. `told` gets a line at each point of the curve."""
    learner, found = learner_of(name, tasks, setting), Course(name)
    every = max(1, setting.steps // POINTS)
    tried = [grids.first(TRIED) for grids in (task.test for task in tasks)]
    began = time.process_time()
    for step, batch in enumerate(stream(tasks, setting.steps, setting.batch, setting.seed), 1):
        learner.observe(batch)
        if step % every == 0:
            found.steps.append(step)
            found.curve.append([round(learner.accuracy(k, grids), 4) for k, grids in enumerate(tried)])
            told(f"{name} {step}: {' '.join(f'{a:.2f}' for a in found.curve[-1])}")
    found.final = [round(learner.accuracy(k, task.test), 4) for k, task in enumerate(tasks)]
    found.seconds = round(time.process_time() - began, 1)
    if isinstance(learner, Lifelong):
        _add_programs(found, tasks, learner)
    return found


def _add_programs(found: Course, tasks: Sequence[Task], learner: Lifelong) -> None:
    for task, learned in zip(tasks, learner.tasks, strict=True):
        model, sketch, fresh = learned.model, learned.sketch, task.test.first(FRESH)
        found.exact.append(model is not None and is_exact(sketch, task.family, fresh, model))
        found.native.append(None)
        if model is not None and shutil.which("gcc"):
            program = SketchProgram(sketch=sketch, model=model)
            found.native[-1] = agreement(program, examples_of(sketch, fresh.arrays()))
        found.programs[task.name] = {} if model is None else model.chosen()


def measure_all(out: Path, tasks: Sequence[Task], names: Sequence[str], setting: Setting, command: str) -> None:
    """Writes OUT.json, after each learner, and then OUT.md, OUT.svg and OUT_tasks.svg. What OUT.json has of the same
    setting is kept."""
    place = out.with_suffix(".json")
    head = {"setting": asdict(setting), "tasks": [t.name for t in tasks], "grids": len(tasks[0].train.result)}
    old = json.loads(place.read_text()) if place.exists() else {}
    kept = old.pop("learners", [])
    courses = {c["learner"]: Course(**c) for c in kept} if old == head else {}
    for name in names:
        if name not in courses:
            courses[name] = course(name, tasks, setting, lambda line: print(line, file=sys.stderr, flush=True))
            document = head | {"learners": [vars(c) for c in courses.values()]}
            replace_file(place, (json.dumps(document, indent=1) + "\n").encode())
    shown = [courses[name] for name in names]
    replace_file(out.with_suffix(".svg"), first_task(shown, setting))
    replace_file(out.with_name(f"{out.name}_tasks.svg"), all_tasks(shown, tasks, setting))
    replace_file(out.with_suffix(".md"), page(shown, tasks, setting, command, out.name).encode())


def page(courses: Sequence[Course], tasks: Sequence[Task], setting: Setting, command: str, stem: str) -> str:
    """The table, with the curves."""
    header = ["task", *(title for c in courses for title in (NAMED[c.learner], "published"))]
    rows = [
        [task.name, *(t for c in courses for t in (f"{c.final[k]:.1%}", f"{PUBLISHED[c.learner][k]} %"))]
        for k, task in enumerate(tasks)
    ]
    lines = [
        "# Eight tasks, one after the other",
        "",
        f"Made by `{command}`.",
        f"Each task has {len(tasks[0].train.result):,} grids to learn from, and is tried on"
        f" {len(tasks[0].test.result):,} grids of unseen pictures.",
        f"All learners see the same {setting.steps:,} batches of {setting.batch} grids, from a mixture that varies with"
        " time.",
        "The tasks of addition come first, from top to right; then those of operators.",
        "",
        *table_lines(header, rows, len(header) - 1),
        "",
        *_about_programs(courses),
        f"![The accuracy on add:top over time]({stem}.svg)",
        "",
        "In the shaded time the task has examples.",
        "",
        f"![The accuracy on each task over time]({stem}_tasks.svg)",
        "",
    ]
    return "\n".join(lines)


def _about_programs(courses: Sequence[Course]) -> list[str]:
    found: list[str] = []
    for c in courses:
        if not c.exact:
            continue
        said = [n for n, exact in zip(c.native, c.exact, strict=True) if exact and n is not None]
        found.append(f"{sum(c.exact)} of {len(c.exact)} programs are exact: they take the right two cells.")
        if said:
            found.append(
                f"Compiled by gcc, {sum(n == 1 for n in said)} of {len(said)} of them give what the sketch gives."
            )
        found.append("")
    return [
        *found,
        "Seconds of one core: " + ", ".join(f"{NAMED[c.learner]} {c.seconds:.0f}" for c in courses) + ".",
        "",
    ]


def first_task(courses: Sequence[Course], setting: Setting) -> bytes:
    """The accuracy on the first task over time, of each learner, as SVG."""
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    _draw(axes, courses, 0, len(courses[0].final), setting)
    axes.set(xlabel="step", ylabel="accuracy on add:top")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return image(figure, "svg")


def all_tasks(courses: Sequence[Course], tasks: Sequence[Task], setting: Setting) -> bytes:
    """The accuracy on every task over time, a panel each, as SVG."""
    figure = Figure(figsize=(11, 5), layout="constrained")
    panels = figure.subplots(2, -(-len(tasks) // 2), sharex=True, sharey=True, squeeze=False)
    for k, (task, axes) in enumerate(zip(tasks, panels.ravel(), strict=False)):
        _draw(axes, courses, k, len(tasks), setting)
        axes.set_title(task.name, fontsize=9)
    panels[0, 0].legend(fontsize=7)
    return image(figure, "svg")


def _draw(axes: Axes, courses: Sequence[Course], k: int, tasks: int, setting: Setting) -> None:
    for c in courses:
        axes.plot(c.steps, [row[k] for row in c.curve], label=NAMED[c.learner], color=COLOURS[c.learner])
    steps = np.arange(setting.steps)
    share = [shares(tasks, tasks * (s + 0.5) / setting.steps)[k] for s in steps]
    axes.fill_between(steps, 0, share, color="0.9", linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
