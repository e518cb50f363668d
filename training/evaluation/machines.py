"""One table of everything here that runs or learns programs on a tape: what each saw, took, and came to.

All but one read the results that their own experiments wrote; what none of them measured stays empty. Compiling is
cheap, and measured here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib.figure import Figure

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from surrogate.anc.pipeline import compile_anc
from training.markdown import table_lines
from training.plots import image

LIBRARY = Path(__file__).resolve().parents[2] / "cprograms" / "library" / "anc"
EASY = ("access", "increment", "copy", "reverse", "swap")
TASKS = (*EASY, "permutation", "listk", "list_search", "merge", "walk_bst", "addition", "sort", "maximum")
UNKNOWN = "not measured"
CHECKED = 100
"""Random tapes that a compiled program is checked on."""


@dataclass(frozen=True)
class Row:
    """What a machine came to on a task; None where it was not measured.

    `seen` is what it learned from, `seconds` are of one seed, `exact` of `seeds` are right on every test,
    `generalises` says on what beyond what it was trained on, and `size` what was learned.
    """

    task: str
    machine: str
    seen: str | None = None
    seconds: float | None = None
    exact: int | None = None
    seeds: int | None = None
    generalises: str | None = None
    size: str | None = None


def compiled(results: Path) -> Iterator[Row]:
    """Programs of the library, compiled here."""
    for task in TASKS:
        path = LIBRARY / f"{task}.c"
        began = time.perf_counter()
        program = compile_anc(path)
        seconds = time.perf_counter() - began
        report = program.check(CHECKED)
        exact = int(report.passed)
        lines = f"{len(program.program)} lines"
        yield Row(task, "compiled", "the C code", round(seconds, 2), exact, 1, "every tape of its memory", lines)


def adapted(results: Path) -> Iterator[Row]:
    """Programs that were made faster on a biased distribution: the search, from the published program."""
    for row in _read(results, "anc_adaptation", []):
        if row["method"] == "hybrid" and row["settings"] is None:
            exact, seeds = round(row["success_rate"] * row["seeds"]), row["seeds"]
            steps = f"{row['iterations_before']:.1f} steps become {row['iterations_after']:.1f}"
            seen = "a program, and tapes of the bias"
            seconds = round(row["seconds"] / seeds, 1)
            yield Row(row["task"], "adapted", seen, seconds, exact, seeds, "fresh tapes of the bias", steps)


def neural_ram(results: Path) -> Iterator[Row]:
    """Controllers that wire modules, learned by descent."""
    return _neural_ram(results, "NRAM", "descent", "weights")


def neural_ram_search(results: Path) -> Iterator[Row]:
    """The same circuits, found by search."""
    return _neural_ram(results, "NRAM search", "search", "choices")


def _neural_ram(results: Path, machine: str, method: str, parameters: str) -> Iterator[Row]:
    """Of sizes that were learned the largest; where there are several, `measure` takes the last."""
    rows = _read(results, "neural_ram", {"tasks": []})["tasks"]
    for row in sorted(rows, key=lambda row: int(row["size"])):
        if (row["method"], row["controller"]) == (method, "mlp"):
            twice = f"{row['exact_twice']} of {row['seeds']} seeds to twice {row['size']} cells"
            lines = row["least_lines"]
            size = f"{row['parameters']:,} {parameters}" + (f", or {lines} lines" if lines is not None else "")
            seconds, seen = round(row["processor_seconds"]), f"{row['tapes']:,} tapes"
            yield Row(row["task"], machine, seen, seconds, row["exact"], row["seeds"], twice, size)


def programmer_interpreter(results: Path) -> Iterator[Row]:
    """Recursive programs, learned from traces."""
    records = _read(results, "programmer_interpreter", {"records": []})["records"]
    own = [r for r in records if r["settings"]["version"] == "recursive" and not r["settings"].get("only")]
    for task in dict.fromkeys(r["settings"]["task"] for r in own):
        runs = [r for r in own if r["settings"]["task"] == task]
        held = sum(r["proof"]["holds"] for r in runs)
        seconds = fmean(sum(r["seconds"].values()) for r in runs)
        seen = f"{runs[0]['settings']['traces']:,} traces"
        proved = f"proved for every length in {held} of {len(runs)} seeds"
        yield Row(task, "NPI", seen, round(seconds), held, len(runs), proved, f"{runs[0]['learned']:,} weights")


def learning_to_execute(results: Path) -> Iterator[Row]:
    """An LSTM that reads and writes characters; what it copies it sees plain, or inverted, which is to reverse it."""
    records = _read(results, "learning_to_execute", {"records": []})["records"]
    for task, name in (("copy", "memorise plain"), ("reverse", "memorise inverted")):
        own = [r for r in records if r.get("task") == name]
        if own:
            said = ", ".join(f"{r['accuracy']:.0%} of {r['length']}" for r in own)
            exact = sum(r["accuracy"] == 1 for r in own)
            seen, seconds = f"{own[0]['characters'] / 1e6:.1f} million characters", round(fmean(_seconds(own)))
            yield Row(task, "LSTM", seen, seconds, exact, len(own), f"characters right, by length: {said}", None)


def _seconds(records: Sequence[dict[str, Any]]) -> list[float]:
    return [r["seconds"] for r in records]


def sketch(results: Path) -> Iterator[Row]:
    """The sum of two digits in pictures: a program and what reads the digits, learned together."""
    report = _read(results, "sketch_addition", {"tasks": []})
    tasks = report["tasks"]
    if not tasks:
        return
    exact = sum(bool(t["exact"]) for t in tasks)
    worst = min(t["accuracy"] for t in tasks)
    seconds, seen = round(fmean(_seconds(tasks))), f"{report['grids']:,} grids of pictures"
    generalises = f"the program exactly; with what it reads, {worst:.0%} of fresh grids or more"
    yield Row("addition", "sketch", seen, seconds, exact, len(tasks), generalises, "4 lines and a network")


MACHINES: dict[str, Callable[[Path], Iterator[Row]]] = {
    "compiled": compiled,
    "adapted": adapted,
    "NRAM": neural_ram,
    "NRAM search": neural_ram_search,
    "NPI": programmer_interpreter,
    "LSTM": learning_to_execute,
    "sketch": sketch,
}
"""What each machine's rows are read from, or measured by."""


def measure(results: Path) -> list[Row]:
    """A row for each task and machine. Raises UsageError where a result is damaged."""
    found: dict[tuple[str, str], Row] = {}
    for name, rows in MACHINES.items():
        try:
            found |= {(row.task, row.machine): row for row in rows(results)}
        except (KeyError, TypeError, ZeroDivisionError, AttributeError) as e:
            raise UsageError(f"{results}: the results of '{name}' do not say {e}") from e
    return [found.get((task, machine), Row(task, machine)) for task in TASKS for machine in MACHINES]


def write(results: Path, command: str) -> None:
    """Write machines.json, machines.md and machines.svg to a folder of results."""
    rows = measure(results)
    document = {"command": command, "rows": [asdict(row) for row in rows]}
    replace_json(results / "machines.json", document)
    replace_file(results / "machines.svg", image(picture(rows), "svg"))
    replace_file(results / "machines.md", page(rows, command).encode())


def page(rows: Sequence[Row], command: str) -> str:
    header = ["task", *MACHINES]
    matrix = [[task, *(_exact(row) for row in rows if row.task == task)] for task in TASKS]
    measured = [row for row in rows if row.seen is not None]
    details = ("task", "machine", "seen", "seconds", "exact", "generalises", "what was learned")
    lines = [
        "# Machines on the same tasks",
        "",
        f"Made by `{command}`.",
        "Compiling is measured here. Everything else is read from the results beside this page.",
        "",
        "- *compiled*: the library's C program as matrices of the [ANC machine](../anc.md), checked on random tapes.",
        "- *adapted*: such a program made faster on a biased distribution, by the search. [Table](anc_adaptation.md).",
        "- *NRAM*: a controller that wires modules, learned from tapes before and after. [Table](neural_ram.md).",
        "- *NRAM search*: the same circuits found without a network, by a search.",
        "- *NPI*: a network that calls programs, learned from [traces of a C program](../npi.md).",
        "- *LSTM*: a network that reads and writes characters. [Page](../learning_to_execute.md).",
        "- *sketch*: a program with parts that are learned. [Guide](../sketch.md).",
        "",
        "Tasks of one name are alike, not the same: each machine has the layouts, sizes and tests of its own page.",
        "",
        "## Exact seeds",
        "",
        "Seeds that are right on every test, of all; of the LSTM lengths, of the sketch places of the digits.",
        "",
        *table_lines(header, matrix),
        "",
        "![Exact seeds of each machine on each task](machines.svg)",
        "",
        "## What it took",
        "",
        "Seconds are of one seed, on machines that other work used too: they tell orders of magnitude apart.",
        "What compiling asks of the C compiler may be in a cache.",
        f"Where nothing is known stands *{UNKNOWN}*.",
        "",
        *table_lines(details, map(_details, measured)),
    ]
    return "\n".join(lines) + "\n"


def _exact(row: Row) -> str:
    return UNKNOWN if row.exact is None else f"{row.exact} of {row.seeds}"


def _details(row: Row) -> list[str]:
    seconds = UNKNOWN if row.seconds is None else f"{row.seconds:,}"
    told = [row.seen, seconds, _exact(row), row.generalises, row.size]
    return [row.task, row.machine, *(UNKNOWN if cell is None else cell for cell in told)]


def picture(rows: Sequence[Row]) -> Figure:
    """Tasks by machines: the greener, the more seeds are exact; what was not measured is grey."""
    figure = Figure(figsize=(1.15 * len(MACHINES) + 1.2, 0.36 * len(TASKS) + 0.9), layout="constrained")
    axes = figure.subplots()
    shares = [[_share(row) for row in rows if row.task == task] for task in TASKS]
    axes.imshow(shares, cmap="RdYlGn", vmin=-0.3, vmax=1.3, aspect="auto")
    axes.set_facecolor("0.92")  # what was not measured is not drawn
    for row in rows:
        if row.exact is not None:
            place = list(MACHINES).index(row.machine), TASKS.index(row.task)
            axes.text(*place, f"{row.exact}/{row.seeds}", ha="center", va="center")
    axes.set_xticks(range(len(MACHINES)), list(MACHINES))
    axes.set_yticks(range(len(TASKS)), TASKS)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    return figure


def _share(row: Row) -> float:
    return float("nan") if row.exact is None or not row.seeds else row.exact / row.seeds


def _read(results: Path, name: str, empty: Any) -> Any:
    """A result's document; an empty one where it was not made. Raises UsageError where it is damaged."""
    path = results / f"{name}.json"
    if not path.exists():
        return empty
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise UsageError(f"{path}: damaged ({e})") from e
