"""Candidates on trial: which run, on which domain, and whether what they give is worth keeping."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cprograms.corpus.rows import Executed, execute
from cprograms.generate import accept
from cprograms.harvest.candidates import Candidate
from cprograms.harvest.domain import infer
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import Outcomes, Status, run_many

BATCH = 300
"""Candidates that are compiled together."""
ROW_STEPS = 2_000_000
"""Steps that a row may take: what takes longer is no function to learn."""
FINITE = 0.9
DISTINCT = 20
_LOST = (Status.FUEL, Status.STACK, Status.SKIPPED)


@dataclass(frozen=True, eq=False)
class Kept:
    """A candidate with its domain, and its rows on it."""

    candidate: Candidate
    rows: Executed


def tried(found: Sequence[Candidate], rows: int, counts: Counter[str]) -> list[Kept]:
    """The candidates that run, on the domain on which they do best; what becomes of the others is counted.

    Kept are those whose results, on one of the guessed domains, are at least 90 % finite, with one that has at least 20
    distinct values and is not an argument or that and a constant, and which give the same rows with -O2 and in a second
    run with -O0.
    """
    kept: list[Kept] = []
    for start in range(0, len(found), BATCH):
        kept += _safely(found[start : start + BATCH], rows, counts)
    return kept


def _safely(found: Sequence[Candidate], rows: int, counts: Counter[str]) -> list[Kept]:
    """One candidate that cannot be tried costs itself alone: the others are tried again without it."""
    seen: Counter[str] = Counter()
    try:
        kept = _batch(found, rows, seen)
    except Exception as error:  # whatever a stranger's program makes of the tools
        if len(found) == 1:
            counts[f"{found[0].kind}: run: {type(error).__name__}"] += 1
            return []
        half = len(found) // 2
        return [*_safely(found[:half], rows, counts), *_safely(found[half:], rows, counts)]
    counts.update(seen)
    return kept


def _batch(found: Sequence[Candidate], rows: int, counts: Counter[str]) -> list[Kept]:
    chosen = _with_domains(found, rows, counts)
    programs = [c.program for c, _ in chosen]
    again = execute(programs, [seed_of(p) for p in programs], rows)
    kept = []
    for (candidate, first), second in zip(chosen, again, strict=True):
        if _same(first, second):
            counts[f"{candidate.kind}: run: kept"] += 1
            kept.append(Kept(candidate, second))
        else:
            counts[f"{candidate.kind}: run: not deterministic"] += 1
    return kept


def seed_of(program: Program) -> int:
    """The seed of a program's inputs, from its entry's name."""
    return int.from_bytes(hashlib.sha256(program.entry.encode()).digest()[:6], "little")


def _with_domains(found: Sequence[Candidate], rows: int, counts: Counter[str]) -> list[tuple[Candidate, Outcomes]]:
    """The candidates that do well on some domain, with the rows that they gave on it."""
    options = [[replace(c.program, arguments=a) for a in dict.fromkeys(infer(c.program))] for c in found]
    inputs = [[sample(p, rows, seed_of(p)) for p in programs] for programs in options]
    ran = run_many([c.program for c in found], [np.concatenate(x) for x in inputs], fuel=ROW_STEPS, optimise=True)
    chosen = []
    for candidate, programs, x, result in zip(found, options, inputs, ran, strict=True):
        parts = [
            Outcomes(result.y[k * rows : (k + 1) * rows], result.status[k * rows : (k + 1) * rows])
            for k in range(len(programs))
        ]
        best, reason = _best(candidate.program, x, parts)
        if best is None:
            counts[f"{candidate.kind}: run: {reason}"] += 1
        else:
            chosen.append((replace(candidate, program=programs[best]), parts[best]))
    return chosen


def _best(program: Program, inputs: Sequence[np.ndarray], parts: Sequence[Outcomes]) -> tuple[int | None, str]:
    """The first domain whose outputs neither explode nor are rare, else the first that will do, or why none will."""
    reasons = [_fault(x, rows) for x, rows in zip(inputs, parts, strict=True)]
    fit = [k for k, reason in enumerate(reasons) if not reason]
    if not fit:
        return None, reasons[0]
    good = (k for k in fit if all(accept(r.type, parts[k].y[:, j]) for j, r in enumerate(program.results)))
    return next(good, fit[0]), ""


def _fault(x: np.ndarray, rows: Outcomes) -> str:
    if (rows.status == Status.REJECTED).any():
        return "not compiled"
    if np.isin(rows.status, _LOST).any():
        return "endless, or too deep"
    finite = np.isfinite(rows.y).all(axis=1)
    if finite.mean() < FINITE:
        return "less than 90 % finite"
    x, y = x[finite], rows.y[finite]
    varied = [column for column in y.T if len(np.unique(column)) >= DISTINCT]
    if not varied:
        return f"fewer than {DISTINCT} distinct outputs"
    return "gives its arguments alone" if all(_is_shifted(column, x) for column in varied) else ""


def _is_shifted(y: np.ndarray, x: np.ndarray) -> bool:
    """Whether a result [n] is one of the arguments [n, arguments] and a constant."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool((np.ptp(y[:, None] - x, axis=0) == 0).any())


def _same(first: Outcomes, second: Executed) -> bool:
    # -O2 folds calls of libm on constants with a library of its own, which may differ in the last bit.
    near = np.allclose(first.y, second.y, rtol=1e-9, atol=0, equal_nan=True)
    return near and np.array_equal(first.status, second.status)
