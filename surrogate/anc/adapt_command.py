"""The command that adapts a program of the register machine to the tapes that it gets."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar

from surrogate.anc.adaptation.adapt import Adaptation
from surrogate.anc.adaptation.outcome import Progress
from surrogate.anc.artifact import FILES
from surrogate.anc.machine.samples import read_samples
from surrogate.anc.program import AncProgram
from surrogate.console import OK, REJECTED, print_json, report, warn
from surrogate.container import ensure_free
from surrogate.starting import INTERRUPTED


def adapt(options: argparse.Namespace, program: AncProgram) -> int:
    started = time.perf_counter()
    output = Path(options.output or f"{_stem(options.artifact)}-adapted.anc")
    ensure_free(output, FILES)
    samples = None if options.samples is None else read_samples(options.samples, program.memory_size)
    with _progress_bar(f"{options.method} adaptation") as progress:
        found = program.adapt(
            samples,
            task=options.task,
            method=options.method,
            seeds=options.seeds,
            seed=options.seed,
            progress=progress,
        )
    if found.best is not None:
        found.best.save(output)
    seconds = time.perf_counter() - started
    if options.json:
        artifact = None if found.best is None else str(output)
        print_json({"artifact": artifact, "seconds": seconds, **found.as_dict()})
    else:
        _print_summary(options.artifact, output, found, seconds)
    if not found.finished:
        warn("interrupted; the best so far is kept" if found.best else "interrupted; nothing faster was found so far")
        return INTERRUPTED
    return OK if found.best is not None else REJECTED


def _stem(artifact: str) -> str:
    """The name of an artifact's directory, whatever the path calls it (`.`), without the suffix of the target."""
    return os.path.basename(os.path.abspath(artifact)).removesuffix(".anc")


def _print_summary(source: str, output: Path, found: Adaptation[AncProgram], seconds: float) -> None:
    lines = [f"{source} -> {output}" if found.best else f"{source}: no attempt is faster and right"]
    lines.append(f"  success   {len(found.successes)} of {len(found.attempts)} attempts ({found.method})")
    if found.best is not None:
        best = min(a.iterations for a in found.successes)
        lines.append(
            f"  speed     {found.generic:.4g} iterations before, {found.adapted:.4g} after, {best:.4g} at best"
        )
        kinds = ", ".join(f"{count} of type {kind}" for kind, count in found.kinds.items() if count)
        lines.append(f"  types     {kinds}; the best is of type {found.best.kind}")
    report(*lines, f"  time      {seconds:.1f} s")


@contextmanager
def _progress_bar(title: str) -> Iterator[Progress]:
    """On stderr, where that is a terminal."""
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        work = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(work, completed=done, total=total)
