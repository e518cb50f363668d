"""C types as the numeric subset sees them: scalars of the LP64 model, what is made of them, and pointers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

ScalarKind = Literal["bool", "int", "uint", "float"]


@dataclass(frozen=True)
class Scalar:
    """An arithmetic type. `name` is the C spelling, `code` the key of `SCALARS` (bool, i8 … u64, f32, f64)."""

    code: str
    name: str
    kind: ScalarKind
    bits: int

    @property
    def dtype(self) -> np.dtype:
        return _DTYPES[self.code]

    @property
    def is_integer(self) -> bool:
        """True for every type but float and double (`_Bool` counts as an integer type, as in C)."""
        return self.kind != "float"

    @property
    def limits(self) -> tuple[float, float]:
        """Least and greatest value that the type holds."""
        if self.kind == "float":
            greatest = float(np.finfo(self.dtype).max)
            return -greatest, greatest
        return (-(1 << self.bits - 1), (1 << self.bits - 1) - 1) if self.kind == "int" else (0, (1 << self.bits) - 1)

    def nearest(self, value: float) -> float:
        """A floating number as the type holds it, where it is beyond the limits by less than rounding: FLT_MAX as it
        is written, 3.4028235e38. Others are as they are."""
        least, greatest = self.limits
        fits = least <= value <= greatest or not bool(self.holds(np.array(float(value))))
        return value if self.is_integer or fits else min(max(value, least), greatest)

    def holds(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which numbers [...] it holds: of an integer type whole ones within its limits, else finite ones, rounded."""
        if not self.is_integer:
            with np.errstate(over="ignore"):
                finite: npt.NDArray[np.bool_] = np.isfinite(values.astype(self.dtype))
            return finite
        least, greatest = self.limits
        # The greatest 64-bit integers are no doubles, the numbers after them are.
        held: npt.NDArray[np.bool_] = (values == np.floor(values)) & (values >= least) & (values < greatest + 1)
        return held


SCALARS = {
    s.code: s
    for s in (
        Scalar("bool", "_Bool", "bool", 1),
        Scalar("i8", "signed char", "int", 8),
        Scalar("u8", "unsigned char", "uint", 8),
        Scalar("i16", "short", "int", 16),
        Scalar("u16", "unsigned short", "uint", 16),
        Scalar("i32", "int", "int", 32),
        Scalar("u32", "unsigned int", "uint", 32),
        Scalar("i64", "long long", "int", 64),
        Scalar("u64", "unsigned long long", "uint", 64),
        Scalar("f32", "float", "float", 32),
        Scalar("f64", "double", "float", 64),
    )
}
_DTYPES = {
    "bool": np.dtype(np.bool_),
    **{f"i{b}": np.dtype(f"int{b}") for b in (8, 16, 32, 64)},
    **{f"u{b}": np.dtype(f"uint{b}") for b in (8, 16, 32, 64)},
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}
INT, UINT, FLOAT, DOUBLE = (SCALARS[c] for c in ("i32", "u32", "f32", "f64"))


@dataclass(frozen=True)
class Bits:
    """A bit-field: an integer type, of which it has `width` bits.

    `after` are those without a name that lie between the field before it and this one, none of them a leaf: the bits of
    their type, and how many of these they have.
    """

    scalar: Scalar
    width: int
    after: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Struct:
    """A struct; `fields` in order of declaration, those without a name of their own are called ""."""

    name: str
    fields: tuple[tuple[str, CType], ...]


@dataclass(frozen=True)
class Union:
    """A union; all of its fields lie at its start."""

    name: str
    fields: tuple[tuple[str, CType], ...]


@dataclass(frozen=True)
class Array:
    element: CType
    length: int


@dataclass(frozen=True)
class Void:
    """No type, or one that nothing is known of: a struct that is not defined (yet), and then its tag."""

    tag: str = ""


@dataclass(frozen=True)
class Function:
    """What a pointer to a function points to."""


@dataclass(frozen=True)
class Pointer:
    target: CType | Void | Function


CType = Scalar | Bits | Struct | Union | Array | Pointer
Leaf = Scalar | Bits | Pointer
"""What a type is made of in the end."""


def find(type: CType | Void | Function, name: str) -> tuple[int, ...] | None:
    """The way to a field: its number, after those of the unnamed members that it lies in. None where there is none."""
    for number, (known, inner) in enumerate(type.fields if isinstance(type, Struct | Union) else ()):
        if known == name:
            return (number,)
        if not known and (rest := find(inner, name)) is not None:
            return (number, *rest)
    return None


def paths(type: CType, at: str = "") -> Iterator[tuple[str, Leaf]]:
    """The leaves of a type in order of declaration, each with the C text that leads to it: `[2].x`.

    Of a union it is the leaves of the first member that fills it.
    """
    if isinstance(type, Array):
        for k in range(type.length):
            yield from paths(type.element, f"{at}[{k}]")
    elif isinstance(type, Struct):
        for name, inner in type.fields:
            yield from paths(inner, f"{at}.{name}" if name else at)
    elif isinstance(type, Union):
        name, inner = max(type.fields, key=lambda field: bytes_of(field[1]))
        yield from paths(inner, f"{at}.{name}" if name else at)
    else:
        yield at, type


def leaf_count(type: CType) -> int:
    """How many leaves `paths` gives."""
    if isinstance(type, Array):
        return type.length * leaf_count(type.element)
    if isinstance(type, Struct):
        return sum(leaf_count(inner) for _, inner in type.fields)
    if isinstance(type, Union):
        return leaf_count(max(type.fields, key=lambda field: bytes_of(field[1]))[1])
    return 1


def flexible(type: CType) -> str | None:
    """The name of a field that is an array without elements, where a type has one."""
    for name, inner in type.fields if isinstance(type, Struct | Union) else ():
        if isinstance(inner, Array) and inner.length == 0:
            return name
        if (found := flexible(inner)) is not None:
            return found
    return flexible(type.element) if isinstance(type, Array) else None


POINTER_BYTES = 8


@lru_cache(maxsize=4096)
def bytes_of(type: CType) -> int:
    """Bytes of a type in the LP64 model, the padding of structs included."""
    if isinstance(type, Array):
        return type.length * bytes_of(type.element)
    if isinstance(type, Struct):
        end = 0
        for _, at, inner in offsets(type):
            end = max(end, at + bytes_of(inner))
        return _aligned(end, alignment_of(type))
    if isinstance(type, Union):
        return _aligned(max(bytes_of(inner) for _, inner in type.fields), alignment_of(type))
    if isinstance(type, Pointer):
        return POINTER_BYTES
    return max((type.scalar if isinstance(type, Bits) else type).bits // 8, 1)


@lru_cache(maxsize=4096)
def alignment_of(type: CType) -> int:
    if isinstance(type, Array):
        return alignment_of(type.element)
    if isinstance(type, Struct | Union):
        return max((alignment_of(inner) for _, inner in type.fields), default=1)
    return bytes_of(type)


def offsets(type: Struct) -> Iterator[tuple[str, int, CType]]:
    """Each field's name, its first byte and its type; see `bit_offsets`."""
    return ((name, at, inner) for name, at, _, inner in bit_offsets(type))


def bit_offsets(type: Struct) -> Iterator[tuple[str, int, int, CType]]:
    """Each field's name, its first byte, its first bit there and its type.

    Bit-fields share units of their type, as on x86-64, and begin in the unit's first byte.
    """
    reached = 0  # bits, counted from the struct's start
    for name, inner in type.fields:
        if isinstance(inner, Bits):
            for unit, width in inner.after:
                reached = _fitting(reached, unit, width) + width
            unit = 8 * bytes_of(inner)
            start = _fitting(reached, unit, inner.width)
            reached = start + inner.width
            yield name, start // unit * unit // 8, start % unit, inner
            continue
        at = _aligned(-(-reached // 8), alignment_of(inner))
        reached = 8 * (at + bytes_of(inner))
        yield name, at, 0, inner


def _fitting(start: int, unit: int, width: int) -> int:
    """The first bit from `start` on where a bit-field lies in one unit; one of width 0 begins another."""
    crosses = start // unit != (start + width - 1) // unit
    return _aligned(start, unit) if crosses or not width else start


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


# `long` is 64-bit and `long double` is double: users expect LP64, and the sandbox is a 32-bit target without extended
# precision.
_SPELLINGS = {
    "_Bool": "bool",
    "bool": "bool",
    "char": "i8",
    "signed char": "i8",
    "unsigned char": "u8",
    "short": "i16",
    "unsigned short": "u16",
    "int": "i32",
    "signed": "i32",
    "unsigned": "u32",
    "long": "i64",
    "unsigned long": "u64",
    "float": "f32",
    "double": "f64",
    "long double": "f64",
}


def scalar_of_names(names: list[str]) -> Scalar | None:
    """The scalar that a list of type keywords spells (`["unsigned", "long", "int"]`), or None where they spell none.

    Plain `char` is signed, as on x86-64.
    """
    return _scalar_of_names(tuple(names))


@cache
def _scalar_of_names(names: tuple[str, ...]) -> Scalar | None:
    words = [n for n in names if n not in ("const", "volatile", "register")]
    core = [w for w in words if w in ("char", "short", "float", "double", "_Bool", "bool")]
    longs = words.count("long")
    sign = "unsigned " if "unsigned" in words else ""
    if core == ["char"] and "signed" in words:
        sign = "signed "
    if any(w not in ("int", "long", "signed", "unsigned", *core) for w in words) or len(core) > 1 or not words:
        return None
    if core:
        key = f"long {core[0]}" if longs else sign + core[0]
    elif longs:
        key = sign + "long"
    else:
        key = "unsigned" if sign else "int"
    code = _SPELLINGS.get(key)
    return SCALARS[code] if code else None


def promote(t: Scalar) -> Scalar:
    """Integer promotion (C11 6.3.1.1): every integer type narrower than int becomes int."""
    return INT if t.is_integer and t.bits < 32 else t


def usual_conversion(a: Scalar, b: Scalar) -> Scalar:
    """The common type of a binary operator's operands (C11 6.3.1.8)."""
    if "float" in (a.kind, b.kind):
        return DOUBLE if "f64" in (a.code, b.code) else FLOAT
    a, b = promote(a), promote(b)
    if a.bits != b.bits:
        return a if a.bits > b.bits else b
    return a if a.kind == "uint" else b
