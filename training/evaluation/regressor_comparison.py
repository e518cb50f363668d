"""Surrogates beside what a user would fit, on held-out programs: a file a system and program, which a rerun finds.

A system's files lie in a folder of its own, which depends on what its figures do: a change of one system, or other
programs, leave those of the others as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
import resource
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cprograms.cache import key
from cprograms.corpus.shards import make_shards
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from cprograms.program import Program
from surrogate.numeric.checking.errors import result_error
from training.evaluation.suites import executed, suite_programs
from training.evaluation.systems import System, our_systems, regressor_systems
from training.held_out import HeldOut

LIMIT = 20.0
"""Processor seconds that a regressor may take a result: 10 s of two cores."""
TEST_ROWS = 2000
COLUMNS = pa.schema(
    {
        **dict.fromkeys(("program", "entry", "result", "system"), pa.string()),
        "arguments": pa.int64(),
        **dict.fromkeys(("nmse", "seconds", "microseconds"), pa.float64()),
    }
)
Line = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What is compared: suites with at most so many programs each, and the regressors' numbers of rows.

    `data` is a corpus, whose test split the suites "generated" and "harvested" are of. `limit` are the processor
    seconds that a regressor may take a result.
    """

    data: Path
    suites: tuple[str, ...]
    programs: tuple[int, ...]
    rows: tuple[int, ...]
    seed: int = 0
    test_rows: int = TEST_ROWS
    limit: float = LIMIT
    compiler: str | None = None

    def systems(self) -> list[System]:
        """All that there are: ours, then the regressors by their numbers of rows."""
        return [*our_systems(self.compiler), *regressor_systems(self.rows, self.limit)]


def chosen_systems(comparison: Comparison, names: Sequence[str] | None) -> list[System]:
    """The systems of some names, which may leave out a first dash; all without names.

    Raises UsageError for a name that there is not.
    """
    there = {system.name.lstrip("-"): system for system in comparison.systems()}
    wanted = list(there) if names is None else [name.lstrip("-") for name in names]
    if unknown := [name for name in wanted if name not in there]:
        raise UsageError(f"no system '{unknown[0]}'; there are {'; '.join(there)}")
    return [system for name, system in there.items() if name in wanted]


def compare(
    comparison: Comparison, systems: Sequence[System], work: Path, processes: int = 1, fresh: Sequence[str] = ()
) -> list[Line]:
    """A line a system and result: suite, program, entry, result, arguments, system, nmse, seconds, microseconds.

    `work` keeps what was measured, which the same call finds again; the systems named in `fresh` are measured anew.
    Raises UsageError where there is no such suite, or a system failed on a program.
    """
    programs = [
        (suite, program)
        for suite, count in zip(comparison.suites, comparison.programs, strict=True)
        for program in suite_programs(suite, comparison.data, count)
    ]
    lines = []
    for system in systems:
        folder = system_folder(work, system, comparison)
        if system.name.lstrip("-") in [name.lstrip("-") for name in fresh]:
            shutil.rmtree(folder, ignore_errors=True)
        jobs = {folder / f"{key(p.portable_text)[:16]}.parquet": (p, system.name, comparison) for _, p in programs}
        report = make_shards(measure_shard, jobs, _settings(system, comparison), processes=processes)
        for name, error in report.failures.items():
            raise UsageError(f"{folder / name}: {error}")
        for path, (suite, _) in zip(jobs, programs, strict=True):
            lines += [{"suite": suite} | line for line in pq.read_table(path).to_pylist()]
    return lines


def _settings(system: System, comparison: Comparison) -> dict[str, Any]:
    """What a system's figures on a program depend on."""
    own = {"system": system.name, "rows": system.rows, **system.depends}
    return own | {"seed": comparison.seed, "test_rows": comparison.test_rows}


def system_folder(work: Path, system: System, comparison: Comparison) -> Path:
    text = json.dumps(_settings(system, comparison), sort_keys=True)
    slug = re.sub(r"\W+", "-", system.name).strip("-")
    return work / f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def measure_shard(path: Path, program: Program, name: str, comparison: Comparison) -> None:
    """Write what a system comes to on each result of a program that varies on the test rows."""
    system = next(s for s in comparison.systems() if s.name == name)
    held = executed([program], system.rows or 0, comparison.test_rows, comparison.seed)
    lines = [measure(system, h, comparison) for h in held if np.ptp(h.y_test[: comparison.test_rows, h.result]) > 0]
    table = BytesIO()
    pq.write_table(pa.Table.from_pylist(lines, COLUMNS), table)
    replace_file(path, table.getvalue())


def measure(system: System, held: HeldOut, comparison: Comparison) -> Line:
    """A system on one result: its nMSE, the processor seconds to fit, the processor's microseconds an evaluation."""
    x_test, y_test = held.x_test[: comparison.test_rows], held.y_test[: comparison.test_rows, held.result]
    started = _processor_seconds()
    predict = system.fit(replace(held, x=held.x[: system.rows], y=held.y[: system.rows]), comparison.seed)
    fitted = _processor_seconds()
    predicted = predict(x_test)
    ended = _processor_seconds()
    return {
        "program": key(held.program.portable_text)[:16],
        "entry": held.program.entry,
        "result": held.program.results[held.result].name,
        "arguments": len(held.program.arguments),
        "system": system.name,
        "nmse": result_error("", y_test, predicted).nmse,
        "seconds": fitted - started,
        "microseconds": 1e6 * (ended - fitted) / len(x_test),
    }


def _processor_seconds() -> float:
    """Of this process, its threads and the processes that it waited for: what others do beside it does not count."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
