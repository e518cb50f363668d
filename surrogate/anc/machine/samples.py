"""Tapes before and after a run; as JSON lines, one `{"in": [...], "out": [...], "mask": [...]}` a line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import UsageError
from cprograms.names import counted
from surrogate.anc.machine.instructions import Values

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Samples:
    """Tapes before and after: tape [n, M], target [n, M] (ints), mask [n, M] (bool, the cells that count)."""

    tape: Values
    target: Values
    mask: Mask

    def take(self, rows: Values | slice) -> Samples:
        """The samples with these numbers."""
        return Samples(self.tape[rows], self.target[rows], self.mask[rows])

    def wrong(self, tape: Values, stopped: Mask) -> Mask:
        """Which executions, that left tape [..., n, M], did not stop or differ in a cell that counts: [..., n]."""
        wrong: Mask = ((tape != self.target) & self.mask).any(-1) | ~stopped
        return wrong


def read_samples(path: str, memory_size: int) -> Samples:
    """The rows of a file ("-" is stdin). Raises UsageError as `parse_samples` does, and where it cannot be read."""
    shown = "<stdin>" if path == "-" else path
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return parse_samples(content.decode("utf-8-sig"), memory_size, shown)
    except OSError as e:
        raise UsageError(f"{shown}: cannot be read: {e.strerror or e}") from e
    except UnicodeDecodeError as e:
        raise UsageError(f"{shown}: not a text file in UTF-8") from e


def parse_samples(text: str, memory_size: int, name: str) -> Samples:
    """The rows of a text: tapes of at most M values of 0..M-1 before and after, and which cells of the latter count.

    "in" is filled with zeros; without "mask", the cells that "out" has count. Blank lines are skipped.

    Raises UsageError, with name:line, for a row of another form, width or range, and where there are no rows.
    """
    rows = [_row(line, memory_size, place) for place, line in _lines(text, name)]
    if not rows:
        raise UsageError(f"{name}: no rows")
    tape, target, mask = (np.stack(column) for column in zip(*rows, strict=True))
    return Samples(tape, target, mask.astype(bool))


def samples_text(samples: Samples) -> str:
    """The rows as `parse_samples` reads them."""
    rows = zip(samples.tape, samples.target, samples.mask.astype(int), strict=True)
    return "".join(json.dumps({"in": i.tolist(), "out": o.tolist(), "mask": m.tolist()}) + "\n" for i, o, m in rows)


def _lines(text: str, name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            yield f"{name}:{number}", line


def _row(line: str, memory_size: int, place: str) -> tuple[Values, Values, Values]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise UsageError(f"{place}: not JSON: {e}") from e
    if not isinstance(row, dict) or not {"in", "out"} <= set(row) <= {"in", "out", "mask"}:
        raise UsageError(f'{place}: a row is an object {{"in": [...], "out": [...], "mask": [...]}}')
    tape = _values(row["in"], memory_size, memory_size, f'{place}: "in"')
    target = _values(row["out"], memory_size, memory_size, f'{place}: "out"')
    mask = _values(row.get("mask", [1] * len(target)), memory_size, 2, f'{place}: "mask"')
    if len(mask) > len(target) and any(mask[len(target) :]):
        raise UsageError(f'{place}: "mask" counts cell {len(mask) - 1}, and "out" has {counted(len(target), "cell")}')
    if not any(mask):
        raise UsageError(f"{place}: no cell counts")
    return _filled(tape, memory_size), _filled(target, memory_size), _filled(mask, memory_size)


def _values(found: Any, width: int, bound: int, place: str) -> list[int]:
    if not isinstance(found, list) or not all(isinstance(v, int) for v in found):
        raise UsageError(f"{place} is a list of whole numbers")
    if not 1 <= len(found) <= width:
        raise UsageError(f"{place} has {counted(len(found), 'value')}; the memory has {width} cells")
    for cell, value in enumerate(found):
        if not 0 <= value < bound:
            raise UsageError(f"{place}: cell {cell} is {value}; values are from 0 to {bound - 1}")
    return found


def _filled(values: list[int], width: int) -> Values:
    return np.array(values + [0] * (width - len(values)), dtype=np.int64)
