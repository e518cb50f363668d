"""Inputs as users give them, numbers by position or by name, as one array of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.names import Places, arrays, element, enough, grouped, listed

Rows = npt.NDArray[np.float64]


def inputs_of(given: Any, columns: Mapping[str, Any], names: Sequence[str]) -> Rows:
    """What was given, positionally or as keywords, as float64 [..., A], a masked array where something is masked.

    `given` is an array of shape [..., A] or what numpy makes one of; or, with names that are matched, a mapping, a data
    frame or one of its rows, a structured array, a list of mappings or of named tuples. Where arguments are elements of
    an array, the array's name stands for all of them: its last axes are the array's. A mapping within one has the
    fields of a struct. Columns and keywords are broadcast against each other. What is masked is NaN under the mask.

    Raises ValueError for another last axis, for what are no real numbers, for names that are missing or unknown.
    """
    if (given is None) == (not columns):
        raise ValueError(f"give either an array of shape [..., {len(names)}] or values by name: {expected(names)}")
    named = columns if given is None else columns_of(given)
    if named is not None:
        return _stacked(named, names)
    x = _numbers(given, "the inputs")
    if x.ndim == 0 or x.shape[-1] != len(names):
        raise ValueError(shape_fault(x.shape, names))
    return x


def shape_fault(shape: Sequence[int], names: Sequence[str]) -> str:
    """What to say of inputs whose last axis is not the arguments."""
    by_name = f" (or {names[0]}=..., of any shape)" if len(names) == 1 else ""
    needed = f"inputs of shape [..., {len(names)}] are needed, the last axis is {listed(names)}"
    return f"{needed}{by_name}; not {list(shape)}"


def masked_like(y: Rows, x: Rows) -> Rows:
    """Results [..., R] of inputs [..., A]: where an argument is masked, they are masked too, and NaN below the mask."""
    if not np.ma.isMaskedArray(x):
        return y
    mask = np.broadcast_to(np.ma.getmaskarray(x).any(-1, keepdims=True), y.shape)
    return np.ma.MaskedArray(np.where(mask, np.nan, y), mask)


def columns_of(given: Any) -> Mapping[Any, Any] | None:
    """Inputs by name, or None where they have no names."""
    if isinstance(given, Mapping):
        return given
    if isinstance(given, list | tuple) and given and all(_record(row) is not None for row in given):
        return _joined([_record(row) or {} for row in given])
    if (record := _record(given)) is not None:
        return record
    if (fields := getattr(getattr(given, "dtype", None), "names", None)) is not None:
        return _unique(fields, given)
    # Arrow's tables and data sets say `column_names`, other frames `columns`; a frame's row has an index of names.
    for attribute in ("column_names", "columns"):
        labels = getattr(given, attribute, None)
        if labels is not None and not callable(labels):
            return _unique(labels, given)
    labels = getattr(given, "index", None)
    if labels is not None and not callable(labels) and any(isinstance(label, str) for label in labels):
        return _unique(labels, given)
    return None


def _record(row: Any) -> Mapping[str, Any] | None:
    """A row with names: a mapping or a named tuple."""
    if isinstance(row, tuple) and hasattr(row, "_fields"):
        return dict(zip(row._fields, row, strict=True))
    return row if isinstance(row, Mapping) else None


def _joined(records: Sequence[Mapping[Any, Any]]) -> Mapping[Any, Any]:
    first = records[0]
    for i, record in enumerate(records):
        if set(record) != set(first):
            raise ValueError(f"row {i} has the names {_shown(record)}, row 0 has {_shown(first)}")
    return {name: [record[name] for record in records] for name in first}


def _unique(labels: Any, given: Any) -> Mapping[Any, Any]:
    found = list(labels)
    if twice := [label for label in found if found.count(label) > 1]:
        raise ValueError(f"there are several columns {twice[0]!r}")
    return {label: given[label] for label in found}


def expected(names: Sequence[str]) -> str:
    """The names in words, with the shapes of what may be given as one array."""
    shapes = {name: f"{name} of shape {_shape(places.shape)}" for name, places in arrays(names).items()}
    scalars = [name for name in names if element(name)[0] not in shapes]
    return ", ".join([*shapes.values(), *([listed(scalars)] if scalars else [])])


def _shape(axes: Sequence[int]) -> str:
    return f"[{', '.join(['...', *map(str, axes)])}]"


def _apart(columns: Mapping[Any, Any], names: Sequence[str]) -> dict[Any, Any]:
    """The columns with structs apart in fields and arrays in elements, an element given twice being an error."""
    known = arrays(names)
    found: dict[Any, Any] = {}
    for name, value in _fields(columns):
        own = _elements(name, value, known[name], names) if name in known else {name: value}
        if twice := own.keys() & found.keys():
            raise ValueError(f"there are several values for {listed(sorted(twice))}")
        found |= own
    return found


def _fields(columns: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for name, value in columns.items():
        rows = isinstance(value, list | tuple) and len(value) and all(isinstance(row, Mapping) for row in value)
        struct = _joined(value) if rows else value
        if isinstance(struct, Mapping):
            yield from _fields({f"{name}.{field}": own for field, own in struct.items()})
        else:
            yield name, value


def _elements(name: str, given: Any, places: Places, names: Sequence[str]) -> dict[str, Rows]:
    """An array's values as those of its elements that are arguments."""
    value = _numbers(given, f"'{name}'")
    if value.shape[max(0, value.ndim - places.ndim) :] != places.shape:
        raise ValueError(f"'{name}' of shape {_shape(places.shape)} is needed, not {list(value.shape)}")
    return {names[int(place)]: value[(..., *index)] for index, place in np.ndenumerate(places) if place >= 0}


def _stacked(given: Mapping[Any, Any], names: Sequence[str]) -> Rows:
    """The columns in the order of the arguments."""
    columns = _apart(given, names)
    missing = [name for name in names if name not in columns]
    unknown = [name for name in columns if name not in names]
    if missing or unknown:
        faults = [f"no values for {listed(missing)}"] if missing else []
        faults += [f"there is no argument {_shown(unknown)}"] if unknown else []
        raise ValueError(f"{' and '.join(faults)}; the arguments are {expected(names)}")
    values = [_numbers(columns[name], f"'{name}'") for name in names]
    try:
        shape = np.broadcast_shapes(*(v.shape for v in values))
    except ValueError:
        shapes = _batches(names, [v.shape for v in values])
        raise ValueError(f"these shapes do not go together: {shapes}") from None
    x: Rows = np.stack([np.broadcast_to(v, shape) for v in values], axis=-1)
    if any(np.ma.isMaskedArray(v) for v in values):
        mask = np.stack([np.broadcast_to(np.ma.getmaskarray(v), shape) for v in values], axis=-1)
        return np.ma.MaskedArray(x, mask)
    return x


def _batches(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> str:
    shown = [f"{text} {list(shapes[place])}" for text, place in grouped(names, shapes)]
    return enough(shown, len(names))


def _shown(names: Any) -> str:
    """The first few, so that a wide frame's message can be read."""
    few = [repr(name) for name in list(names)[:5]]
    return ", ".join([*few, "…"] if len(names) > len(few) else few)


def _numbers(given: Any, what: str) -> Rows:
    """Real numbers as float64, in a masked array where some are masked, with NaN there.

    Raises ValueError for what are no real numbers: text, None, objects, complex numbers, rows of different lengths.
    """
    masked = np.ma.isMaskedArray(given)
    if isinstance(given, list | tuple):
        masked = any(np.ma.isMaskedArray(part) for part in given)
    try:
        # Asked for floats at once, numpy would read text as numbers, and None as NaN.
        found = np.ma.array(given) if masked else np.asarray(given)
        if not isinstance(given, np.ndarray) and found.dtype == object and _are_numbers(given, found):
            found = np.asarray(given, dtype=np.float64)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(f"{what}: not an array of numbers: {_first_line(error)}") from error
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{what}: numbers are needed, not {_kind(given, found)}")
    values = found.astype(np.float64)
    if masked:
        return np.ma.MaskedArray(np.ma.filled(values, np.nan), np.ma.getmaskarray(values))
    return values


def _are_numbers(given: Any, found: npt.NDArray[Any]) -> bool:
    """Whether objects are numbers in all but numpy's types: whole ones of more than 64 bits, a frame's missing ones."""
    if getattr(getattr(given, "dtype", None), "kind", "O") in "biuf":
        return True
    return all(isinstance(v, int | float) for v in found.flat)


def _kind(given: Any, found: npt.NDArray[Any]) -> str:
    if found.dtype != object:
        return {"c": "complex ones", "U": "text", "S": "text"}.get(found.dtype.kind, f"values of type {found.dtype}")
    wrong = [v for v in found.flat if not isinstance(v, int | float)]
    return f"objects such as {wrong[0]!r:.40}" if wrong else "an array of objects; astype(float) makes numbers of it"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
