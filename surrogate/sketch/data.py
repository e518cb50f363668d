"""Examples of a sketch: its arguments and results as arrays in an .npz file, or as columns of a table."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.frontend.sketching import Sketch
from cprograms.program import Parameter
from cprograms.types import Array as ArrayType
from cprograms.types import Scalar
from surrogate.numeric.tables import read_rows
from surrogate.sketch.model import Inputs

RESULT = "result"
"""The array of results, [n] or [n, results]."""
_ZIP = b"PK"
"""How an .npz file begins, an archive."""
_DAMAGED = (OSError, ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise for an archive that is not whole."""


@dataclass(frozen=True)
class Examples:
    """`results` is float64 [n, results], or None where there are none."""

    inputs: Inputs
    results: np.ndarray | None

    def __len__(self) -> int:
        return len(self.inputs)

    def at(self, rows: np.ndarray) -> Examples:
        return Examples(self.inputs.at(torch.from_numpy(rows)), None if self.results is None else self.results[rows])


def read_examples(sketch: Sketch, path: str, with_results: bool = True) -> Examples:
    """Raises UsageError for a file that cannot be read, an array that is missing or of another shape, or a number that
    is not finite or out of range, with its row."""
    if Path(path).suffix in (".csv", ".parquet") or path == "-":
        return _from_table(sketch, path, with_results)
    return examples_of(sketch, _arrays(path), path, with_results)


def _arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name. Raises UsageError where it cannot be read, or holds something else."""
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except (OSError, ValueError) as e:  # a name with a zero in it is a ValueError
        raise UsageError(f"{path}: cannot be read: {getattr(e, 'strerror', None) or e}") from e
    if content.startswith(np.lib.format.MAGIC_PREFIX):
        raise UsageError(f"{path}: one array; an .npz file has a named array for each argument")
    if not content.startswith(_ZIP):
        raise UsageError(f"{path}: no .npz file, and no table: its name ends in neither .csv nor .parquet")
    name = ""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {}
            for name in file.files:
                arrays[name] = file[name]
    except _DAMAGED as e:
        if name and "allow_pickle" in str(e):
            raise UsageError(f"{path}: '{name}' holds objects, not numbers") from e
        raise UsageError(f"{path}: the .npz file is damaged{f', at its array {name!r}' if name else ''}") from e
    return arrays


def examples_of(
    sketch: Sketch, arrays: Mapping[str, Any], path: str = "the data", with_results: bool = True
) -> Examples:
    """The examples of arrays by name: a parameter's of shape [n, …] as C declares it, and `result`."""
    needed = [*(p.name for p in sketch.pictures), *(p.name for p in sketch.given), *([RESULT] if with_results else [])]
    for name in needed:
        if name not in arrays:
            guess = did_you_mean(name, arrays)
            raise UsageError(f"{path}: there is no array '{name}'; {guess}it needs {', '.join(needed)}")
    taken = {name: _numeric(name, arrays[name], path) for name in needed}
    n = len(taken[needed[0]])
    pictures: dict[int, list[np.ndarray]] = {}
    for p in sketch.pictures:
        cells = _shaped(p.name, taken[p.name], n, (*p.shape, p.size), path)
        pictures.setdefault(p.size, []).append(cells.reshape(n, -1, p.size))
    numbers: dict[int, torch.Tensor] = {}
    for parameter in sketch.given:
        shape = _extents(parameter)
        values = _shaped(parameter.name, taken[parameter.name], n, shape, path).reshape(n, -1)
        for place, k in enumerate(parameter.arguments):
            if k is not None:
                numbers[k] = torch.from_numpy(_in_range(sketch, k, values[:, place], path))
    results = _results(sketch, taken[RESULT], n, path) if with_results else None
    joined = {size: torch.from_numpy(np.concatenate(c, axis=1).astype(np.float32)) for size, c in pictures.items()}
    return Examples(Inputs(joined, numbers), results)


def _from_table(sketch: Sketch, path: str, with_results: bool) -> Examples:
    """Of a sketch without pictures: a column for each argument and result."""
    if sketch.pictures:
        raise UsageError(f"{path}: pictures need an .npz file, with an array '{sketch.pictures[0].name}'")
    places = [k for p in sketch.given for k in p.arguments if k is not None]
    arguments = [sketch.program.arguments[k].name for k in places]
    results = [r.name for r in sketch.program.results] if with_results else []
    rows = read_rows(path, [*arguments, *results], [sketch.program.arguments[k].type for k in places])
    for place, name in enumerate([*arguments, *results]):
        _finite(name, rows[:, place], path)
    columns = {k: torch.from_numpy(_in_range(sketch, k, rows[:, j], path)) for j, k in enumerate(places)}
    found = _results(sketch, rows[:, len(places) :], len(rows), path) if with_results else None
    return Examples(Inputs({}, columns), found)


def _numeric(name: str, array: np.ndarray, path: str) -> np.ndarray:
    values = np.asarray(array)
    if values.dtype.kind not in "biuf":
        raise UsageError(f"{path}: '{name}' holds {values.dtype}, not numbers")
    if not values.ndim or not len(values):
        raise UsageError(f"{path}: '{name}' holds no examples")
    _finite(name, values, path)
    return values


def _finite(name: str, values: np.ndarray, path: str) -> None:
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(1)
    if bad.any():
        raise UsageError(f"{path}: row {int(bad.argmax())}: '{name}' is not finite")


def _shaped(name: str, values: np.ndarray, n: int, shape: Sequence[int], path: str) -> np.ndarray:
    if len(values) != n:
        raise UsageError(f"{path}: '{name}' has {len(values)} rows, others have {n}")
    if values.shape[1:] != tuple(shape):
        wanted = ", ".join(map(str, (n, *shape)))
        raise UsageError(f"{path}: '{name}' has shape {list(values.shape)}, and [{wanted}] is needed")
    return values


def _in_range(sketch: Sketch, k: int, values: np.ndarray, path: str) -> np.ndarray:
    """A column of an argument, whole numbers in its range where it is one."""
    a = sketch.program.arguments[k]
    if not a.type.is_integer:
        return values.astype(np.float64)
    bad = (values != np.floor(values)) | (values < a.low) | (values > a.high)
    if bad.any():
        row = int(bad.argmax())
        raise UsageError(
            f"{path}: row {row}: '{a.name}' is {values[row]:g}, and must be a whole number from {a.low:g} to {a.high:g}"
        )
    return values.astype(np.int64)


def _results(sketch: Sketch, values: np.ndarray, n: int, path: str) -> np.ndarray:
    count = len(sketch.program.results)
    values = _shaped(RESULT, values, n, () if count == 1 and values.ndim == 1 else (count,), path).reshape(n, count)
    for k, result in enumerate(sketch.program.results):
        bad = values[:, k] != np.floor(values[:, k])
        if result.type.is_integer and bad.any():
            row = int(bad.argmax())
            raise UsageError(f"{path}: row {row}: the result '{result.name}' is {values[row, k]:g}, no whole number")
    return values.astype(np.float64)


def _extents(parameter: Parameter) -> tuple[int, ...]:
    """Those of a parameter's array of examples: as it is declared, a number for each leaf of what holds structs."""
    if len(parameter.arguments) == 1:
        return ()
    shape, type = [], parameter.type
    while isinstance(type, ArrayType):
        shape.append(type.length)
        type = type.element
    return tuple(shape) if isinstance(type, Scalar) else (len(parameter.arguments),)
