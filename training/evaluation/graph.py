"""The target graph over the library: how exact it is, how fast, and whether rows tell its constants."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch

import cprograms
import surrogate
from cprograms import sampling
from cprograms.diagnostics import ProgramError
from cprograms.ops import REPEAT
from cprograms.program import Program
from cprograms.sandbox import run
from surrogate.graph.artifact import GraphProgram
from surrogate.mlp.network import Scale, random_network
from training.markdown import table_lines

LIBRARY = Path(cprograms.__file__).parent / "library"
EXACT, FOUND = 1e-12, 1e-8
"""nMSE of a result that is the program's, and of a program whose constants were found again."""
PERTURBED, FITTING_ROWS = 0.1, 64
SPEED_ROWS, REPEATS = 65_536, 5


class Followed(TypedDict):
    """`why` a function is not followed; empty where it is, and then the worst result's error on fresh rows.

    An error without a finite number is None, as JSON has it.
    """

    name: str
    why: str
    nodes: int
    loops: int
    constants: int
    nmse: float | None
    max_error: float | None


class Fitted(TypedDict):
    """nMSE of the worst result on fresh rows, with constants that are off, and after a fit of 64 rows."""

    name: str
    constants: int
    left: int
    before: float | None
    after: float | None


class Timed(TypedDict):
    """Rows a second of the graph, as ratios to the sandbox's and to those of an MLP of two hidden layers of 64."""

    name: str
    to_sandbox: float
    to_mlp: float


def compiled(names: Sequence[str]) -> Iterable[tuple[str, GraphProgram | str]]:
    """The named functions of the library, or all; for one that is not followed, why."""
    for path in [LIBRARY / f"{name}.c" for name in names] or sorted(LIBRARY.glob("*.c")):
        try:
            yield path.stem, surrogate.compile(path, target="graph")
        except ProgramError as e:
            yield path.stem, e.diagnostics[0].message


def exactness(names: Sequence[str], rows: int, seed: int) -> list[Followed]:
    found = []
    for name, program in compiled(names):
        if isinstance(program, str):
            found.append(Followed(name=name, why=program, nodes=0, loops=0, constants=0, nmse=None, max_error=None))
            continue
        report, graph = program.check(rows, seed), program.module.graph
        found.append(
            Followed(
                name=name,
                why="",
                nodes=len(graph.nodes),
                loops=sum(n.op == REPEAT for n in graph.nodes),
                constants=len(program.constants),
                nmse=_finite(report.worst.nmse),
                max_error=_finite(report.max_error),
            )
        )
    return found


def constants(names: Sequence[str], rows: int, seed: int) -> list[Fitted]:
    """Move each function's constants by up to 10 % and fit them to rows of the unmoved program."""
    random = np.random.default_rng(seed)
    found = []
    for name, program in compiled(names):
        if isinstance(program, str) or not program.constants:
            continue
        with torch.no_grad():
            for constant in program.module.constants:
                constant.mul_(1 + PERTURBED * random.uniform(-1, 1))
        before = _finite(program.check(rows, seed).worst.nmse)
        x, y = sampling.rows(program.program, FITTING_ROWS, 2 * seed)
        fit = program.fit(x, y)
        after = _finite(program.check(rows, seed).worst.nmse)
        left = sum(not c.identified for c in fit.constants)
        found.append(Fitted(name=name, constants=len(fit.constants), left=left, before=before, after=after))
    return found


def _finite(error: float) -> float | None:
    return error if math.isfinite(error) else None


def _error(error: float | None) -> float:
    return math.inf if error is None else error


def speed(names: Sequence[str], seed: int, rows: int = SPEED_ROWS, repeats: int = REPEATS) -> list[Timed]:
    """On one thread: that is what the sandbox has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = []
    for name, program in compiled(names):
        if not isinstance(program, str):
            found.append(_timed(name, program, sampling.sample(program.program, rows, seed), repeats))
    torch.set_num_threads(threads)
    return found


def _timed(name: str, compiled: GraphProgram, x: np.ndarray, repeats: int) -> Timed:
    """The least of alternating repeats of each."""
    program = compiled.program
    mlp = _mlp(program)
    ways: dict[str, Callable[[], object]] = {
        "graph": lambda: compiled.module.predict(x),
        "sandbox": lambda: run(program, x),
        "mlp": lambda: mlp.predict(x),
    }
    least = dict.fromkeys(ways, np.inf)
    for _ in range(repeats):
        for way, predict in ways.items():
            start = time.perf_counter()
            predict()
            least[way] = min(least[way], time.perf_counter() - start)
    return Timed(name=name, to_sandbox=least["sandbox"] / least["graph"], to_mlp=least["mlp"] / least["graph"])


def _mlp(program: Program) -> Any:
    results = len(program.results)
    return random_network(program.domain, Scale(np.zeros(results), np.ones(results)), 0)


# --- The page ---


def markdown(d: dict[str, Any]) -> str:
    """The page of a document with the parts `exactness`, `constants` and `speed`, of which any may be missing."""
    lines = ["# The target graph over the library", "", "Made by", "", "```console"]
    lines += [f"$ {command}" for command in dict.fromkeys(d["commands"].values())]
    versions = ", ".join(f"{name} {number}" for name, number in d["versions"].items())
    lines += ["```", "", f"with {versions}; seed {d['seed']}.", "", *_bars(d)]
    for part, table in (("exactness", _exactness), ("constants", _constants), ("speed", _speed)):
        if part in d:
            lines += ["", *table(d[part])]
    return "\n".join(lines) + "\n"


def _bars(d: dict[str, Any]) -> list[str]:
    rows: list[Sequence[str]] = []
    if "exactness" in d:
        good = sum(_error(f["nmse"]) <= EXACT for f in d["exactness"])
        rows.append((f"functions with nMSE ≤ {EXACT:g}", f"{good} of {len(d['exactness'])}", "122 of 131"))
    if "constants" in d:
        rows += _constant_bars(d["constants"])
    if "speed" in d:
        for what, key, bar in (("the sandbox's", "to_sandbox", 1), ("an MLP's, 2 × 64", "to_mlp", 5)):
            median = statistics.median(f[key] for f in d["speed"])
            rows.append((f"rows a second over {what}, median", f"{median:.2f}", f"≥ {bar}"))
    return [*table_lines(("what", "here", "bar"), rows)]


def _constant_bars(found: Sequence[Fitted]) -> list[Sequence[str]]:
    again = sum(_error(f["after"]) < FOUND for f in found)
    off = [f for f in found if _error(f["before"]) >= FOUND]
    again_off = sum(_error(f["after"]) < FOUND for f in off)
    before, after = (statistics.median(_error(e) for e in errors) for errors in _columns(found))
    return [
        (f"constants found again, nMSE < {FOUND:g}", f"{again} of {len(found)}", "≥ 55 %"),
        ("the same, where moving them mattered", f"{again_off} of {len(off)}", ""),
        ("median nMSE before, after", f"{before:.2g}, {after:.2g}", ""),
    ]


def _columns(found: Sequence[Fitted]) -> tuple[list[float | None], list[float | None]]:
    return [f["before"] for f in found], [f["after"] for f in found]


def _shown(error: float | None) -> str:
    return "∞" if error is None else f"{error:.1e}"


def _exactness(found: Sequence[Followed]) -> list[str]:
    rows = [
        (f["name"], *(map(str, (f["nodes"], f["loops"], f["constants"]))), _shown(f["nmse"]), _shown(f["max_error"]))
        for f in found
        if not f["why"]
    ]
    return [
        *("## Exactness", "", "The worst result's nMSE and the greatest error on fresh rows of the domain.", ""),
        *table_lines(("function", "nodes", "loops", "constants", "nMSE", "greatest error"), rows),
        *("", "Not followed:", ""),
        *(f"- `{f['name']}`: {f['why']}" for f in found if f["why"]),
    ]


def _constants(found: Sequence[Fitted]) -> list[str]:
    explained = (
        f"Each constant was moved by up to {100 * PERTURBED:g} %, then all were fitted to {FITTING_ROWS} rows of the"
        " program. Those that the rows do not tell are left. nMSE is on fresh rows."
    )
    rows = [(f["name"], str(f["constants"]), str(f["left"]), _shown(f["before"]), _shown(f["after"])) for f in found]
    return ["## Constants", "", explained, "", *table_lines(("function", "constants", "left", "before", "after"), rows)]


def _speed(found: Sequence[Timed]) -> list[str]:
    explained = (
        f"Rows a second over those of the sandbox and of an MLP, on {SPEED_ROWS:,} rows in the same run, on one thread."
    )
    rows = [(f["name"], f"{f['to_sandbox']:.2f}", f"{f['to_mlp']:.1f}") for f in found]
    return ["## Speed", "", explained, "", *table_lines(("function", "over the sandbox", "over the MLP"), rows)]
