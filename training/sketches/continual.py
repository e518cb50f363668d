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

from cprograms.files import replace_file, replace_json
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
FIRST_ENDS = 1.5
"""The time at which the share of the first task has fallen to 0."""
TRIED = 500
"""Grids that a point of a curve is measured on."""
COLOURS = {
    OURS: "#d9480f",
    "independent": "#868e96",
    "progressive": "#2f9e44",
    "mtnn1": "#2667b2",
    "mtnn2": "#7048e8",
}

CHOICES = """\
## What we chose

The facts at hand of the paper leave these open. Where a network without programs ends lower than published, they may be
why: here the examples of a task end altogether, so that what is shared forgets it, and what operators give modulo 19 is
hard to guess for what has no program.

- At any time there are at most two tasks in the mixture.
- The numbers that come with a grid of operators are 0 to 9. Networks without programs do better with smaller ones.
- The pictures of operators are drawn by code: 600 to learn from, 200 to try.
- A column reads the four pictures by one network, 784-256-256-10. Its head has three layers of 128. The numbers come
  in one-hot.
- MTNN-1 shares the network that reads pictures. MTNN-2 shares all but the last layer.
- A progressive column's head reads the layers of all columns before, whose weights it leaves as they are.
- All networks learn with Adam, at the rate 0.001; the choices of programs at 0.1.
- Sketches hold back 100 grids of each task. They choose among programs by these, and never learn from them.
- A program that was chosen stays. From then on its task's examples train the networks that it calls.
""".split("\n")


class Learner(Protocol):
    """Learns from the batches of a stream; `accuracy` is that on a task's grids, as it is now."""

    def observe(self, batch: Batch) -> None: ...

    def accuracy(self, k: int, grids: Grids) -> float: ...


@dataclass(frozen=True)
class Setting:
    """`steps` of `batch` grids each, of sketches; of columns, which need more passes, `columns`."""

    steps: int
    columns: int
    batch: int
    seed: int
    plan: Plan

    def steps_of(self, learner: str) -> int:
        return self.steps if learner == OURS else self.columns


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
    steps = setting.steps_of(name)
    every = max(1, steps // POINTS)
    tried = [grids.first(TRIED) for grids in (task.test for task in tasks)]
    began = time.process_time()
    for step, batch in enumerate(stream(tasks, steps, setting.batch, setting.seed), 1):
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
            replace_json(place, document)
    shown = [courses[name] for name in names]
    replace_file(out.with_suffix(".svg"), first_task(shown, setting))
    replace_file(out.with_name(f"{out.name}_tasks.svg"), all_tasks(shown, tasks, setting))
    replace_file(out.with_suffix(".md"), page(shown, tasks, setting, command, out.name).encode())


def page(courses: Sequence[Course], tasks: Sequence[Task], setting: Setting, command: str, stem: str) -> str:
    """The table, with the curves."""
    header = ["task", *(title for c in courses for title in (NAMED[c.learner], "published"))]
    rows = [
        [task.name, *(t for c in courses for t in (_final(c, k), f"{PUBLISHED[c.learner][k]} %"))]
        for k, task in enumerate(tasks)
    ]
    lines = [
        "# Eight tasks, one after the other",
        "",
        f"Made by `{command}`.",
        f"Each task has {len(tasks[0].train.result):,} grids to learn from, and is tried on"
        f" {len(tasks[0].test.result):,} grids of unseen pictures.",
        "The tasks of addition come first, from top to right; then those of operators.",
        "The mixture varies with time: a task's share rises and falls linearly, and then it is gone.",
        f"Sketches see {setting.steps:,} batches of {setting.batch} grids.",
        f"The others see {setting.columns:,} batches of the same grids: they need more passes.",
        f"In parentheses is the highest accuracy on the way, of {TRIED} grids.",
        "",
        *table_lines(header, rows, len(header) - 1),
        "",
        *_about_programs(courses),
        f"## {tasks[0].name} over time",
        "",
        f"Its examples end at time {FIRST_ENDS:g}, in the middle of the second task. Each point is of {TRIED} grids.",
        "",
        *table_lines(["learner", "when its examples end", "in the end"], _over_time(courses, setting), 2),
        "",
        f"![The accuracy on add:top over time]({stem}.svg)",
        "",
        "In the shaded time the task has examples.",
        "",
        f"![The accuracy on each task over time]({stem}_tasks.svg)",
        "",
        *CHOICES,
    ]
    return "\n".join(lines)


def _final(c: Course, k: int) -> str:
    """The accuracy on a task in the end, and the highest on the way."""
    return f"{c.final[k]:.1%} ({max(row[k] for row in c.curve):.0%})"


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


def _over_time(courses: Sequence[Course], setting: Setting) -> list[list[str]]:
    """Of each learner the accuracy on the first task at FIRST_ENDS, and in the end."""
    rows = []
    for c in courses:
        times = [len(c.final) * step / setting.steps_of(c.learner) for step in c.steps]
        point = next((k for k, t in enumerate(times) if t >= FIRST_ENDS), -1)
        rows.append([NAMED[c.learner], f"{c.curve[point][0]:.1%}", f"{c.curve[-1][0]:.1%}"])
    return rows


def first_task(courses: Sequence[Course], setting: Setting) -> bytes:
    """The accuracy on the first task over time, of each learner, as SVG."""
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    _draw(axes, courses, 0, len(courses[0].final), setting)
    axes.set(xlabel="time, in tasks", ylabel="accuracy on add:top")
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
    figure.supxlabel("time, in tasks", fontsize=9)
    figure.supylabel("accuracy", fontsize=9)
    return image(figure, "svg")


def _draw(axes: Axes, courses: Sequence[Course], k: int, tasks: int, setting: Setting) -> None:
    for c in courses:
        times = [tasks * step / setting.steps_of(c.learner) for step in c.steps]
        axes.plot(times, [row[k] for row in c.curve], label=NAMED[c.learner], color=COLOURS[c.learner])
    time = np.linspace(0, tasks, 2 * tasks + 1)  # linear between
    axes.fill_between(time, 0, [shares(tasks, t)[k] for t in time], color="0.9", linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
