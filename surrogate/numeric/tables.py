"""Rows of numbers from the command line and CSV files, and back."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cprograms.diagnostics import UsageError, nearest
from cprograms.names import counted, enough, listed
from cprograms.options import number
from cprograms.program import Argument, domain_groups


class OutOfDomainWarning(UserWarning):
    """Rows of a prediction are outside the domain: the surrogate extrapolates there, and nothing was measured."""


def parse_values(values: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """One row, float64 [1, arguments]. Raises UsageError for a wrong count or what is not a finite number."""
    if len(values) != len(names):
        raise UsageError(f"{counted(len(names), 'value is', 'values are')} needed ({listed(names)}), not {len(values)}")
    return np.array([[_cell(v.strip(), f"argument '{n}'") for v, n in zip(values, names, strict=True)]])


def read_rows(path: str, names: Sequence[str]) -> np.ndarray:
    """The rows of a CSV file ("-" is stdin), or of a .parquet one: float64 [n, names].

    A first line without any number is a header: it must name every argument, in any order, and other columns are
    skipped. Without a header the columns are the arguments in order. Blank lines are skipped.

    Raises UsageError, with the line, for a cell that is not a finite number, a line of another width, a missing column,
    and a file that cannot be read or has no rows.
    """
    if path.endswith(".parquet"):
        return _parquet_rows(path, names)
    shown = "<stdin>" if path == "-" else path
    reader = csv.reader(io.StringIO(_read_text(path, shown), newline=""), skipinitialspace=True)
    columns: list[int] | None = None
    width = len(names)
    rows: list[list[float]] = []
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
            rows.append([_cell(cells[c].strip(), f"{place}: column {c + 1}") for c in columns])
    except csv.Error as e:
        raise UsageError(f"{shown}:{reader.line_num}: {e}") from e
    if not rows:
        raise UsageError(f"{shown}: no rows")
    return np.array(rows)


def _parquet_rows(path: str, names: Sequence[str]) -> np.ndarray:
    import pyarrow as pa  # takes long to import, and most rows are text
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as e:
        raise UsageError(f"{path}: cannot be read: {str(e).splitlines()[0]}") from e
    places = _header_columns(table.column_names, names, path)
    if not table.num_rows:
        raise UsageError(f"{path}: no rows")
    columns = []
    for place, name in zip(places, names, strict=True):
        try:
            column = table.column(place).to_numpy().astype(np.float64)
        except (TypeError, ValueError, pa.ArrowException) as e:
            raise UsageError(f"{path}: column '{name}' is of {table.column(place).type}, not of numbers") from e
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise UsageError(f"{path}: row {row + 1}: column '{name}': '{column[row]}' is not a finite number")
        columns.append(column)
    return np.stack(columns, axis=1)


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


def _cell(text: str, place: str) -> float:
    try:
        value = float(number(text))
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{place}: '{text}' is not a finite number")
    return value


def _is_number(text: str) -> bool:
    try:
        number(text)
    except (ValueError, OverflowError):
        return False
    return True
