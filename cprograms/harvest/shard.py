"""One shard of a harvest: some files of one tree, from their text to records."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from cprograms.cache import write_atomically
from cprograms.corpus.format import Origin, Record, make_record, write_shard
from cprograms.corpus.tokens import canonical, digest
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.files import replace_file
from cprograms.frontend.loading import load_expanded
from cprograms.harvest.candidates import Candidate, candidates
from cprograms.harvest.funnel import form_of
from cprograms.harvest.includes import prepare
from cprograms.harvest.linking import Linker
from cprograms.harvest.reading import CFile, Reader, is_bare_header
from cprograms.harvest.sources import Tree
from cprograms.harvest.trial import BATCH, Kept, tried
from cprograms.program import Program

FILE_SECONDS = 120
"""Processor time after which a file is given up."""
_CRASHES = 2


@dataclass(frozen=True)
class ShardJob:
    """The files of a tree that make a shard. `work` is a folder for what shards share and what a restart needs."""

    name: str
    tree: Tree
    files: tuple[str, ...]
    work: Path
    rows: int
    outline: bool


class _TookTooLong(BaseException):
    """No Exception: what is wrong with one function is caught below, and goes on with the next one."""


def write_harvested_shard(path: Path, job: ShardJob) -> None:
    """Harvest some files into one parquet file, whole or not at all. Raises OSError.

    Of candidates that are the same but for names, the first is kept. A file that crashes this process twice, that
    raises anything or that takes too long is left out and counted.
    """
    counts: Counter[str] = Counter()
    times: Counter[str] = Counter()
    records = list(_records(path, job, counts, times))
    write_shard(path, records, counts)
    replace_file(path.with_suffix(".times.json"), json.dumps(times).encode())


def _records(path: Path, job: ShardJob, counts: Counter[str], times: Counter[str]) -> Iterator[Record]:
    with _timed(times, "headers"):
        headers = job.work / "headers" / job.name
        prepared = prepare(job.tree.root, headers)
    reader = Reader(job.tree.root, headers, prepared.identity, job.work / "preprocessed" / job.name)
    linker = Linker(reader.read, prepared.definitions)
    journal = _Journal(job.work / "journals" / f"{path.stem}.json")
    seen: set[str] = set()
    waiting: list[Candidate] = []
    licences: dict[str, str] = {}
    for file in job.files:
        if is_bare_header(job.tree.root / file):
            counts["files: headers without functions"] += 1
            continue
        if not journal.begin(file):
            counts["files: crashed the process"] += 1
            continue
        for candidate, licence in _of_file(reader, linker, job, file, counts, times):
            text = digest(canonical(candidate.program.text))
            if text in seen:
                counts[f"{candidate.kind}: the same text in this shard"] += 1
                continue
            seen.add(text)
            licences[candidate.file] = licence
            waiting.append(candidate)
        if len(waiting) >= BATCH:
            yield from _kept(waiting, job, licences, counts, times)
            waiting = []
    yield from _kept(waiting, job, licences, counts, times)
    journal.remove()


def _of_file(
    reader: Reader, linker: Linker, job: ShardJob, file: str, counts: Counter[str], times: Counter[str]
) -> list[tuple[Candidate, str]]:
    """The candidates of a file and its licence; none where anything goes wrong."""
    counted: Counter[str] = Counter()
    try:
        with _limit(FILE_SECONDS):
            with _timed(times, "read"):
                read = reader.read(file)
            counted[f"files: read {read.how}"] += 1
            with _timed(times, "candidates"):
                found = list(candidates(read, linker, job.outline, counted))
    except (ProgramError, UsageError):
        counts["files: not preprocessed"] += 1
    except _TookTooLong:
        counts[f"files: took more than {FILE_SECONDS} s"] += 1
    except (Exception, RecursionError) as error:  # whatever a hostile file does to the parser
        counts[f"files: broke the parser ({type(error).__name__})"] += 1
    else:
        counts.update(counted)
        times["files"] += 1
        return [(_relative(c, job.tree.root), _licence(job, file, read)) for c in found]
    return []


def _relative(candidate: Candidate, root: Path) -> Candidate:
    with suppress(ValueError):
        return replace(candidate, file=Path(candidate.file).resolve().relative_to(root.resolve()).as_posix())
    return candidate


def _licence(job: ShardJob, file: str, read: CFile) -> str:
    return job.tree.licences.of(file, read.text)


def _kept(
    waiting: Sequence[Candidate], job: ShardJob, licences: dict[str, str], counts: Counter[str], times: Counter[str]
) -> Iterator[Record]:
    with _timed(times, "run"):
        kept = tried(waiting, job.rows, counts)
    with _timed(times, "records"):
        for one in kept:
            record = _record(one, job, licences[one.candidate.file])
            if _loads(record, one.candidate.program):
                _count(one.candidate, "kept in this shard", counts)
                yield record
            else:
                counts[f"{one.candidate.kind}: not the same when loaded"] += 1


def _count(candidate: Candidate, stage: str, counts: Counter[str]) -> None:
    counts[f"{candidate.kind}: {stage}"] += 1
    if candidate.kind == "function":
        counts[f"{form_of(candidate.program)}: {stage}"] += 1


def _record(kept: Kept, job: ShardJob, licence: str) -> Record:
    candidate, ran = kept.candidate, kept.rows
    origin = Origin(candidate.kind, job.tree.package, candidate.file, candidate.line, candidate.function)
    return make_record(
        candidate.program, ran.x, ran.y, ran.status, origin, graph=ran.graph, behaviour=ran.behaviour, licence=licence
    )


def _loads(record: Record, program: Program) -> bool:
    """Whether `load` makes the same program of the record's text."""
    try:
        loaded = load_expanded(record.source)
    except (ProgramError, UsageError):
        return False
    arguments = tuple(replace(a, origin="inferred") for a in loaded.arguments)
    ours = (record.entry, record.arguments, record.results, program.parameters, program.returned, {*program.restored})
    theirs = (loaded.entry, arguments, loaded.results, loaded.parameters, loaded.returned, {*loaded.restored})
    return ours == theirs


class _Journal:
    """Notes which file is at work, so that one at which the process died twice is passed over the next time."""

    def __init__(self, path: Path):
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._begun: Counter[str] = Counter(json.loads(path.read_text()) if path.exists() else {})
        self._last = ""

    def begin(self, file: str) -> bool:
        """False for a file that is to be passed over."""
        if self._begun[file] >= _CRASHES:
            return False
        self._begun[file] += 1
        if self._last:
            del self._begun[self._last]
        self._last = file
        write_atomically(self._path, json.dumps(dict(self._begun)).encode())
        return True

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


@contextmanager
def _timed(times: Counter[str], stage: str) -> Iterator[None]:
    """Add the processor time that a block takes, that of the compiler's processes with it."""
    start = sum(os.times()[:4])
    try:
        yield
    finally:
        times[stage] += sum(os.times()[:4]) - start  # type: ignore[assignment]


@contextmanager
def _limit(seconds: int) -> Iterator[None]:
    """Raises _TookTooLong after so much processor time, where the system can tell."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _TookTooLong

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
