"""The page of a measurement, and lists of what was refused and what went wrong, to look at."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from training.evaluation.foreign_c.checking import (
    DIFFERS,
    EQUAL,
    EXACT,
    LIBRARY,
    LOOPS,
    NOTHING,
    OPAQUE,
    ROUNDED,
    Checked,
)
from training.evaluation.foreign_c.inspection import Function
from training.evaluation.foreign_c.measure import Measured
from training.evaluation.foreign_c.pace import Pace
from training.evaluation.foreign_c.reasons import EXTENT, kind_of
from training.evaluation.foreign_c.repositories import HELD_OUT, STUDIED
from training.markdown import table_lines

EXAMPLES = 60
"""Refusals of a kind that are listed."""
_TITLES = {STUDIED: "The repositories that were looked at", HELD_OUT: "The repositories that were not looked at"}
_OPENING = """\
How many functions of public numeric C are accepted as programs, why the others are not, and whether the sandbox and
the graph give what gcc's code gives. A function counts where its file defines it; it is read in its file alone, with
the folders of includes and the macros that the list names. It is accepted where `surrogate.describe` has no diagnostic
for it, without a pragma or an option: so one that needs an extent is refused until one is given.

The list of files is `training/evaluation/foreign_c/repositories.yaml`: check out each repository at its commit as a
folder `owner+name` of SOURCES. Nothing of their text is kept here."""


def page(sets: Mapping[str, Sequence[Measured]], command: str, paced: Pace | None) -> str:
    """The whole page; `command` is how it was made."""
    lines = ["# C of others", "", _OPENING, "", "```console", f"$ {command}", "```"]
    for name, files in sets.items():
        lines += ["", f"## {_TITLES.get(name, name)}", "", *_section(files)]
    if paced is not None:
        lines += ["", "## Time", "", _pace_line(paced)]
    return "\n".join(map(_wrapped, lines)) + "\n"


def _wrapped(line: str) -> str:
    """Prose in lines of 120 columns at most; tables and commands as they are."""
    return line if line.startswith(("|", "$")) or "\n" in line else textwrap.fill(line, 120)


def summary(sets: Mapping[str, Sequence[Measured]]) -> str:
    """A line a set."""
    return "\n".join(f"{name}: {_accepted_line(files)}" for name, files in sets.items())


def _section(files: Sequence[Measured]) -> Iterator[str]:
    yield _accepted_line(files)
    yield from ("", "### Refusals", "")
    yield "In how many functions a kind of refusal is the first, one of several, the only one."
    yield ""
    yield from table_lines(("refusal", "first", "any", "only"), funnel(functions_of(files)), 3)
    yield from ("", "### Repositories", "")
    yield from table_lines(("repository", "files", "functions", "accepted", "share"), _repositories(files), 4)
    checked = [c for file in files for c in file.checked]
    if checked:
        yield from ("", "### Ground truth and graphs", "")
        yield from _checks(checked)


def functions_of(files: Iterable[Measured]) -> list[Function]:
    return [function for file in files for function in file.inspected.functions]


def _accepted_line(files: Sequence[Measured]) -> str:
    functions = functions_of(files)
    accepted = sum(f.accepted for f in functions)
    extent = sum({*map(kind_of, f.refusals)} == {EXTENT} for f in functions)
    crashed = sum(bool(f.inspected.crash) for f in files)
    return (
        f"{len(functions):,} functions in {len(files):,} files,"
        f" {accepted:,} accepted ({_share(accepted, functions)});\n"
        f"{extent:,} more ({_share(extent, functions)}) once extents are given; the front end broke down over"
        f" {crashed} files."
    )


def _share(count: int, of: Sequence[object]) -> str:
    return f"{100 * count / len(of):.1f} %" if of else "–"


def funnel(functions: Iterable[Function]) -> list[list[str]]:
    """Kind, and the functions in which it is the first refusal, one of them, the only kind; the commonest first."""
    first: Counter[str] = Counter()
    present: Counter[str] = Counter()
    only: Counter[str] = Counter()
    for function in functions:
        kinds = list(dict.fromkeys(map(kind_of, function.refusals)))
        first.update(kinds[:1])
        present.update(kinds)
        only.update(kinds if len(kinds) == 1 else ())
    ordered = sorted(present, key=lambda kind: (-present[kind], kind))
    return [[kind, f"{first[kind]:,}", f"{present[kind]:,}", f"{only[kind]:,}"] for kind in ordered]


def _repositories(files: Sequence[Measured]) -> Iterator[list[str]]:
    for name in dict.fromkeys(f.inspected.file.repository for f in files):
        own = [f for f in files if f.inspected.file.repository == name]
        functions = functions_of(own)
        accepted = sum(f.accepted for f in functions)
        yield [name, f"{len(own):,}", f"{len(functions):,}", f"{accepted:,}", _share(accepted, functions)]


def _checks(checked: Sequence[Checked]) -> Iterator[str]:
    ran = [c for c in checked if c.statuses]
    statuses: Counter[str] = Counter()
    for c in ran:
        statuses.update(c.statuses)
    rows = sum(statuses.values())
    trapped = ", ".join(f"{name.lower()} {n:,}" for name, n in statuses.most_common() if name != "OK")
    yield (
        f"{len(checked):,} accepted functions, {rows:,} rows of their default domains. In the sandbox"
        f" {statuses['OK']:,} rows end well; the others are left out ({trapped or 'none'}). Of"
        f" {sum(c.native == NOTHING for c in ran):,} functions no row is left."
    )
    yield ""
    natives = Counter(c.native for c in ran)
    compared = natives[EQUAL] + natives[LIBRARY] + natives[ROUNDED] + natives[DIFFERS]
    yield (
        f"gcc's code is compared for {compared:,} functions. With the system's C library"
        f" {natives[DIFFERS] + natives[LIBRARY]:,} differ beyond 1e-6, nearly all in the last digits of a library"
        f" function that a cancellation magnifies: with the sandbox's own C library {natives[DIFFERS]:,} do."
        f" {natives[ROUNDED]:,} differ by rounding alone (beyond 1e-6 of the number, within 1e-6 of the result's"
        f" largest)."
        f" {sum(c.keeps for c in ran):,} of all have something that could live on from call to call."
    )
    yield ""
    yield from table_lines(("beside gcc", "functions"), [[k, f"{n:,}"] for k, n in natives.most_common()], 1)
    yield ""
    graphs = Counter(c.graph for c in ran)
    evaluated = Counter(c.evaluated for c in ran if c.evaluated)
    yield (
        f"Without `opaque` nodes: {graphs[EXACT] + graphs[LOOPS]:,} of {len(ran):,} graphs"
        f" ({_share(graphs[EXACT] + graphs[LOOPS], ran)}); exact, without loops either: {graphs[EXACT]:,}; opaque:"
        f" {graphs[OPAQUE]:,}. Evaluated in numpy beside the sandbox: {sum(evaluated.values()):,},"
        f" of which {evaluated[DIFFERS]:,} differ and {evaluated[ROUNDED]:,} do by rounding."
    )
    if broken := sum(bool(c.crash) for c in checked):
        yield ""
        yield f"The program broke down over {broken:,} functions."


def _pace_line(paced: Pace) -> str:
    return (
        f"The inspection of {paced.files:,} files takes {paced.seconds:.1f} s of processor time, against"
        f" {paced.before_seconds:.1f} s of the version that it was compared with, file by file in turn:"
        f" a ratio of {paced.ratio:.2f}. That version accepts {paced.before_accepted:,} functions, this one"
        f" {paced.accepted:,}."
    )


def write_examples(files: Sequence[Measured], folder: Path) -> None:
    """A file for each kind of refusal with places and messages, and `faults.txt` with what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.txt"):
        old.unlink()
    lists: dict[str, list[str]] = {}
    for file in files:
        for function in file.inspected.functions:
            kinds = {kind_of(r): r for r in reversed(function.refusals)}
            for kind, refusal in kinds.items():
                mark = "only: " if len(kinds) == 1 else ""
                line = f"{mark}{function.name}: {refusal.place}: {refusal.message}"
                lists.setdefault(kind, []).append(f"{line} [{refusal.hint}]" if refusal.hint else line)
    for kind, lines in lists.items():
        # Those that nothing else keeps out come first; of the others some from all over.
        ordered = sorted(lines, key=lambda line: not line.startswith("only: "))
        step = max(1, len(ordered) // EXAMPLES)
        name = re.sub(r"\W+", "_", kind).strip("_")[:60]
        (folder / f"{name}.txt").write_text("\n".join([f"{len(lines)} functions", *ordered[::step]]) + "\n")
    (folder / "faults.txt").write_text("\n".join(_faults(files)) + "\n")


def _faults(files: Sequence[Measured]) -> Iterator[str]:
    for file in files:
        if file.inspected.crash:
            yield f"{file.inspected.file.path}: {file.inspected.crash}"
        for c in file.checked:
            for fault in (*c.faults, *([c.crash] if c.crash else [])):
                mark = " (long double)" if c.long_double else ""
                yield f"{file.inspected.file.path}: {c.signature}{mark} [{c.native}; {c.graph}]: {fault}"
