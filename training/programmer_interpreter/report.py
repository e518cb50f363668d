"""What came of an experiment: a table, its figures as JSON, and a picture of accuracy against length."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from matplotlib.figure import Figure

from cprograms.files import replace_file, replace_json
from training.markdown import table_lines
from training.plots import image
from training.programmer_interpreter.experiment import Plan, Record
from training.programmer_interpreter.tasks import TASKS

NAME = "programmer_interpreter"


def write_report(plan: Plan, records: Sequence[Record], folder: Path, command: str) -> None:
    """Write `folder`/programmer_interpreter.md, .json and .png."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "command": command,
        "seed": plan.seed,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
        "machine": platform.processor() or platform.machine(),
        "records": list(records),
    }
    replace_json(folder / f"{NAME}.json", figures)
    replace_file(folder / f"{NAME}.png", image(picture(records), "png"))
    replace_file(folder / f"{NAME}.md", page(plan, records, command).encode())


class Group(NamedTuple):
    """The records of a task and version that are trained on the same sizes, a seed each."""

    task: str
    version: str
    only: int
    records: list[Record]

    @property
    def shares(self) -> list[list[float]]:
        """Of right answers, by size and seed."""
        return [[r["accuracy"][str(size)] for r in self.records] for size in TASKS[self.task].sizes]

    @property
    def cells(self) -> list[str]:
        """What it is, as a table's first cells."""
        return [self.task, self.version, str(self.only) if self.only else f"1 to {TASKS[self.task].trained}"]


KIND = ("task", "version", "trained on")
"""The names of a group's cells."""


def groups(records: Sequence[Record]) -> Iterator[Group]:
    for task in TASKS:
        own = [r for r in records if r["settings"]["task"] == task]
        kinds = dict.fromkeys((r["settings"]["only"], r["settings"]["version"]) for r in own)
        for only, kind in kinds:
            same = [r for r in own if (r["settings"]["only"], r["settings"]["version"]) == (only, kind)]
            yield Group(task, kind, only, same)


def page(plan: Plan, records: Sequence[Record], command: str) -> str:
    runs = len(list(plan.runs()))
    lines = [
        "# The neural programmer-interpreter on traces from C",
        "",
        f"Made by `{command}`, {plan.seeds} seeds from {plan.seed}.",
        *(["Some runs have not come to their end: the tables have fewer seeds there."] if len(records) < runs else []),
        "[The guide](../npi.md) says what is trained.",
        f"Of each size, {plan.problems:,} fresh problems are run.",
        "A problem counts where the run ends by itself with every cell of the answer right.",
        "",
        "## Right answers",
        "",
        "The mean over the seeds, and the worst seed. Training saw digits or cells of the sizes *trained on*.",
        "",
        *accuracy_lines(records),
        "",
        f"![Right answers over length]({NAME}.png)",
        "",
        "*Grey are the sizes that training saw; where a line is dashed, it saw one of them only.",
        "The band is from the worst seed to the best.*",
        "",
        "## Proofs",
        "",
        "A point is what a frame has seen so far. All points, of all lengths, are listed from the C code.",
        "Where the network does in each what the C code does, it is exact for every length.",
        "Programs that loop have no such list.",
        "",
        *proof_lines(records),
        "",
        "## What it took",
        "",
        "Seconds are of one processor. `learned` are the parameters that were trained.",
        "",
        *cost_lines(records),
        "",
        *untouched_lines(records),
    ]
    return "\n".join(lines).rstrip() + "\n"


def accuracy_lines(records: Sequence[Record]) -> Iterator[str]:
    for task, about in TASKS.items():
        rows = []
        for group in groups([r for r in records if r["settings"]["task"] == task]):
            shares = [(f"{_percent(fmean(s))}, {_percent(min(s))}") for s in group.shares]
            rows.append([*group.cells, str(len(group.records)), *shares])
        if rows:
            unit = "digits" if task == "addition" else "cells"
            header = [*KIND, "seeds", *(f"{s} {unit}" for s in about.sizes)]
            yield from table_lines(header, rows, 1 + len(about.sizes))
            yield ""


def _percent(share: float) -> str:
    """Never 100 % where a problem was wrong."""
    return "100 %" if share == 1 else f"{min(100 * share, 99.99):.4g} %"


def proof_lines(records: Sequence[Record]) -> Iterator[str]:
    rows = []
    for group in groups(records):
        proofs = [r["proof"] for r in group.records if r["proof"] is not None]
        if not proofs:
            rows.append([*group.cells, "endless", "", "", "no proof"])
            continue
        held, count = sum(p["holds"] for p in proofs), len(proofs)
        said = "exact for every length" if held == count else f"exact for every length: {held} of {count} seeds"
        wrong, margin = ", ".join(f"{p['wrong']:,}" for p in proofs), min(p["margin"] for p in proofs)
        rows.append([*group.cells, f"{proofs[0]['points']:,}", wrong, f"{margin:.2g}", said])
    yield from table_lines([*KIND, "points", "wrong, by seed", "least margin", "proof"], rows)


def cost_lines(records: Sequence[Record]) -> Iterator[str]:
    rows = []
    for group in groups(records):
        own, first = group.records, group.records[0]
        rows.append(
            [
                *group.cells,
                f"{first['settings']['traces']:,}",
                f"{first['frames']:,}",
                f"{first['parameters']:,}",
                f"{first['learned']:,}",
                ", ".join(f"{r['steps']:,}" for r in own),
                ", ".join(f"{r['seconds']['traces'] + r['seconds']['training']:.0f}" for r in own),
            ]
        )
    header = [*KIND, "traces", "frames", "parameters", "learned", "steps, by seed", "seconds, by seed"]
    yield from table_lines(header, rows)


def untouched_lines(records: Sequence[Record]) -> Iterator[str]:
    own = [r for r in records if "untouched" in r]
    if own:
        held = sum(r["untouched"] for r in own)
        yield "The programs of the sort do bit for bit what they did before the maximum was taught,"
        yield f"in {held} of {len(own)} seeds."


def picture(records: Sequence[Record]) -> Figure:
    """The share of right answers over the size, a panel a task; the band is from the worst seed to the best."""
    figure = Figure(figsize=(3.4 * len(TASKS), 3.2), layout="constrained")
    panels = dict(zip(TASKS, figure.subplots(1, len(TASKS), sharey=True), strict=True))
    for group in groups(records):
        sizes, axes, shares = TASKS[group.task].sizes, panels[group.task], group.shares
        colour, marker = ("C0", "o") if group.version == "recursive" else ("C1", "s")
        label, line = (f"{group.version}, from {group.only}", "--") if group.only else (group.version, "-")
        axes.plot(sizes, [fmean(s) for s in shares], line, color=colour, marker=marker, label=label)
        axes.fill_between(sizes, [min(s) for s in shares], [max(s) for s in shares], color=colour, alpha=0.2)
    for task, axes in panels.items():
        trained = TASKS[task].trained
        axes.axvspan(1, trained, color="0.9")
        axes.set_xscale("log")
        axes.set_xticks(TASKS[task].sizes, [str(s) for s in TASKS[task].sizes])
        axes.minorticks_off()
        axes.set(title=task, xlabel="digits" if task == "addition" else "cells", ylim=(-0.03, 1.05))
        axes.grid(alpha=0.3)
        axes.legend(loc="center right")
    next(iter(panels.values())).set_ylabel("right answers")
    return figure
