"""What came of an experiment: a table, its figures as JSON, and a picture of accuracy against length."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

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


def groups(records: Sequence[Record]) -> Iterator[tuple[str, str, list[Record]]]:
    """The records of every task and version, a seed each."""
    for task, about in TASKS.items():
        for kind in about.files:
            own = [r for r in records if (r["settings"]["task"], r["settings"]["version"]) == (task, kind)]
            if own:
                yield task, kind, own


def page(plan: Plan, records: Sequence[Record], command: str) -> str:
    lines = [
        "# The neural programmer-interpreter on traces from C",
        "",
        f"Made by `{command}`, {plan.seeds} seeds from {plan.seed}.",
        "[The guide](../npi.md) says what is trained.",
        f"Of each size, {plan.problems:,} fresh problems are run; with programs that loop, {plan.loop_problems:,}.",
        "A problem counts where the run ends by itself with every cell of the answer right.",
        "",
        "## Right answers",
        "",
        "The mean over the seeds, and the worst seed. Training saw the sizes up to the first column's.",
        "",
        *accuracy_lines(records),
        "",
        f"![Right answers over length]({NAME}.png)",
        "",
        "*Grey are the sizes that training saw. The band is from the worst seed to the best.*",
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
        for name, kind, own in groups(records):
            shares = [[r["accuracy"][str(size)] for r in own] for size in about.sizes] if name == task else []
            if shares:
                cells = (f"{_percent(fmean(s))}, {_percent(min(s))}" for s in shares)
                rows.append([task, kind, str(len(shares[0])), *cells])
        if rows:
            unit = "digits" if task == "addition" else "cells"
            header = ["task", "version", "seeds", *(f"{s} {unit}" for s in about.sizes)]
            yield from table_lines(header, rows, 1 + len(about.sizes))
            yield ""


def _percent(share: float) -> str:
    """Never 100 % where a problem was wrong."""
    return "100 %" if share == 1 else f"{min(100 * share, 99.99):.4g} %"


def proof_lines(records: Sequence[Record]) -> Iterator[str]:
    rows = []
    for task, kind, own in groups(records):
        proofs = [r["proof"] for r in own if r["proof"] is not None]
        if not proofs:
            rows.append([task, kind, "endless", "", "", "no proof"])
            continue
        held = sum(p["holds"] for p in proofs)
        said = "exact for every length" if held == len(own) else f"exact for every length: {held} of {len(own)} seeds"
        wrong = ", ".join(str(p["wrong"]) for p in proofs)
        rows.append([task, kind, f"{proofs[0]['points']:,}", wrong, f"{min(p['margin'] for p in proofs):.2g}", said])
    header = ["task", "version", "points", "wrong, by seed", "least margin", "proof"]
    yield from table_lines(header, rows)


def cost_lines(records: Sequence[Record]) -> Iterator[str]:
    rows = []
    for task, kind, own in groups(records):
        first = own[0]
        rows.append(
            [
                task,
                kind,
                f"{first['settings']['traces']:,}",
                f"{first['frames']:,}",
                f"{first['parameters']:,}",
                f"{first['learned']:,}",
                ", ".join(f"{r['steps']:,}" for r in own),
                ", ".join(f"{r['seconds']['traces'] + r['seconds']['training']:.0f}" for r in own),
            ]
        )
    header = ["task", "version", "traces", "frames", "parameters", "learned", "steps, by seed", "seconds, by seed"]
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
    for task, kind, own in groups(records):
        sizes, axes = TASKS[task].sizes, panels[task]
        shares = [[r["accuracy"][str(size)] for r in own] for size in sizes]
        colour = "C0" if kind == "recursive" else "C1"
        marker = "o" if kind == "recursive" else "s"
        axes.plot(sizes, [fmean(s) for s in shares], color=colour, marker=marker, label=kind)
        axes.fill_between(sizes, [min(s) for s in shares], [max(s) for s in shares], color=colour, alpha=0.2)
    for task, axes in panels.items():
        trained = TASKS[task].trained
        axes.axvspan(1, trained, color="0.9")
        axes.set_xscale("log")
        axes.set_xticks(TASKS[task].sizes, [str(s) for s in TASKS[task].sizes])
        axes.minorticks_off()
        axes.set(title=task, xlabel="digits" if task == "addition" else "cells", ylim=(-0.03, 1.05))
        axes.grid(alpha=0.3)
    first = next(iter(panels.values()))
    first.set_ylabel("right answers")
    first.legend(loc="lower left")
    return figure
