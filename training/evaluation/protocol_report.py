"""The figures of a finished protocol as a JSON document, Markdown tables and plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from training.errors import bounded
from training.evaluation.protocol import BASELINE, START_ROWS, Measured, ProtocolConfig, chosen
from training.evaluation.statistics import (
    geometric,
    mean_log,
    ratio,
    rows_saved,
    steps_ratio,
    steps_to,
    training_time,
    win_rate,
)
from training.examples.example import ARGUMENTS
from training.finetuning import OPTIMISERS
from training.markdown import table_lines
from training.plots import image
from training.starts.table import COMPILED, ROWS_ONLY, TEXT_AND_ROWS, WRONG_TEXT_AND_ROWS

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError:
    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None

OURS = (TEXT_AND_ROWS, COMPILED)
Table = dict[str, dict[str, dict[str, Any]]]
"""By start and column."""


def figures(measured: Measured) -> dict[str, Any]:
    """Every table of the document; intervals are 95 %, over programs."""
    tables: dict[str, Any] = {
        "errors": _table(measured, _columns(measured), _error),
        "ratios": _table(measured, _columns(measured), _ratio),
        "choices": {m: {str(n): _choice(measured, m, n) for n in measured.sizes} for m in measured.methods},
        "training_time": _table(measured, measured.sizes, _training_time),
        "rows_saved": _table(measured, (0, *measured.sizes), _rows_saved),
        "starts": _table(measured, START_ROWS[1:], _start),
    }
    for method in measured.methods:
        tables["training_time"][method]["all"] = _over_sizes(measured, method)
    return tables


def _columns(measured: Measured) -> list[Any]:
    return ["0, given", "0, predicted", *measured.sizes]


def _table(measured: Measured, columns: Sequence[Any], cell: Callable[[Measured, str, Any], dict[str, Any]]) -> Table:
    return {m: {str(c): cell(measured, m, c) for c in columns} for m in measured.methods}


def _errors(measured: Measured, method: str, column: Any) -> np.ndarray:
    """[S, U]; a column is a size, or 0 with the scale of the outputs."""
    if isinstance(column, str):
        return measured.start_errors(method, 0, column.removeprefix("0, "))
    return measured.errors(method, column)


def _error(measured: Measured, method: str, column: Any) -> dict[str, Any]:
    errors = _errors(measured, method, column)
    return geometric(mean_log(errors), measured.programs).as_dict() | {"median": float(np.median(bounded(errors)))}


def _ratio(measured: Measured, method: str, column: Any) -> dict[str, Any]:
    base, own = _errors(measured, BASELINE, column), _errors(measured, method, column)
    return ratio(base, own, measured.programs).as_dict() | {"wins": win_rate(base, own)}


def _choice(measured: Measured, method: str, size: int) -> dict[str, Any]:
    """The optimiser chosen, and what each came to on the validation programs."""
    choice = measured.choices[method, size]
    name = chosen(choice)
    return {"optimiser": name, "strength": choice[name]["strength"], "tried": choice}


def _traces(measured: Measured, method: str, size: int) -> np.ndarray:
    return np.array(measured.fit(method, size, measured.trained(size))["traces"])


def _training_time(measured: Measured, method: str, size: int) -> dict[str, Any]:
    checkpoints = OPTIMISERS[measured.trained(size)].checkpoints()
    base, own = _traces(measured, BASELINE, size), _traces(measured, method, size)
    found, reached = training_time(base, own, checkpoints, measured.programs)
    steps = steps_to(base, bounded(base)[:, -1], checkpoints)
    return found.as_dict() | {
        "reached": reached,
        "optimiser": measured.trained(size),
        "steps of random": float(np.exp(np.log(steps).mean())),
    }


def _over_sizes(measured: Measured, method: str) -> dict[str, Any]:
    """The geometric mean over sizes of the ratio of epochs, and the mean share."""
    logs, shares = [], []
    for size in measured.sizes:
        checkpoints = OPTIMISERS[measured.trained(size)].checkpoints()
        ratios, reached = steps_ratio(_traces(measured, BASELINE, size), _traces(measured, method, size), checkpoints)
        logs.append(ratios)
        shares.append(reached.mean())
    return geometric(np.mean(logs, axis=0), measured.programs).as_dict() | {"reached": float(np.mean(shares))}


def _rows_saved(measured: Measured, method: str, size: int) -> dict[str, Any]:
    base = [measured.errors(BASELINE, n) for n in measured.sizes]
    own = _errors(measured, method, size or "0, given")
    return rows_saved(measured.sizes, base, own, measured.programs).as_dict() | {"largest": measured.sizes[-1]}


def _start(measured: Measured, method: str, rows: int) -> dict[str, Any]:
    return geometric(mean_log(measured.start_errors(method, rows)), measured.programs).as_dict()


# --- The bars ---

LEVEL_BARS = {
    "generated": (0.0016, 0.035, 0.045),
    "harvested": (0.0011, 0.05, 0.09),
    "library": (0.0018, 0.1, 0.14),
}
"""At most, at -O1, at -O0 with the outputs' scale given, at -O0."""
PARROT_BAR = 0.03
RATIO_BARS = {
    ("generated", False): {"0, given": 25.0, "8": 12.0, "32": 4.0, "512": 2.5},
    ("generated", True): {"8": 15.0, "32": 5.0},
    ("harvested", False): {"8": 8.0, "32": 3.0},
}
"""At least, by suite and whether towers read taps: how many times random's error is that of a compiled start."""
EPOCHS_BAR = 7.3
TEXT_BARS = {4: 3.0, 8: 2.0, 32: 1.25}
"""At least, by rows: how many times the error is that a start has which reads these alone."""
WRONG_BAR = 20.0


def bars(
    config: ProtocolConfig, levels: dict[str, Any] | None, measured: Measured | None, tables: dict[str, Any]
) -> list[dict[str, Any]]:
    """A row a bar that these figures decide: what, the bar, what was measured, whether it is met."""
    rows = [] if levels is None else list(_level_bars(config, levels))
    if measured is not None:
        rows += _protocol_bars(config, measured, tables)
    return rows


def _level_bars(config: ProtocolConfig, levels: dict[str, Any]) -> Iterator[dict[str, Any]]:
    everything = levels["table"][0]
    if config.suite == "parrot":
        for kernel, errors in levels["programs"].items():
            yield _bar(f"1: -O1, {kernel}", "at most", PARROT_BAR, {"value": errors["-O1"]})
        return
    for level, bar in zip(("-O1", "-O0, scale given", "-O0"), LEVEL_BARS[config.suite], strict=True):
        yield _bar(f"1: {level}, geometric mean", "at most", bar, {"value": everything[level]["geo"]})


def _protocol_bars(config: ProtocolConfig, measured: Measured, tables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    ratios = tables["ratios"]
    for method in (m for m in OURS if m in measured.methods):
        for column, bar in RATIO_BARS.get((config.suite, config.taps), {}).items():
            if column in ratios[method]:
                yield _bar(f"2: random ÷ {method}, n = {column}", "at least", bar, ratios[method][column])
        lowest = min(cell["low"] for cell in ratios[method].values())
        yield _bar(f"2: the lowest lower bound of {method}", "above", 1.0, {"value": lowest})
        yield _bar(f"3: epochs of random ÷ {method}", "at least", EPOCHS_BAR, tables["training_time"][method]["all"])
        for other in (o for o in (ROWS_ONLY, WRONG_TEXT_AND_ROWS) if o in measured.methods):
            for rows, bar in TEXT_BARS.items():
                errors = {name: measured.start_errors(name, rows) for name in (other, method)}
                found = ratio(errors[other], errors[method], measured.programs).as_dict()
                least = bar if other == ROWS_ONLY else WRONG_BAR
                yield _bar(f"4: {other} ÷ {method}, {rows} rows, no fine-tuning", "at least", least, found)


def _bar(what: str, relation: str, bar: float, found: dict[str, Any]) -> dict[str, Any]:
    value = found["value"]
    met = {"at most": value <= bar, "at least": value >= bar, "above": value > bar}[relation]
    interval: dict[str, Any] = {k: found[k] for k in ("low", "high") if k in found}
    return {"what": what, "relation": relation, "bar": bar, "value": value, **interval, "met": met}


# --- Markdown ---


def markdown(document: dict[str, Any], plots: Sequence[str]) -> str:
    return "\n".join([*_head(document), *_bars_section(document), *_sections(document, plots)]) + "\n"


def _head(d: dict[str, Any]) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in d["versions"].items())
    yield f"# Evaluation: {d['suite']}"
    yield ""
    yield f"`{d['command']}`, {versions}; hypernetwork weights {d['compiler'][:12]}; {d['machine']}."
    yield (
        f"{d['programs']} programs with {d['results']} results; seeds {d['seed']} to {d['seed'] + d['seeds'] - 1}."
        f" Left out, as too few rows end well or none differ: {len(d['left_out'])}."
    )
    if taps := d.get("taps"):
        yield (
            f"Every tower reads taps beside the arguments: {taps['results']} results have any. In the mean a result has"
            f" {taps['number']:.1f}, which compute {taps['operators']:.1f} operators; it has {taps['of']:.1f} itself."
        )
        yield f"Starts that read no taps are left out: {', '.join(taps['without'])}, those learned across programs."
    if wide := d.get("wide"):
        yield f"The compiler's levels have {wide} further results, of programs of more than {ARGUMENTS} arguments."
    yield "nMSE is the mean squared error on fresh rows over the variance of the true outputs. Means are geometric,"
    yield "intervals are 95 % (bootstrap over programs). docs/evaluation.md says how it is measured."


def _bars_section(d: dict[str, Any]) -> Iterator[str]:
    yield from ("", "## Bars", "", "| | bar | measured | |", "|---|---|---|---|")
    for b in d["bars"]:
        yield f"| {b['what']} | {b['relation']} {b['bar']:g} | {_cell(b)} | {'met' if b['met'] else 'missed'} |"


def _sections(d: dict[str, Any], plots: Sequence[str]) -> Iterator[str]:
    if "table" in d:
        yield from ("", "## A compile, without fine-tuning of our own", "", *level_table(d["table"]))
    if "programs_table" in d:
        yield from ("", *_program_table(d["programs_table"]))
    if "errors" not in d:
        return
    yield from ("", *(f"![{name}]({name})" for name in plots))
    sections = {
        "ratios": (
            "Test error of random ÷ test error, same rows, both fine-tuned",
            lambda c: f"{_cell(c)}, {c['wins']:.0%}",
        ),
        "errors": ("Test nMSE after fine-tuning on n rows", _cell),
        "starts": ("Test nMSE of the starts, which read K rows and are not fine-tuned", _cell),
        "training_time": (
            "Epochs to the error that random ends with: random's ÷ own, and the share that reaches it",
            lambda c: f"{_cell(c)}, {c['reached']:.0%}",
        ),
        "rows_saved": ("Rows that random needs for the error that is reached with n rows", _rows_cell),
        "choices": ("Optimiser and strength, chosen on the validation programs", _chosen_cell),
    }
    for name, (title, cell) in sections.items():
        yield from ("", f"## {title}", "", *_starts_table(d[name], cell))


def _starts_table(table: Table, cell: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    columns = list(next(iter(table.values())))
    return table_lines(["start", *columns], ([m, *(cell(cells[c]) for c in columns)] for m, cells in table.items()))


def _cell(c: dict[str, Any]) -> str:
    return _figure(c["value"]) + (f" ({_figure(c['low'])} to {_figure(c['high'])})" if "low" in c else "")


def _rows_cell(c: dict[str, Any]) -> str:
    """What the largest size does not reach is a bound."""
    shown = [
        f"≥ {c['largest']}" if c[k] >= c["largest"] * (1 - 1e-9) else f"{c[k]:.0f}" for k in ("value", "low", "high")
    ]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def _chosen_cell(c: dict[str, Any]) -> str:
    return f"{c['optimiser']} {c['strength']:g}" if c["strength"] else c["optimiser"]


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 0.095 else f"{value:.2f}"


def level_table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Classes of programs by what they hold, and the errors of a compile at each level."""
    columns = [c for c in rows[0] if c not in ("class", "programs")]

    def cell(errors: dict[str, float] | None) -> str:
        return f"{_figure(errors['geo'])}, {_figure(errors['median'])}" if errors else "–"

    header = ["results", "number", *(f"{c}: mean, median" for c in columns)]
    return table_lines(header, ([r["class"], str(r["programs"]), *(cell(r[c]) for c in columns)] for r in rows))


def _program_table(programs: dict[str, dict[str, float]]) -> Iterator[str]:
    columns = list(next(iter(programs.values())))
    rows = ([name, *(_figure(errors[c]) for c in columns)] for name, errors in programs.items())
    return table_lines(["program, mean of its results", *columns], rows)


# --- Plots ---


def error_plot(document: dict[str, Any]) -> Figure:
    """Test error over the number of rows, a line a start; intervals of three."""
    figure, axes = _line_plot(document["errors"])
    axes.set(ylabel="test nMSE, geometric mean")
    return figure


def ratio_plot(document: dict[str, Any]) -> Figure:
    """How many times smaller the error is than random's, over the number of rows."""
    figure, axes = _line_plot(document["ratios"])
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set(ylabel="test error: random ÷ start")
    return figure


def _line_plot(table: Table) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    axes = figure.subplots()
    _lines(axes, table, skip="0, predicted")
    axes.set(xlabel="rows", yscale="log")
    return figure, axes


def _lines(axes: Axes, table: Table, skip: str) -> None:
    styles = ("-", "--", ":")
    for i, (method, cells) in enumerate(table.items()):
        columns = [c for c in cells if c != skip]
        middle, low, high = (np.array([cells[c][k] for c in columns]) for k in ("value", "low", "high"))
        places = range(len(columns))
        [line] = axes.plot(places, middle, styles[i // 10], marker="o", markersize=3, color=f"C{i % 10}", label=method)
        if method in (BASELINE, *OURS):
            axes.fill_between(places, low, high, color=line.get_color(), alpha=0.12, linewidth=0)
    axes.set_xticks(range(len(columns)), ["0" if c == "0, given" else c for c in columns])
    axes.grid(alpha=0.3)
    axes.figure.legend(loc="outside right upper", frameon=False)


def write(document: dict[str, Any], output: Path) -> str:
    """Write OUTPUT.json, OUTPUT.md and, of fine-tuned starts, OUTPUT_errors and OUTPUT_ratios as PNG and SVG.

    Returns the page. Raises OSError.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    plots = {"errors": error_plot, "ratios": ratio_plot} if "errors" in document else {}
    page = markdown(document, [f"{output.name}_{name}.png" for name in plots])
    for name, plot in plots.items():
        for file_format in ("png", "svg"):
            path = output.with_name(f"{output.name}_{name}.{file_format}")
            replace_file(path, image(plot(document), file_format))
    replace_json(output.with_name(f"{output.name}.json"), document)
    replace_file(output.with_name(f"{output.name}.md"), page.encode())
    return page
