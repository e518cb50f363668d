"""The names of arguments and results, which are C expressions: the arrays that they are elements of, and many of them
in few words.

An array's name is that of its elements without the indices: `w[1][2]` is an element of `w`, `p[3].x` of `p.x`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from math import prod

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Index = tuple[int, ...]
Box = tuple[tuple[int, int], ...]

MOST_SHOWN = 16
"""Names, or groups of them, that a message lists."""
FEWEST_NUMBERED = 9
"""So many names such as x0, x1, … in a row are shown as one."""
_MOST_ELEMENTS = 65_536
_INDEX = re.compile(r"\[(\d{1,9})\]")
_NUMBERED = re.compile(r"(.*\D)(0|[1-9]\d*)")
AFTER = " after"


def element(name: str) -> tuple[str, Index]:
    """The array that a name is an element of, and where in it: ("x", ()) for `x`, which is of none."""
    return _INDEX.sub("", name), tuple(map(int, _INDEX.findall(name)))


def arrays(names: Sequence[str]) -> dict[str, Places]:
    """The arrays that some names are elements of: the place of each element among the names, -1 where it has none."""
    known: dict[str, dict[Index, int]] = defaultdict(dict)
    for place, name in enumerate(names):
        array, index = element(name)
        if index:
            known[array][index] = place
    found = {}
    for array, places in known.items():
        shape = [1 + max(index) for index in zip(*places, strict=False)]
        if {len(shape)} == {len(index) for index in places} and prod(shape) <= _MOST_ELEMENTS:
            found[array] = np.full(shape, -1, dtype=np.int64)
            for index, place in places.items():
                found[array][index] = place
    return found


def result_columns(arguments: Sequence[str], results: Sequence[str]) -> list[str]:
    """What the results are called in a table that may have the arguments beside them: `w[0] after` where `w[0]` is an
    argument too."""
    given = set(arguments)
    return [name + AFTER if name in given else name for name in results]


# --- In few words ---


def grouped(names: Sequence[str], keys: Sequence[Hashable]) -> list[tuple[str, int]]:
    """Names in as few as there are for equal keys, `w[0..8]` or `x0..x39`, and the place of the first of each.

    The elements of an array come together; others only where they are neighbours.
    """
    groups: dict[Hashable, list[int]] = {}
    run, last = 0, None
    for place, (name, key) in enumerate(zip(names, keys, strict=True)):
        array, index = element(name)
        if index:
            groups.setdefault((array, len(index), key), []).append(place)
            last = None
        else:
            run += last is None or last != (key,)
            last = (key,)
            groups.setdefault(run, []).append(place)
    found: list[tuple[str, int]] = []
    for places in groups.values():
        first = {names[place]: place for place in reversed(places)}
        own = [names[place] for place in places]
        found += [(text, first[name]) for text, name in (_boxes(own) if element(own[0])[1] else _numbered(own))]
    return found


def shortened(names: Sequence[str]) -> list[str]:
    """The same, whatever the names stand for."""
    return [text for text, _ in grouped(names, [None] * len(names))]


def listed(names: Sequence[str], quote: str = "") -> str:
    """Names in a line that can be read."""
    return enough([f"{quote}{name}{quote}" for name in shortened(names)], len(names))


def counted(count: int, noun: str, several: str | None = None) -> str:
    """A number of something, as in "1 node", "1,000 nodes" or, where the plural is not that, "2 entries"."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def enough(shown: Sequence[str], count: int) -> str:
    """The first few of what stands for so many names, apart by commas."""
    if len(shown) <= MOST_SHOWN:
        return ", ".join(shown)
    return f"{', '.join(shown[: MOST_SHOWN - 4])}, … ({count} in all)"


def _boxes(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The elements of an array as ranges of indices, and the first element of each."""
    parts = _INDEX.split(names[0])[::2]  # what stands between the indices
    for box in _covered([element(name)[1] for name in names]):
        ranges = [f"[{low}]" if low == high else f"[{low}..{high}]" for low, high in box]
        firsts = [f"[{low}]" for low, _ in box]
        text, first = ("".join(map("".join, zip(parts, [*own, ""], strict=True))) for own in (ranges, firsts))
        yield text, first


def _covered(indices: Sequence[Index]) -> list[Box]:
    """Boxes that hold these indices and no others."""
    if not indices[0]:
        return [()]
    rest: dict[int, list[Index]] = defaultdict(list)
    for first, *others in sorted(set(indices)):
        rest[first].append(tuple(others))
    runs: list[tuple[int, int, list[Box]]] = []
    for first, own in rest.items():
        boxes = _covered(own)
        if runs and runs[-1][1] == first - 1 and runs[-1][2] == boxes:
            runs[-1] = (runs[-1][0], first, boxes)
        else:
            runs.append((first, first, boxes))
    return [((low, high), *box) for low, high, boxes in runs for box in boxes]


def _numbered(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names, those of long runs of numbers as one, and the first name of each."""
    runs: list[list[str]] = []
    for name in names:
        before, own = (_NUMBERED.fullmatch(n) for n in (runs[-1][-1] if runs else "", name))
        if before and own and before[1] == own[1] and int(own[2]) == int(before[2]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    for run in runs:
        if len(run) < FEWEST_NUMBERED:
            yield from ((name, name) for name in run)
        else:
            yield f"{run[0]}..{run[-1]}", run[0]
