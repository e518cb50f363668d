"""Inspects and checks every file of some repositories, in parallel; what is known of this version is not done again."""

from __future__ import annotations

import multiprocessing
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

import cprograms
from cprograms.cache import Cache, key
from cprograms.workers import die_with_parent
from training.evaluation.foreign_c.checking import Checked, as_json, check, from_json
from training.evaluation.foreign_c.inspection import Inspected, inspect
from training.evaluation.foreign_c.repositories import ForeignFile

GROUP = 60
"""Accepted functions, and a file's more, that are checked together."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Measured:
    """A file as it was inspected, and each function that was accepted as it was checked, if it was."""

    inspected: Inspected
    checked: tuple[Checked, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """How to measure: rows of each function (0: its acceptance alone), and what of earlier runs counts."""

    rows: int
    seed: int
    processes: int
    work: Path
    fresh: bool = False

    def measure(self, files: Sequence[ForeignFile]) -> list[Measured]:
        """Each file, in order. Raises UsageError where there is no gcc, OSError where `work` cannot be written."""
        inspected = self._inspected(files)
        if not self.rows:
            return [Measured(file) for file in inspected]
        return [Measured(f, tuple(c)) for f, c in zip(inspected, self._checked(inspected), strict=True)]

    @property
    def _cache(self) -> Cache:
        return Cache(self.work / "known")

    def _known(self, name: str) -> bytes | None:
        return None if self.fresh else self._cache.get(name)

    def _inspected(self, files: Sequence[ForeignFile]) -> list[Inspected]:
        names = [_name(file, "inspected") for file in files]
        known = {n: Inspected.from_json(text) for n in names if (text := self._known(n)) is not None}
        missing = [(n, f) for n, f in zip(names, files, strict=True) if n not in known]
        for (name, _), found in self._parallel("inspected", _inspect, missing):
            known[name] = found
            self._cache.put(name, found.as_json())
        return [known[name] for name in names]

    def _checked(self, files: Sequence[Inspected]) -> list[list[Checked]]:
        names = [_name(f.file, f"checked {self.rows} {self.seed}") for f in files]
        known = {n: from_json(text) for n in names if (text := self._known(n)) is not None}
        missing = [(n, f) for n, f in zip(names, files, strict=True) if n not in known]
        jobs = [([n for n, _ in group], [f for _, f in group], self.rows, self.seed) for group in _groups(missing)]
        for (group, *_), found in self._parallel("checked", _check, jobs):
            for name, checked in zip(group, found, strict=True):
                known[name] = checked
                self._cache.put(name, as_json(checked))
        return [known[name] for name in names]

    def _parallel(self, title: str, work: Callable[[T], R], jobs: Sequence[T]) -> Iterator[tuple[T, R]]:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.processes, context, die_with_parent) as pool:
            results = pool.map(work, jobs)
            console = Console(stderr=True)
            progress = track(results, title, len(jobs), console=console, disable=not sys.stderr.isatty())
            yield from zip(jobs, progress, strict=True)


def _inspect(job: tuple[str, ForeignFile]) -> Inspected:
    return inspect(job[1])


def _check(job: tuple[list[str], list[Inspected], int, int]) -> list[list[Checked]]:
    _, files, rows, seed = job
    return check(files, rows, seed)


def _groups(files: Sequence[tuple[str, Inspected]]) -> Iterator[list[tuple[str, Inspected]]]:
    group: list[tuple[str, Inspected]] = []
    size = 0
    for name, file in files:
        group.append((name, file))
        size += sum(f.accepted for f in file.functions)
        if size >= GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def sampled(files: Sequence[ForeignFile], most: int, seed: int) -> list[ForeignFile]:
    """So many files of all, at random, in their order."""
    chosen = set(random.Random(seed).sample(range(len(files)), min(most, len(files))))
    return [file for k, file in enumerate(files) if k in chosen]


def _name(file: ForeignFile, stage: str) -> str:
    """What is known of a file goes by its text, how it is read, and this program's own text."""
    text = Path(file.path).read_text(errors="replace")
    return key(stage, _version(), file.path, text, *file.include, "", *file.defines)


@cache
def _version() -> str:
    """A hash of all the code that a measurement depends on."""
    folders = (Path(cprograms.__file__).parent, Path(__file__).parent)
    paths = [p for folder in folders for p in sorted(folder.rglob("*")) if p.suffix in (".py", ".h")]
    return key(*(f"{path.name}\0{path.read_text()}" for path in paths))
