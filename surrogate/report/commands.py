"""`surrogate report`, of numeric programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from cprograms.names import counted
from surrogate.numeric.artifact import NumericArtifact
from surrogate.report.about import About
from surrogate.report.page import ensure_place, page, write_page
from surrogate.report.sections import data, lead, sections
from surrogate.report.study import Study, study
from surrogate.terminal.console import OK, print_json, report

ROWS = 2000


def report_numeric(options: argparse.Namespace, artifact: NumericArtifact, about: About, output: str) -> int:
    """Write the page of an artifact to `output`."""
    ensure_place(output)
    with _progress_bar() as told:
        found = study(artifact, ROWS if options.rows is None else options.rows, options.seed or 0, told)
    content = numeric_page(artifact, about, found, options.artifact)
    write_page(output, content)
    if options.json:
        print_json({"artifact": options.artifact, "page": output, "bytes": len(content), **_facts(artifact, found)})
        return OK
    named = _names(artifact, found)
    report(
        f"{options.artifact} -> {output}",
        f"  page      {len(content) / 1e6:.2f} MB; nothing else is needed to read it",
        f"  drawn     {', '.join(named['arguments'])} -> {', '.join(named['results'])}",
        *(f"  left out  {words}" for words in _left_out(artifact, found)),
        f"  rows      {found.report.rows:,} fresh ones, and {found.executed:,} for slices and maps",
    )
    return OK


def numeric_page(artifact: NumericArtifact, about: About, found: Study, path: str) -> bytes:
    """The page of what was studied; `path` is what its examples call the artifact."""
    parts = sections(artifact, about, found, path)
    return page(artifact.entry, lead(artifact, about, found), parts, data(artifact, found))


def _names(artifact: NumericArtifact, found: Study) -> dict[str, list[str]]:
    return {
        "arguments": [artifact.arguments[k].name for k in found.slices.arguments],
        "results": [artifact.results[k].name for k in found.results],
    }


def _left_out(artifact: NumericArtifact, found: Study) -> Iterator[str]:
    if left := len(artifact.arguments) - len(found.slices.arguments):
        yield f"{counted(left, 'argument that matters', 'arguments that matter')} less"
    if left := len(artifact.results) - len(found.results):
        yield f"{counted(left, 'result that errs', 'results that err')} less"


def _facts(artifact: NumericArtifact, found: Study) -> dict[str, Any]:
    mapped = [] if found.maps is None else [artifact.arguments[k].name for k in found.maps.arguments]
    return {
        "drawn": _names(artifact, found) | {"mapped": mapped},
        "effects": dict(zip((a.name for a in artifact.arguments), found.effects.tolist(), strict=True)),
        "executed": found.executed,
        "unfinished": found.unfinished,
        "measured": found.report.as_dict(),
    }


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    """On stderr, where that is a terminal, from when the first rows are done: how many they are."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    work = bar.add_task("running the program", total=None)

    def told(done: int, total: int) -> None:
        bar.start()
        bar.update(work, completed=done, total=total)

    try:
        yield told
    finally:
        bar.stop()
