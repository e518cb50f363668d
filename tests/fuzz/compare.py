"""What gcc, the sandbox and the lowered graph give for random programs, bit for bit.

python -m tests.fuzz.compare --first 0 --programs 20000 [--checked] [--log FILE]

Goes on where a log ends. Each line of a log is the tally of one batch, in JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cprograms import Program, ProgramError
from cprograms.frontend.loading import load_expanded
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.sandbox import Outcomes, Status, run_many
from tests.cprograms.native import program_of, run_native
from tests.fuzz.programs import FILE_NAMES, program

ROWS = 16
BATCH = 200
"""Programs that share a compilation."""
_NODES = 1000
_RANGE = re.compile(r"#pragma surrogate range\(\w+, (.*), (.*)\)")


@dataclass
class Tally:
    """Of some programs: how many were compared, how many the graph follows exactly, and where what differs."""

    programs: int = 0
    graphs: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass
class _Case:
    """`refused` says why the front end does not take the program; then gcc alone is compared with itself."""

    seed: int
    program: Program
    rows: np.ndarray
    inexact: bool
    refused: str


def compare(seeds: range, folder: Path, checked: bool = False) -> Tally:
    """Compare the programs of some seeds on 16 rows each. `checked` also asks gcc whether anything is undefined."""
    tally = Tally()
    cases = [_case(seed) for seed in seeds]
    programs, rows = [c.program for c in cases], [c.rows for c in cases]
    plain = run_native(programs, rows, folder, checked=False, file_names=FILE_NAMES)
    optimised = run_native(programs, rows, folder, checked=False, optimise="-O2", file_names=FILE_NAMES)
    strict = run_native(programs, rows, folder, file_names=FILE_NAMES) if checked else plain
    accepted = [case for case in cases if not case.refused]
    sandbox = run_many([c.program for c in accepted], [c.rows for c in accepted])
    for case, expected, fast, strictly in zip(cases, plain, optimised, strict, strict=True):
        tally.faults += _differences(case, "gcc -O2", expected, fast)
        tally.faults += _differences(case, "gcc with its checks", expected, strictly)
    tally.refused = [(c.seed, c.refused) for c in cases if c.refused]
    expected = [y for case, y in zip(cases, plain, strict=True) if not case.refused]
    for case, y, outcomes in zip(accepted, expected, sandbox, strict=True):
        _compare_one(case, y, outcomes, tally)
    return tally


def _compare_one(case: _Case, expected: np.ndarray, outcomes: Outcomes, tally: Tally) -> None:
    tally.programs += 1
    trapped = [Status(s).name for s in outcomes.status if s != Status.OK]
    if trapped:
        tally.faults.append(f"seed {case.seed}: the sandbox traps, {trapped[0]}")
    else:
        tally.faults += _differences(case, "the sandbox", expected, outcomes.y)
    graph = lower(case.program, max_nodes=_NODES)
    if graph.exact and not case.inexact:
        tally.graphs += 1
        tally.faults += _differences(case, "the graph", expected, evaluate(graph, case.rows))


def _case(seed: int) -> _Case:
    written = program(seed)
    refused = ""
    try:
        loaded = load_expanded(written.source)
    except ProgramError as error:
        refused = error.diagnostics[-1].message
        ranges = [(float(low), float(high)) for low, high in _RANGE.findall(written.source)]
        loaded = program_of(re.sub(r"#pragma.*", "", written.source), ranges)
    return _Case(seed, loaded, rows_of(loaded, seed), written.inexact, refused)


def rows_of(program: Program, seed: int) -> np.ndarray:
    """float64 [16, arguments]: corners of the domain, small whole numbers, and others at random."""
    random = np.random.default_rng(seed)
    low, high = program.domain.T
    rows = random.uniform(low, high, (ROWS, len(low)))
    rows[:4] = np.where(random.random((4, len(low))) < 0.5, low, high)
    rows[4:8] = np.clip(random.integers(-3, 9, (4, len(low))), low, high)
    for k, argument in enumerate(program.arguments):
        whole = argument.type.is_integer
        rows[:, k] = np.clip(np.rint(rows[:, k]), low[k], high[k]) if whole else rows[:, k].astype(argument.type.dtype)
    return rows


def _differences(case: _Case, who: str, expected: np.ndarray, found: np.ndarray) -> list[str]:
    same = (expected == found) & (np.signbit(expected) == np.signbit(found)) | np.isnan(expected) & np.isnan(found)
    if same.all():
        return []
    row = np.flatnonzero(~same.all(1))[0]
    inputs, wanted, given = (np.array2string(a[row], floatmode="unique") for a in (case.rows, expected, found))
    return [f"seed {case.seed}: {who} gives {given}, gcc {wanted}, of {inputs}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--checked", action="store_true", help="look for undefined behaviour as well: much slower")
    parser.add_argument("--log", type=Path, help="appended to; batches that it holds are not run again")
    given = parser.parse_args()
    known = [json.loads(line) for line in given.log.read_text().splitlines()] if given.log and given.log.exists() else []
    done = {line["first"] for line in known}
    end = given.first + given.programs
    for first in range(given.first, end, BATCH):
        if first in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            tally = compare(range(first, min(first + BATCH, end)), Path(folder), given.checked)
        line = {"first": first, **vars(tally)}
        known.append(line)
        print(first, tally.programs, tally.graphs, len(tally.refused), *tally.faults, sep="\n  ", flush=True)
        if given.log:
            with given.log.open("a") as log:
                log.write(json.dumps(line) + "\n")
    refusals = Counter(message for line in known for _, message in line["refused"])
    totals = {name: sum(line[name] for line in known) for name in ("programs", "graphs")}
    print(totals, f"{sum(len(line['faults']) for line in known)} faults", refusals.most_common(9))


if __name__ == "__main__":
    main()
