"""An export from end to end: made, run back on rows of the domain, written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError, did_you_mean
from cprograms.files import write_directory
from cprograms.sampling import sample
from surrogate.anc.program import AncProgram
from surrogate.export import tapes
from surrogate.export.formats import FORMATS, Format
from surrogate.export.made import Made, Request, Rows
from surrogate.export.suffixes import SUFFIXES
from surrogate.numeric.artifact import NumericArtifact

ROWS = 10_000
"""Rows of the domain that an export is run back on before it is written."""
MOST = 1e-5
"""How far it may be off, as a share of a result's range."""


@dataclass(frozen=True)
class Exported:
    """Files that were written, and how far they were off the artifact on `rows` rows, as a share of the range of the
    result that is off most; an exact program's tapes are equal."""

    files: tuple[Path, ...]
    format: str
    rows: int
    difference: float
    lines: tuple[str, ...]
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        written = {"format": self.format, "files": [str(f) for f in self.files]}
        return written | {"rows": self.rows, "difference": self.difference, **self.facts}


def export(
    artifact: NumericArtifact | AncProgram,
    path: str | PathLike[str],
    format: str | None = None,
    *,
    name: str | None = None,
    precision: str | None = None,
    guard: bool = False,
    max_error: float | None = None,
    fixed: int | None = None,
    force: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Write an artifact as something that runs without this library; the suffix of the path says the format, too.

    The options are those of `surrogate.export.made.Request`. What was made is run back first: `told` hears of it.

    Raises UsageError for an unknown format, an option that it does not have, a part that it cannot hold, and an output
    that is there (unless `force`) or cannot be written; ProgramError where what was made is off.
    """
    target = Path(path)
    format = _format(target, format)
    request = Request(target.stem, name or artifact.entry, precision, guard, max_error, fixed)
    chosen = FORMATS[format]
    _ensure_sensible(request, chosen)
    _ensure_free([target, *(target.with_suffix(s) for s in chosen.beside)], force)
    told(f"writing {format}")
    if isinstance(artifact, AncProgram):
        made = tapes.made(artifact, format, request)
        rows, difference = tapes.ensure_same(artifact, made, told), 0.0
    else:
        made = chosen.make(artifact, request)
        told(f"running it back on {ROWS:,} rows")
        rows, difference = ROWS, _ensure_near(artifact, made, request)
    written = _write(target, made)
    return Exported(written, format, rows, difference, made.lines, made.facts)


def _format(target: Path, format: str | None) -> str:
    found = format or SUFFIXES.get(target.suffix)
    if found is None:
        raise UsageError(f"{target}: its suffix names no format; say --format {'|'.join(FORMATS)}")
    if found not in FORMATS:
        raise UsageError(f"there is no format '{found}'; {did_you_mean(found, FORMATS)}they are {', '.join(FORMATS)}")
    suffix = FORMATS[found].suffix
    if target.suffix != suffix:
        raise UsageError(f"{target}: a file of format {found} ends in {suffix}")
    return found


def _ensure_sensible(request: Request, format: Format) -> None:
    given = {
        "--precision": request.precision is not None,
        "--guard": request.guard,
        "--max-error": request.max_error is not None,
        "--fixed": request.fixed is not None,
    }
    for option, is_given in given.items():
        if is_given and option not in format.options:
            raise UsageError(f"{option} is of another format than {format.name}: C")
    if request.max_error is not None and not request.guard:
        raise UsageError("--max-error says where --guard calls the original: give both")
    if request.max_error is not None and not request.max_error >= 0:
        raise UsageError(f"--max-error is a number from 0 on, not {request.max_error:g}")
    if request.fixed is not None and request.precision is not None:
        raise UsageError("with --fixed all numbers are integers: --precision is of floating ones")
    if not request.name.isidentifier():
        raise UsageError(f"'{request.name}' is no name of a C function")


def _ensure_free(targets: list[Path], force: bool) -> None:
    for target in targets:
        if not target.parent.is_dir():
            reason = errno.ENOTDIR if target.parent.exists() else errno.ENOENT
            raise UsageError(f"{target}: cannot be written: {os.strerror(reason)}")
        if not os.access(target.parent, os.W_OK):
            raise UsageError(f"{target}: cannot be written: {os.strerror(errno.EACCES)}")
        if target.is_dir():
            raise UsageError(f"{target}: is a directory; it will not be overwritten")
        if os.path.lexists(target) and not force:
            raise UsageError(f"{target}: exists; --force overwrites it")


def _ensure_near(artifact: NumericArtifact, made: Made, request: Request) -> float:
    """How far an export is off on rows of the domain. Raises ProgramError where that is more than MOST."""
    x = sample(artifact.program, ROWS, 0)
    expected = artifact.outputs(x) if made.expected is None else made.expected(x)
    found = made.run(x)
    differences = off(found, expected)
    worst = int(np.argmax(differences))
    if not differences[worst] <= MOST:
        result = artifact.results[worst].name
        message = f"what was written is off by {differences[worst]:.2g} of the range of '{result}': nothing was kept"
        hint = "--precision double computes with more digits" if request.precision == "float" else ""
        raise ProgramError([Diagnostic(message, artifact.entry, hint=hint)])
    return float(differences[worst])


def off(found: Rows, expected: Rows) -> Rows:
    """The greatest difference of each result, [n, R] each, as a share of the range of what is expected; infinite where
    only one of the two is a number."""
    differences = []
    for got, true in zip(found.T, expected.T, strict=True):
        known = np.isfinite(true)
        if not np.array_equal(np.isnan(got), np.isnan(true)) or not np.array_equal(got[~known], true[~known], True):
            differences.append(np.inf)
            continue
        if not known.any():
            differences.append(0.0)
            continue
        half = true[known] / 2  # differences of large doubles overflow
        unit = np.ptp(half) or np.abs(half).max() or 1.0
        differences.append(float(np.abs(got[known] / 2 - half).max() / unit))
    return np.array(differences)


def _write(target: Path, made: Made) -> tuple[Path, ...]:
    try:
        write_directory(target.parent, made.files)
    except OSError as e:
        raise UsageError(f"{target}: cannot be written: {e.strerror or e}") from e
    return tuple(target.parent / name for name in made.files)
