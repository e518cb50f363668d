"""Two harvests of the same trees beside each other, as a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cprograms.diagnostics import UsageError
from cprograms.harvest.funnel import FORM_STAGES, FORMS

_STAGES = (
    ("functions: found", "functions found"),
    ("function: found", "looked at: scalar, or with arithmetic enough"),
    ("function: numeric", "in the numeric subset, with what it needs"),
    ("function: run: kept", "that run, are deterministic, finite and vary"),
    ("function: distinct", "distinct"),
)
_NUMERIC, _RUN = ("function: not numeric: ", "function: not linked: "), ("function: run: ",)
_MOST = 16
Row = tuple[str | int, ...]
"""A label and numbers."""


@dataclass(frozen=True)
class Saved:
    """The report that a harvest saved."""

    name: str
    counts: Counter[str]
    packages: dict[str, dict[str, int]]
    seconds: float

    @classmethod
    def of(cls, name: str, folder: Path) -> Saved:
        """Raises UsageError where there is none."""
        path = folder / "funnel.json"
        try:
            saved: dict[str, Any] = json.loads(path.read_bytes())
            packages = {package: saved["programs"].get(package, {}) for package in saved["packages"]}
            return cls(name, Counter(saved["counts"]), packages, sum(saved["seconds"].values()))
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path} is no report of a harvest") from error


def page(harvests: Sequence[Saved], command: str) -> str:
    """Whole functions by stage, form, reason and package. The forms are those of the last harvest.

    Raises UsageError where the harvests are not of the same trees.
    """
    if len({(*h.packages, h.counts["files: found"]) for h in harvests}) > 1:
        raise UsageError("these are harvests of different trees")
    return "\n".join(_lines(harvests, command)) + "\n"


def _lines(harvests: Sequence[Saved], command: str) -> Iterator[str]:
    last, names = harvests[-1], [h.name for h in harvests]
    yield "# What a harvest gives: whole functions"
    yield ""
    yield from ("```console", f"$ {command}", "```", "")
    yield f"Trees: {', '.join(last.packages)}; {last.counts['files: found']:,} `.c` and `.h` files."
    yield ""
    rows: list[Row] = [(label, *(h.counts[stage] for h in harvests)) for stage, label in _STAGES]
    yield from _table(["", *names], [*rows, ("CPU seconds", *(round(h.seconds) for h in harvests))])
    yield f"By what they work on ({last.name}). A function counts once, at the rightmost that it has;"
    yield "state is globals and static locals that change."
    yield ""
    forms: list[Row] = [(label, *(last.counts[f"{f}: {s}"] for f in FORMS)) for s, label in FORM_STAGES]
    yield from _table(["", *FORMS], forms)
    yield "## Why functions are not numeric"
    yield ""
    yield from _reasons(harvests, _NUMERIC)
    yield "## Why numeric functions are not kept"
    yield ""
    yield from _reasons(harvests, _RUN)
    yield "## Distinct functions by package"
    yield ""
    packages: list[Row] = [(p, *(h.packages[p].get("function", 0) for h in harvests)) for p in last.packages]
    yield from _table(["", *names], packages)


def _reasons(harvests: Sequence[Saved], prefixes: tuple[str, ...]) -> Iterator[str]:
    """The commonest reasons, with the rest in one line."""
    found = {reason for h in harvests for reason in h.counts if reason.startswith(prefixes)} - {"function: run: kept"}
    ranked = sorted(found, key=lambda reason: (-max(h.counts[reason] for h in reversed(harvests)), reason))
    rows: list[Row] = [
        (reason.removeprefix("function: "), *(h.counts[reason] for h in harvests)) for reason in ranked[:_MOST]
    ]
    if rest := ranked[_MOST:]:
        rows.append((f"{len(rest)} further reasons", *(sum(h.counts[reason] for reason in rest) for h in harvests)))
    return _table(["", *(h.name for h in harvests)], rows)


def _table(heading: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield "|---|" + "---:|" * (len(heading) - 1)
    for first, *numbers in rows:
        yield f"| {first} | {' | '.join(f'{n:,}' for n in numbers)} |"
    yield ""
