"""What a user may say of a function's pointers whose extents the code does not tell: numbers that bound its loops."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.signature import Shape, Signature, asks_for_extent, is_unbounded
from cprograms.harvest.enums import enum_range
from cprograms.program import MAX_ARGUMENTS, MAX_RESULTS
from cprograms.trees import walk
from cprograms.types import Pointer, Scalar

EXTENTS = (4, 8, 16)
"""One of them, by the function's name, is tried; the least where it makes too many numbers."""
_LENGTHS = re.compile(
    r"^(?:ld\w|tda|num|[mnk]$|n[xyzrc]$)|(?:width|height|pitch|rows?|cols?|size|dim|len|length|count)$", re.IGNORECASE
)
"""Names of integers that are an array's extent in one direction, whether or not a loop counts up to them."""
_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)


@dataclass(frozen=True)
class _Parameters:
    """The integers that loops count up to, or that are named as lengths; the others, but for enums; and the pointers to
    numbers whose extent is not declared.
    """

    bounds: tuple[str, ...]
    others: tuple[str, ...]
    open: tuple[str, ...]


def settled(
    function: c_ast.FuncDef, declarations: Declarations, signature: Callable[[Shape], Signature]
) -> tuple[Signature, Shape]:
    """The signature of a function without settings, or else with the first of a few that make it numeric.

    Where none does, it is the one without, with its faults. `signature` finds the one with some settings.
    """
    plain = signature(Shape())
    if not any(asks_for_extent(fault) for fault in plain.faults):
        return plain, Shape()
    parameters = _parameters(function, declarations)
    extent = EXTENTS[zlib.crc32(function.decl.name.encode()) % len(EXTENTS)]
    for shape in _shapes(parameters, extent):
        found = signature(shape)
        if _is_too_large(found) and extent > EXTENTS[0]:
            shape = _with_least(shape, extent)
            found = signature(shape)
        if not found.faults:
            return found, shape
    return plain, Shape()


def _shapes(parameters: _Parameters, extent: int) -> Iterator[Shape]:
    """Bounds of loops fixed; the other integers (strides, offsets) fixed to 1 as well; extents given."""
    bounds = dict.fromkeys(parameters.bounds, extent)
    if bounds:
        yield Shape(fixed=bounds)
        if parameters.others:
            yield Shape(fixed=bounds | dict.fromkeys(parameters.others, 1))
    if parameters.open:
        yield Shape(sizes=dict.fromkeys(parameters.open, extent), fixed=bounds)
    if parameters.others and not bounds:
        yield Shape(fixed=dict.fromkeys(parameters.others, extent))


def _with_least(shape: Shape, extent: int) -> Shape:
    def less(given: dict[str, int | float]) -> dict[str, int | float]:
        return {name: EXTENTS[0] if value == extent else value for name, value in given.items()}

    return Shape(sizes={n: int(v) for n, v in less(dict(shape.sizes)).items()}, fixed=less(dict(shape.fixed)))


def _is_too_large(signature: Signature) -> bool:
    """Whether there are too many numbers, or elements that lie further than such an array has."""
    many = len(signature.arguments) > MAX_ARGUMENTS or len(signature.results) > MAX_RESULTS
    return many or any(asks_for_extent(f) and not is_unbounded(f) for f in signature.faults)


def _parameters(function: c_ast.FuncDef, declarations: Declarations) -> _Parameters:
    conditions = [n.cond for n in walk(function.body) if isinstance(n, _LOOPS) and n.cond is not None]
    counted = {n.name for n in walk(*conditions) if isinstance(n, c_ast.ID)}
    bounds: list[str] = []
    others: list[str] = []
    pointers: list[str] = []
    for node in function.decl.type.args.params if function.decl.type.args else []:
        try:
            type, declared = declarations.parameter(node)
        except (Unsupported, RecursionError):
            continue
        if enum_range(node, declarations) is not None:
            continue
        if isinstance(type, Scalar) and type.is_integer:
            (bounds if node.name in counted or _LENGTHS.search(node.name) else others).append(node.name)
        elif isinstance(type, Pointer) and declared is None and isinstance(type.target, Scalar):
            pointers.append(node.name)
    return _Parameters(tuple(bounds), tuple(others), tuple(pointers))
