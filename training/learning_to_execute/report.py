"""The page of a grid's results: tables, plots and figures, from the records of `grid.run_plan`."""

from __future__ import annotations

import io
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from training.learning_to_execute.curricula import CURRICULA
from training.learning_to_execute.grid import Plan, Record

PAGE = Template(Path(__file__).with_name("page.md").read_text())
PACKAGES = ("surrogate-compiler", "torch", "accelerate", "numpy")


def write_report(plan: Plan, records: Sequence[Record], docs: Path, command: str, seed: int) -> None:
    """Write `docs`/learning_to_execute.md, and under `docs`/results its plots and a JSON document of its figures.

    Of each experiment, the last round that is complete counts. Raises UsageError where one has none, and for a plan of
    other experiments than the page's.
    """
    if (names := {e.name for e in plan.experiments}) != {"programs", "memorisation"}:
        raise UsageError(f"the page is of the experiments programs and memorisation, not {', '.join(sorted(names))}")
    complete = {e.name: last_round(e.name, len(list(e.runs())), records) for e in plan.experiments}
    programs, copies = complete["programs"], complete["memorisation"]
    figures = {
        "command": command,
        "seed": seed,
        "versions": {name: version(name) for name in PACKAGES},
        "machine": platform.processor() or platform.machine(),
        "settings": {e.name: e.fixed for e in plan.experiments},
        "records": [*programs, *copies],
    }
    results = docs / "results"
    results.mkdir(parents=True, exist_ok=True)
    replace_json(results / "learning_to_execute.json", figures)
    for name, figure in (
        ("accuracy", accuracy_figure(programs)),
        ("relative", relative_figure(programs)),
        ("memorisation", memorisation_figure(copies)),
    ):
        replace_file(results / f"learning_to_execute_{name}.svg", svg(figure))
    replace_file(docs / "learning_to_execute.md", page(plan, programs, copies, command, seed).encode())


def last_round(experiment: str, runs: int, records: Sequence[Record]) -> list[Record]:
    """The records of the experiment's last complete round. Raises UsageError where there is none."""
    own = [r for r in records if r["experiment"] == experiment]
    done = len(own) // runs
    if not done:
        raise UsageError(f"no round of '{experiment}' is complete: {len(own)} of {runs} runs are done")
    return own[(done - 1) * runs : done * runs]


def page(plan: Plan, programs: list[Record], copies: list[Record], command: str, seed: int) -> str:
    fixed = plan.experiments[0].fixed
    return PAGE.substitute(
        command=command,
        seed=seed,
        hidden=fixed.get("hidden", 400),
        batch=fixed.get("batch_size", 100),
        program_characters=f"{programs[0]['characters'] / 1e6:.1f}",
        copy_characters=f"{copies[0]['characters'] / 1e6:.1f}",
        accuracy=accuracy_table(programs),
        relative=relative_table(programs),
        findings=findings(programs, copies),
        memorisation=memorisation_table(copies),
    )


def curricula(records: Sequence[Record]) -> list[str]:
    """The curricula that the records have, in the order of their definition."""
    return [c for c in CURRICULA if any(r["curriculum"] == c for r in records)]


def axis(records: Sequence[Record], name: str) -> list[Any]:
    """The values of a varied setting, in the order in which they were run."""
    return list(dict.fromkeys(r[name] for r in records))


def value(records: Sequence[Record], field: str, **where: Any) -> float:
    [found] = [float(r[field]) for r in records if all(r[k] == v for k, v in where.items())]
    return found


def cells(records: Sequence[Record]) -> list[dict[str, int]]:
    return [{"nesting": n, "length": m} for n in axis(records, "nesting") for m in axis(records, "length")]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *rows))


def accuracy_table(records: Sequence[Record]) -> str:
    names = curricula(records)
    rows = []
    for cell in cells(records):
        accuracies = [value(records, "accuracy", curriculum=c, **cell) for c in names]
        shown = [f"**{a:.1%}**" if a == max(accuracies) else f"{a:.1%}" for a in accuracies]
        rows.append([str(cell["length"]), str(cell["nesting"]), *shown])
    return table(["length", "nesting", *names], rows)


def relative_table(records: Sequence[Record]) -> str:
    names = [c for c in curricula(records) if c != "baseline"]
    rows = [
        [str(cell["length"]), str(cell["nesting"]), *(f"{relative(records, c, cell):+.1%}" for c in names)]
        for cell in cells(records)
    ]
    return table(["length", "nesting", *names], rows)


def relative(records: Sequence[Record], curriculum: str, cell: dict[str, int]) -> float:
    """How far an accuracy lies above the baseline's, as a share of the baseline's."""
    base = value(records, "accuracy", curriculum="baseline", **cell)
    return value(records, "accuracy", curriculum=curriculum, **cell) / base - 1


def memorisation_table(records: Sequence[Record]) -> str:
    lengths = axis(records, "length")
    rows = [
        [
            curriculum,
            task,
            *(f"{value(records, 'accuracy', task=task, curriculum=curriculum, length=n):.1%}" for n in lengths),
        ]
        for curriculum in curricula(records)
        for task in axis(records, "task")
    ]
    return table(["curriculum", "task", *(f"{n} digits" for n in lengths)], rows)


def findings(programs: Sequence[Record], copies: Sequence[Record]) -> str:
    """What the published findings come to on these records, counted."""
    grid = cells(programs)
    best = sum(
        value(programs, "accuracy", curriculum="combined", **cell)
        == max(value(programs, "accuracy", curriculum=c, **cell) for c in curricula(programs))
        for cell in grid
    )
    below = sum(relative(programs, "naive", cell) < 0 for cell in grid)
    groups = [{"curriculum": c, "length": n} for c in curricula(copies) for n in axis(copies, "length")]
    winners = [max(axis(copies, "task"), key=lambda t: value(copies, "accuracy", task=t, **g)) for g in groups]
    both = winners.count("memorise doubled and inverted")
    rows = [
        ["combined is the best curriculum", f"in {best} of {len(grid)} cells"],
        ["naive can fall below the baseline", f"in {below} of {len(grid)} cells"],
        ["doubled and inverted memorises best", f"in {both} of {len(groups)} cases"],
    ]
    return table(["published finding", "here"], rows)


def accuracy_figure(records: Sequence[Record]) -> Figure:
    """Heat maps of accuracy over length and nesting: the baseline beside the combined curriculum."""
    return heat_maps(
        records, ["baseline", "combined"], lambda c, cell: value(records, "accuracy", curriculum=c, **cell)
    )


def relative_figure(records: Sequence[Record]) -> Figure:
    """Heat maps of the accuracy relative to the baseline's, for each of the other curricula."""
    others = [c for c in curricula(records) if c != "baseline"]
    return heat_maps(records, others, lambda c, cell: relative(records, c, cell), signed=True)


def heat_maps(
    records: Sequence[Record],
    names: Sequence[str],
    of: Callable[[str, dict[str, int]], float],
    signed: bool = False,
) -> Figure:
    """A map a curriculum of `of(curriculum, cell)`; signed values are coloured around zero."""
    lengths, nestings = axis(records, "length"), axis(records, "nesting")
    values = np.array([[[of(c, {"length": n, "nesting": m}) for n in lengths] for m in nestings] for c in names])
    most = max(np.abs(values).max(), 0.01) if signed else 1.0
    figure = Figure(figsize=(3.2 * len(names), 0.7 + 0.8 * len(nestings)), layout="constrained")
    for axes, name, part in zip(np.atleast_1d(figure.subplots(1, len(names))), names, values, strict=True):
        axes.imshow(part, cmap="RdYlGn" if signed else "viridis", vmin=-most if signed else 0, vmax=most, aspect="auto")
        for (m, n), v in np.ndenumerate(part):
            text = f"{v:+.0%}" if signed else f"{v:.0%}"
            axes.text(n, m, text, ha="center", va="center", color="white" if not signed and v < 0.5 else "black")
        axes.set(title=name, xlabel="length", ylabel="nesting")
        axes.set_xticks(range(len(lengths)), lengths)
        axes.set_yticks(range(len(nestings)), nestings)
    return figure


def memorisation_figure(records: Sequence[Record]) -> Figure:
    """Accuracy over the number of digits, a line an input encoding, a panel a curriculum."""
    names, lengths = curricula(records), axis(records, "length")
    figure = Figure(figsize=(max(3.2 * len(names), 5), 3.4), layout="constrained")
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names), sharey=True)), names, strict=True):
        for task in axis(records, "task"):
            accuracies = [value(records, "accuracy", task=task, curriculum=name, length=n) for n in lengths]
            axes.plot(lengths, accuracies, marker="o", label=task.removeprefix("memorise "))
        axes.set(title=name, xlabel="digits", ylabel="accuracy", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    axes.legend()
    return figure


def svg(figure: Figure) -> bytes:
    """The same bytes for the same figure: without the date, and with fixed identifiers."""
    out = io.BytesIO()
    with rc_context({"svg.hashsalt": "learning to execute"}):
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})
    return out.getvalue()
