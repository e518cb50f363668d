"""Rows of numbers from the command line and CSV files, and back."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cprograms.diagnostics import UsageError, nearest
from cprograms.names import counted, enough, listed
from cprograms.options import number
from cprograms.program import Argument, domain_groups
from cprograms.types import SCALARS, Scalar

BOOL = SCALARS["bool"]
_TRUTH = {"true": 1.0, "false": 0.0}
"""What C and other programs' tables write for the two values of a `bool`."""
_EXACT = 2**53
"""Up to here every whole number is a double."""


class OutOfDomainWarning(UserWarning):
    """Rows of a prediction are outside the domain: the surrogate extrapolates there, and nothing was measured."""


def parse_values(values: Sequence[str], arguments: Sequence[Argument]) -> np.ndarray:
    """One row, float64 [1, arguments]. Raises UsageError for a wrong count, and for what an argument's type does not
    hold."""
    if len(values) != len(arguments):
        names = listed([a.name for a in arguments])
        raise UsageError(f"{counted(len(arguments), 'value is', 'values are')} needed ({names}), not {len(values)}")
    places = [f"argument '{a.name}'" for a in arguments]
    types = [a.type for a in arguments]
    row = np.array([[_cell(v.strip(), p, t) for v, p, t in zip(values, places, types, strict=True)]])
    if (found := misfit(row, types)) is not None:
        raise UsageError(f"{places[found.column]}: {found.message}")
    return row


class Misfit(NamedTuple):
    """A number that a C type does not hold: its row and column, and what to say of it."""

    row: int
    column: int
    message: str


def misfit(x: np.ndarray, types: Sequence[Scalar]) -> Misfit | None:
    """The first of the numbers [n, columns], row by row, that the type of its column does not hold, or None.

    `types` are those of the first columns; the others may hold any number.
    """
    if not types:
        return None
    wrong = np.stack([~type.holds(column) for type, column in zip(types, x.T, strict=False)], axis=1)
    if not wrong.any():
        return None
    row, column = map(int, np.argwhere(wrong)[0])
    value, type = float(x[row, column]), types[column]
    if not type.is_integer:
        message = "does not fit type {}: {:g} to {:g}"
    elif value != math.floor(value):
        message = "is not a whole number, as type {} needs"
    else:
        message = "does not fit type {}: {} to {}"
    shown = f"{value:.0f}" if type.is_integer and value == math.floor(value) else repr(value)
    return Misfit(row, column, f"{shown} {message.format(type.name, *type.limits)}")


def ensure_held(x: np.ndarray, arguments: Sequence[Argument]) -> None:
    """Raises ValueError for rows [n, arguments] with a number that the argument's type does not hold.

    Rows that are not finite are the caller's business.
    """
    if (wrong := misfit(np.where(np.isfinite(x), x, 0), [a.type for a in arguments])) is not None:
        raise ValueError(f"row {wrong.row}: argument '{arguments[wrong.column].name}': {wrong.message}")


def read_rows(path: str, names: Sequence[str], types: Sequence[Scalar]) -> np.ndarray:
    """The rows of a CSV file ("-" is stdin), or of a .parquet one: float64 [n, names].

    A first line without any number is a header: it must name every argument, in any order, and other columns are
    skipped. Without a header the columns are the arguments in order. Blank lines are skipped. `types` are those of the
    first names; of the others any finite number is taken.

    Raises UsageError, with the line, for a cell that is not a finite number, or one that its type does not hold, a line
    of another width, a missing column, and a file that cannot be read or has no rows.
    """
    if path.endswith(".parquet"):
        return _parquet_rows(path, names, types)
    shown = "<stdin>" if path == "-" else path
    reader = csv.reader(io.StringIO(_read_text(path, shown), newline=""), skipinitialspace=True)
    columns: list[int] | None = None
    width = len(names)
    kinds = [*types, *[None] * (width - len(types))]
    rows: list[list[float]] = []
    lines: list[int] = []
    try:
        for cells in reader:
            place = f"{shown}:{reader.line_num}"
            if not any(c.strip() for c in cells):
                continue
            if columns is None:
                header = [c.strip() for c in cells]
                columns = list(range(width))
                if not any(_is_number(c) for c in header):
                    columns, width = _header_columns(header, names, place), len(header)
                    continue
            if len(cells) != width:
                raise UsageError(f"{place}: {counted(width, 'value is', 'values are')} needed, not {len(cells)}")
            found = zip(columns, kinds, strict=True)
            rows.append([_cell(cells[c].strip(), f"{place}: column {c + 1}", kind) for c, kind in found])
            lines.append(reader.line_num)
    except csv.Error as e:
        raise UsageError(f"{shown}:{reader.line_num}: {e}") from e
    if not rows or columns is None:
        raise UsageError(f"{shown}: no rows")
    x = np.array(rows)
    if (wrong := misfit(x, types)) is not None:
        raise UsageError(f"{shown}:{lines[wrong.row]}: column {columns[wrong.column] + 1}: {wrong.message}")
    return x


def _parquet_rows(path: str, names: Sequence[str], types: Sequence[Scalar]) -> np.ndarray:
    import pyarrow as pa  # takes long to import, and most rows are text
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as e:
        raise UsageError(f"{path}: cannot be read: {str(e).splitlines()[0]}") from e
    places = _header_columns(table.column_names, names, path)
    if not table.num_rows:
        raise UsageError(f"{path}: no rows")
    columns: list[np.ndarray] = []
    for place, name in zip(places, names, strict=True):
        try:
            given = table.column(place).to_numpy()
            column = given.astype(np.float64)
        except (TypeError, ValueError, pa.ArrowException) as e:
            raise UsageError(f"{path}: column '{name}' is of {table.column(place).type}, not of numbers") from e
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise UsageError(f"{path}: row {row + 1}: column '{name}': '{column[row]}' is not a finite number")
        if len(columns) < len(types) and types[len(columns)].is_integer and given.dtype.kind in "iu":
            for large in np.flatnonzero(np.abs(column) >= _EXACT):
                _ensure_exact(int(given[large]), f"{path}: row {large + 1}: column '{name}'")
        columns.append(column)
    x = np.stack(columns, axis=1)
    if (wrong := misfit(x, types)) is not None:
        raise UsageError(f"{path}: row {wrong.row + 1}: column '{names[wrong.column]}': {wrong.message}")
    return x


def table_text(y: np.ndarray, header: Sequence[str] | None, words: Sequence[Sequence[str]] | None = None) -> str:
    """Rows [n, results] as CSV, `words` at the end of each. Without a header, for reading: values apart by spaces."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="," if header else " ", lineterminator="\n")
    if header:
        writer.writerow(header)
    more = [[]] * len(y) if words is None else words
    writer.writerows([[*(f"{v:.12g}" for v in row), *own] for row, own in zip(y, more, strict=True)])
    return out.getvalue()


def aligned_text(lines: Sequence[Sequence[str]]) -> str:
    """A few lines of cells to read, in columns."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, cells, widths)).rstrip() + "\n" for cells in lines)


def row_facts(columns: Sequence[str], y: np.ndarray) -> list[dict[str, float | None]]:
    """Rows [n, results] for JSON, which has neither NaN nor infinity: None."""
    plain = np.where(np.isfinite(y), y, np.nan).tolist()
    return [{c: None if v != v else v for c, v in zip(columns, row, strict=True)} for row in plain]


def row_warning(x: np.ndarray, arguments: Sequence[Argument]) -> str | None:
    """What to say of rows [n, arguments] that are outside the domain, or None."""
    low, high = np.array([[a.low, a.high] for a in arguments]).T
    outside = (x < low) | (x > high)
    if not outside.any():
        return None
    those = [a for a, any_out in zip(arguments, outside.any(0), strict=True) if any_out]
    which = enough([f"{name} in [{a.low:g}, {a.high:g}]" for name, a in domain_groups(those)], len(those))
    count = f"{int(outside.any(1).sum()):,} of {len(x):,} rows are" if len(x) > 1 else "the input is"
    return f"{count} outside the domain ({which}), where the surrogate extrapolates"


def _read_text(path: str, shown: str) -> str:
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as e:
        raise UsageError(f"{shown}: cannot be read: {e.strerror or e}") from e
    except UnicodeDecodeError as e:
        raise UsageError(f"{shown}: not a text file in UTF-8") from e


def _header_columns(header: list[str], names: Sequence[str], place: str) -> list[int]:
    missing = [n for n in names if n not in header]
    if missing:
        spare = [h for h in header if h not in names]
        guess = f"; it has '{close}'" if (close := nearest(missing[0], spare)) else ""
        raise UsageError(f"{place}: the header has no column '{missing[0]}'{guess} (needed are {listed(names)})")
    return [header.index(n) for n in names]


def _cell(text: str, place: str, type: Scalar | None) -> float:
    """The number of a cell; of its type (None: any), what `misfit` finds in whole columns is not looked at."""
    if type is BOOL and text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    try:
        given = number(text)
        value = float(given)
    except ValueError:
        given = value = math.nan
    except OverflowError:
        value = math.inf
    if math.isinf(value) and any(map(str.isdigit, text)):
        raise UsageError(f"{place}: '{text}' does not fit a double, and numbers are read as doubles")
    if not math.isfinite(value):
        raise UsageError(f"{place}: '{text}' is not a finite number")
    if type is not None and type.is_integer:
        _ensure_exact(given, place)
    return value


def _ensure_exact(value: int | float, place: str) -> None:
    """Raises UsageError for a whole number that is no double."""
    if float(value) != value:
        raise UsageError(f"{place}: {value} is {float(value):.0f} as a double, and numbers are read as doubles")


def _is_number(text: str) -> bool:
    try:
        number(text)
    except OverflowError:
        return True
    except ValueError:
        return text.lower() in _TRUTH
    return True
