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
from cprograms.sandbox import Status, run_many
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
    """Compare the programs of some seeds on 16 rows each.

    `checked` also asks gcc whether anything is undefined, and runs the sandbox's optimised code. Integers of 64 bits
    are compared as float64, as the sandbox gives them.
    """
    tally = Tally()
    cases = [_case(seed) for seed in seeds]
    tally.refused = [(c.seed, c.refused) for c in cases if c.refused]
    expected = _native(cases, folder)
    _expect(cases, expected, "gcc -O2", _native(cases, folder, optimise="-O2"), tally)
    if checked:
        _expect(cases, expected, "gcc with its checks", _native(cases, folder, checked=True), tally)
    accepted = [case for case in cases if not case.refused]
    wanted = [y for case, y in zip(cases, expected, strict=True) if not case.refused]
    for optimise in (False, True) if checked else (False,):
        outcomes = run_many([c.program for c in accepted], [c.rows for c in accepted], optimise=optimise)
        _expect(accepted, wanted, "the sandbox", [o.y for o in outcomes], tally)
        tally.faults += [
            f"seed {case.seed}: the sandbox traps, {Status(max(o.status)).name}"
            for case, o in zip(accepted, outcomes, strict=True)
            if o.status.any()
        ]
    tally.programs = len(accepted)
    graphs = [None if case.inexact else lower(case.program, max_nodes=_NODES) for case in accepted]
    exact = [k for k, graph in enumerate(graphs) if graph is not None and graph.exact]
    tally.graphs = len(exact)
    found = [evaluate(graph, accepted[k].rows) for k in exact if (graph := graphs[k]) is not None]
    _expect([accepted[k] for k in exact], [wanted[k] for k in exact], "the graph", found, tally)
    return tally


def _native(cases: list[_Case], folder: Path, *, optimise: str = "-O0", checked: bool = False) -> list[np.ndarray]:
    programs, rows = [case.program for case in cases], [case.rows for case in cases]
    return run_native(programs, rows, folder, optimise=optimise, checked=checked, file_names=FILE_NAMES)


def _expect(cases: list[_Case], expected: list[np.ndarray], who: str, found: list[np.ndarray], tally: Tally) -> None:
    for case, wanted, given in zip(cases, expected, found, strict=True):
        tally.faults += _differences(case, who, wanted, given)


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
    known = (
        [json.loads(line) for line in given.log.read_text().splitlines()] if given.log and given.log.exists() else []
    )
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
