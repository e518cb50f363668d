"""Accepted functions on rows of their domain: the sandbox beside gcc's code, and the graph beside the sandbox."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cprograms.budget import spending
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.given import sources
from cprograms.frontend.loading import NumericFile
from cprograms.graph import Graph, evaluate
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import Outcomes, Status, run_many
from training.evaluation.foreign_c.inspection import Inspected
from training.evaluation.foreign_c.native import ENDED, GUARD, NOT_RUN, Native, has_long_double, keeps, run_native

ROW_STEPS = 10_000_000
"""Steps of the sandbox that a row may take."""
TOLERANCE = 1e-6
"""Relative difference of two results beyond which they differ."""

EQUAL, ROUNDED, DIFFERS, NOTHING = "equal", "equal but for rounding", "differs", "no row to compare"
"""Where rows differ, but by no more than TOLERANCE of the result's largest value, it is rounding that cancels."""
LIBRARY = "equal once it calls the same C library"
"""Two C libraries differ in the last digits, which a program may make more of."""
UNDEFINED = "gcc's own results differ"
"""Between -O0 and -O1: it reads what was never written, most likely."""
NOT_BUILT, CRASHES, GUARDED = "gcc builds no code", "gcc's code crashes", "gcc's code writes beside its objects"
EXACT, LOOPS, OPAQUE, NOT_LOWERED = "exact", "loops", "opaque", "not lowered"


@dataclass(frozen=True)
class Checked:
    """One accepted function.

    `statuses` counts the sandbox's rows by what became of them. `native` is one of EQUAL, LIBRARY, DIFFERS, …,
    `graph` one of EXACT, LOOPS, …, and `evaluated` EQUAL, DIFFERS or "" where the graph cannot be evaluated. `faults`
    says more of each that is not as it should be; `crash` is the traceback of what broke down over it.
    """

    name: str
    signature: str
    arguments: int = 0
    results: int = 0
    keeps: bool = False
    long_double: bool = False
    statuses: dict[str, int] | None = None
    native: str = ""
    graph: str = ""
    evaluated: str = ""
    faults: tuple[str, ...] = ()
    crash: str = ""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Checked:
        """The inverse of `dataclasses.asdict`, after JSON."""
        return cls(**(values | {"faults": tuple(values["faults"])}))


def check(files: Sequence[Inspected], rows: int, seed: int) -> list[list[Checked]]:
    """Every accepted function of some files, file by file."""
    found = [_programs(file) for file in files]
    programs = [p for part in found for p in part if isinstance(p, Program)]
    checked = iter(_check_all(programs, rows, seed))
    return [[next(checked) if isinstance(p, Program) else p for p in part] for part in found]


def _programs(file: Inspected) -> list[Program | Checked]:
    """The program of each accepted function, or what breaks down over it."""
    names = [f.name for f in file.functions if f.accepted]
    given = sources(file.file.path, None, include_dirs=file.file.include, defines=file.file.defines)
    try:
        with spending(file.file.path):
            loaded = NumericFile(*given)
    except Exception:
        return [Checked(name, name, crash=traceback.format_exc()) for name in names]
    return [_program(loaded, name) for name in names]


def _program(file: NumericFile, name: str) -> Program | Checked:
    try:
        with spending(name):
            return file.program(name, {})
    except Exception:
        return Checked(name, name, crash=traceback.format_exc())


def _check_all(programs: Sequence[Program], rows: int, seed: int) -> list[Checked]:
    """Together, for speed; where that breaks down, by halves."""
    try:
        return _check_together(programs, rows, seed)
    except Exception:
        if len(programs) == 1:
            (program,) = programs
            return [Checked(program.entry, _signature(program), crash=traceback.format_exc())]
        middle = len(programs) // 2
        return [*_check_all(programs[:middle], rows, seed), *_check_all(programs[middle:], rows, seed)]


def _check_together(programs: Sequence[Program], rows: int, seed: int) -> list[Checked]:
    xs = [sample(program, rows, seed) for program in programs]
    outcomes = run_many(programs, xs, fuel=ROW_STEPS)
    ended = [rows.status == Status.OK for rows in outcomes]
    natives = run_native(programs, [x[ok] for x, ok in zip(xs, ended, strict=True)])
    everything = zip(programs, xs, outcomes, natives, strict=True)
    return [_checked(program, x, sandbox, native) for program, x, sandbox, native in everything]


def _checked(program: Program, x: np.ndarray, sandbox: Outcomes, native: Native) -> Checked:
    ok = sandbox.status == Status.OK
    faults: list[str] = []
    compared = _beside_native(program, x[ok], sandbox.y[ok], native, faults.append)
    graph, evaluated = _beside_graph(program, x[ok], sandbox.y[ok], faults.append)
    statuses = Counter(Status(code).name for code in sandbox.status)
    return Checked(
        program.entry,
        _signature(program),
        len(program.arguments),
        len(program.results),
        keeps(program),
        has_long_double(program),
        dict(statuses),
        compared,
        graph,
        evaluated,
        tuple(faults),
    )


def _signature(program: Program) -> str:
    return f"{program.entry}: {len(program.arguments)} -> {len(program.results)}"


def _beside_native(program: Program, x: np.ndarray, y: np.ndarray, native: Native, note: Callable[[str], None]) -> str:
    """How gcc's code compares on rows that end well in the sandbox."""
    if native.reason:
        note(native.reason)
        return NOT_BUILT
    if not len(x):
        return NOTHING
    compared = _with_library(program, x, y, native, note)
    if compared in (EQUAL, GUARDED):
        return compared
    (again,) = run_native([program], [x], musl=True)
    if _ended(again) and not differing(y, again.y).any():
        return LIBRARY
    (other,) = run_native([program], [x], musl=True, optimise="-O1")
    return UNDEFINED if _ended(again) and _ended(other) and differing(other.y, again.y).any() else compared


def _with_library(program: Program, x: np.ndarray, y: np.ndarray, native: Native, note: Callable[[str], None]) -> str:
    """The same with the system's C library."""
    if (native.status == NOT_RUN).any():
        note(f"gcc's code ends on {(native.status != NOT_RUN).sum()} of {len(x)} rows")
        return CRASHES
    if (native.status == GUARD).any():
        note(f"gcc's code writes beside its objects on {(native.status == GUARD).sum()} of {len(x)} rows")
        return GUARDED
    assert (native.status == ENDED).all()
    return _compared(program, x, y, native.y, "gcc", note)


def _ended(native: Native) -> bool:
    return not native.reason and bool((native.status == ENDED).all())


def _beside_graph(program: Program, x: np.ndarray, y: np.ndarray, note: Callable[[str], None]) -> tuple[str, str]:
    """How much of a program its graph follows, and how it compares with the sandbox."""
    try:
        graph = lower(program)
    except (ProgramError, UsageError) as error:
        note(f"not lowered: {error}")
        return NOT_LOWERED, ""
    kind = _kind(graph)
    if not graph.exact or not len(x):
        return kind, ""
    return kind, _compared(program, x, y, evaluate(graph, x), "the graph", note)


def _kind(graph: Graph) -> str:
    if graph.exact:
        return EXACT
    return OPAQUE if any(node.op == "opaque" for node in graph.nodes) else LOOPS


def _compared(
    program: Program, x: np.ndarray, y: np.ndarray, other: np.ndarray, whose: str, note: Callable[[str], None]
) -> str:
    """Whether the sandbox's results and another's are the same; `note` gets an example where they are not."""
    wrong = differing(y, other)
    if not wrong.any():
        return EQUAL
    far = wrong & differing(y, other, np.max(np.abs(y), axis=0, initial=0, where=np.isfinite(y)))
    row, column = np.argwhere(far if far.any() else wrong)[0]
    at = ", ".join(f"{a.name}={v:g}" for a, v in zip(program.arguments, x[row], strict=True))
    note(
        f"{wrong.any(axis=1).sum()} of {len(x)} rows: {program.results[column].name} is {float(y[row, column])!r} in"
        f" the sandbox, {float(other[row, column])!r} in {whose}, at {at}"
    )
    return DIFFERS if far.any() else ROUNDED


def differing(y: np.ndarray, other: np.ndarray, scale: np.ndarray | float = 0.0) -> np.ndarray:
    """Where two arrays are further apart than TOLERANCE, relative to the larger: bool of their shape. NaN is NaN.

    A `scale` that is larger than both takes their place.
    """
    with np.errstate(invalid="ignore"):
        near = np.abs(y - other) <= TOLERANCE * np.maximum(np.maximum(np.abs(y), np.abs(other)), scale)
    return np.asarray(~(near | (y == other) | (np.isnan(y) & np.isnan(other))))


def as_json(checked: Sequence[Checked]) -> bytes:
    return json.dumps([asdict(c) for c in checked]).encode()


def from_json(text: bytes) -> list[Checked]:
    """The inverse of `as_json`."""
    return [Checked.from_dict(values) for values in json.loads(text)]
