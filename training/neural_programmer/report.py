"""The table of the runs, as JSON and as a page, and a picture of their accuracy over the steps."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from training.loop.config import plain
from training.markdown import table_lines
from training.neural_programmer import runs
from training.neural_programmer.config import ProgrammerConfig
from training.neural_programmer.runs import Record
from training.plots import image

try:
    from matplotlib.figure import Figure
except ImportError:
    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None

PACKAGES = ("surrogate-compiler", "torch", "numpy")
COLOURS = {False: "tab:orange", True: "tab:blue"}
"""Of runs without and with noise."""


def write_report(out: Path, plan: Sequence[ProgrammerConfig], records: Sequence[Record], command: str) -> None:
    """Writes OUT.json, OUT.md and OUT.svg."""
    document = {
        "command": command,
        "seed": plan[0].seed,
        "versions": {name: version(name) for name in PACKAGES},
        "machine": platform.processor() or platform.machine(),
        "settings": [plain(config) for config in plan],
        "records": [asdict(r) for r in records],
    }
    replace_json(out.with_suffix(".json"), document)
    replace_file(out.with_suffix(".svg"), image(picture(records), "svg"))
    replace_file(out.with_suffix(".md"), page(records, command, out.name).encode())


def page(records: Sequence[Record], command: str, name: str) -> str:
    return "\n".join([*_page(records, command, name), ""])


def _page(records: Sequence[Record], command: str, name: str) -> Iterator[str]:
    yield "# Neural Programmer on synthetic tables"
    yield ""
    yield f"Made by `{command}`."
    questions, (least, most), size = runs.TEST_QUESTIONS, runs.TEST_ROWS, runs.TEST_SIZE
    yield f"Accuracy is of {questions:,} questions, every choice made, an answer being right where it is exact."
    yield f"They are about tables of {least} to {most} rows with integers within ±{size}:"
    yield "twice as long and twice as large as those of the training."
    yield "The *best* restart is the one that is best on 500 questions of the training's sizes."
    yield "*Proved* is its share of all questions there are that it answers with a program that says what is asked:"
    yield "so many it answers rightly on every table."
    yield f"*C* counts programs of it, of {runs.SANDBOXED}, whose C in the sandbox gives the model's answer."
    yield "The *marginal* loss is of all programs that the steps may be, the *mixed* one of the mixture, as published."
    yield "Seconds are of one core, for all restarts together."
    yield ""
    yield from table_lines(
        ["columns", "loss", "noise", "best", "proved", "C", "restarts ≥ 99 %", "≥ 95 %", "median", "steps", "seconds"],
        map(_row, records),
        8,
    )
    yield ""
    yield f"![Accuracy of every restart over the steps]({name}.svg)"
    yield ""
    yield "Each restart, in order, the best in bold:"
    yield ""
    width = max(len(r.restarts) for r in records)
    yield from table_lines(
        ["columns", "loss", "noise", *map(str, range(width))], (_restarts(r) for r in records), width
    )
    yield ""
    yield "The best restart's accuracy by what is asked and the number of its conditions:"
    yield ""
    groups = list(records[0].groups)
    rows = (
        [str(r.columns), r.loss, _noise(r), *(f"{r.groups[g]:.0%}" if g in r.groups else "" for g in groups)]
        for r in records
    )
    yield from table_lines(["columns", "loss", "noise", *groups], rows, len(groups))


def _noise(record: Record) -> str:
    return f"{record.noise:g}" if record.noise else "none"


def _row(r: Record) -> list[str]:
    tests = np.array(r.tests)
    counts = [f"{(tests >= bar).sum()} of {len(tests)}" for bar in (0.99, 0.95)]
    best, seen = f"{tests[r.best]:.1%}", f"{r.agreed} of {runs.SANDBOXED}"
    parts = [best, f"{r.proved:.2%}", seen, *counts, f"{np.median(tests):.1%}", f"{r.steps:,}", f"{r.seconds:.0f}"]
    return [str(r.columns), r.loss, _noise(r), *parts]


def _restarts(r: Record) -> list[str]:
    shown = [f"**{t:.1%}**" if k == r.best else f"{t:.1%}" for k, t in enumerate(r.tests)]
    return [str(r.columns), r.loss, _noise(r), *shown]


def picture(records: Sequence[Record]) -> Figure:
    """Validation accuracy over the steps: a panel for each loss and number of columns, a thin line for each restart,
    and a thick one for the mean without noise and with it."""
    losses, counts = dict.fromkeys(r.loss for r in records), dict.fromkeys(r.columns for r in records)
    kinds = [(loss, count) for loss in losses for count in counts]
    figure = Figure(figsize=(3.2 * len(counts), 3.0 * len(losses)), layout="constrained")
    panels = figure.subplots(len(losses), len(counts), sharey=True, squeeze=False)
    for axes, (loss, count) in zip(panels.flat, kinds, strict=True):
        own = [r for r in records if (r.columns, r.loss) == (count, loss)]
        axes.set_visible(bool(own))
        for r in own:
            steps = [point["step"] for point in r.trace]
            accuracies = np.array([point["accuracies"] for point in r.trace])  # [points, R]
            colour = COLOURS[r.noise > 0]
            axes.plot(steps, accuracies, color=colour, alpha=0.3, linewidth=0.7)
            label = "with noise" if r.noise else "without"
            axes.plot(steps, accuracies.mean(1), color=colour, linewidth=2.2, label=label)
        axes.set(title=f"{count} column{'s' if count > 1 else ''}, {loss} loss", xlabel="step", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    for axes in panels[:, 0]:
        axes.set_ylabel("right, every choice made")
    panels[0, 0].legend(title="mean of restarts", loc="lower right")
    return figure
