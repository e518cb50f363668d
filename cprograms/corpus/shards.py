"""Making a folder of shards, in processes or as Ray tasks: whatever interrupts, the same call goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.progress import Progress

from cprograms.corpus.format import shard_counts
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from cprograms.workers import begin_quietly

ShardFunction = Callable[..., None]
"""Called with a shard's path and the arguments of its job; must write that file whole or not at all."""
ShardArguments = tuple[Any, ...]
_ATTEMPTS = 3
"""Times that lost workers are replaced without any shard being made in between."""


@dataclass
class ShardReport:
    """What became of the shards of a run; `counts` sums what was counted in all that are there."""

    made: int = 0
    present: int = 0
    lost_workers: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {
            "made": self.made,
            "present": self.present,
            "lost_workers": self.lost_workers,
            "failures": self.failures,
            "counts": dict(sorted(self.counts.items())),
        }


def make_shards(
    function: ShardFunction,
    jobs: Mapping[Path, ShardArguments],
    settings: Mapping[str, Any],
    *,
    processes: int = 1,
    ray_address: str | None = None,
) -> ShardReport:
    """Make the shards of one folder that are not there yet; `jobs` gives the function's arguments by shard.

    A shard whose function raises is reported and left out; a worker that dies is replaced. `settings` are what the
    content of the folder depends on. `ray_address` is a cluster's ("local" starts one here, "auto" finds one), whose
    machines must see the folder under the same path.

    Raises UsageError where the folder holds shards of other settings, another run is writing to it, or Ray is missing.
    """
    folder = next(iter(jobs)).parent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            _check_settings(folder / "settings.json", settings)
            for leftover in folder.glob(".*.parquet.*"):  # of writers that were killed
                leftover.unlink()
            report = ShardReport(present=sum(path.exists() for path in jobs))
            todo = {path: job for path, job in jobs.items() if not path.exists()}
            with Progress() as bar:
                task = bar.add_task(folder.name, total=len(jobs), completed=report.present)
                run = _in_processes if ray_address is None else _on_ray
                for path, error in run(function, todo, processes, ray_address, report):
                    report.made += error is None
                    if error is not None:
                        report.failures[path.name] = error
                    bar.advance(task)
    except Timeout:
        raise UsageError(f"another run is writing to {folder}") from None
    for path in jobs:
        if path.exists():
            report.counts.update(shard_counts(path))
    return report


_Outcome = tuple[Path, str | None]


def _check_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """The first run notes its settings; later ones must have the same."""
    text = json.dumps(dict(settings), indent=1, sort_keys=True) + "\n"
    if not path.exists():
        replace_file(path, text.encode())
    elif (noted := path.read_text()) != text:
        before, now = json.loads(noted), json.loads(text)
        changed = sorted(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
        raise UsageError(
            f"{path.parent} holds shards of other settings ({', '.join(changed)}): see {path}, or give another folder"
        )


def _in_processes(
    function: ShardFunction, jobs: dict[Path, ShardArguments], processes: int, _address: str | None, report: ShardReport
) -> Iterator[_Outcome]:
    pending = dict(jobs)
    attempts = _ATTEMPTS
    while pending and attempts:
        before = len(pending)
        for path, error in _one_pool(function, pending, processes, report):
            del pending[path]
            yield path, error
        attempts = _ATTEMPTS if len(pending) < before else attempts - 1
    for path in pending:
        yield path, f"the worker process died, {_ATTEMPTS} times"


def _one_pool(
    function: ShardFunction, jobs: dict[Path, ShardArguments], processes: int, report: ShardReport
) -> Iterator[_Outcome]:
    """The outcomes until all jobs are done or a worker dies."""
    # Fresh interpreters: forked ones would inherit the locks of other libraries' threads.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=begin_quietly) as pool:
        futures = {pool.submit(function, path, *job): path for path, job in list(jobs.items())}
        try:
            for future in as_completed(futures):
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    report.lost_workers += 1
                    return
                yield futures[future], None if error is None else f"{type(error).__name__}: {error}"
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _on_ray(
    function: ShardFunction, jobs: dict[Path, ShardArguments], processes: int, address: str | None, _report: ShardReport
) -> Iterator[_Outcome]:
    """Ray starts the tasks of a dead worker again by itself."""
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise UsageError("--ray needs the package 'ray': pip install 'surrogate-compiler[ray]'") from None
    processors = processes if address == "local" else None
    ray.init(address=address, num_cpus=processors, log_to_driver=False, include_dashboard=False)
    try:
        remote = ray.remote(function)
        running = {remote.remote(path, *job): path for path, job in jobs.items()}
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            path = running.pop(done)
            try:
                ray.get(done)
            except ray.exceptions.RayError as error:
                yield path, str(error).strip().splitlines()[-1]
            else:
                yield path, None
    finally:
        ray.shutdown()


def corpus_paths(folders: Iterable[Path], pattern: str = "*.parquet") -> list[Path]:
    """The shards of folders, in order. Raises UsageError for a folder without any."""
    paths: list[Path] = []
    for folder in folders:
        found = sorted(folder.glob(pattern))
        if not found:
            raise UsageError(f"{folder} holds no shard ({pattern})")
        paths += found
    return paths
