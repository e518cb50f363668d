"""A row in C: the objects that a program works on, set from the row's numbers; its call; the numbers that it gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np
from pycparser import c_ast

from cprograms.sandbox.memory import SIDE, room
from cprograms.sandbox.printing import Printer
from cprograms.types import Array, Bits, CType, Leaf, Pointer, Scalar, bytes_of, paths

FILLS = 0, 0x7D, 0xFE
"""What is unset is filled with, a byte: 0, then numbers of either sign, odd and even, large as floating ones."""


class Named(Protocol):
    """An argument or a result."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> Scalar: ...


class Passed(Protocol):
    """What the sandbox needs of a `cprograms.program.Parameter`."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> CType: ...
    @property
    def passing(self) -> str: ...
    @property
    def arguments(self) -> tuple[int | None, ...]: ...
    @property
    def results(self) -> tuple[int | None, ...]: ...
    @property
    def fixed(self) -> tuple[int | float | None, ...]: ...


@dataclass
class Row:
    """The parts of a row's C text. `setup` is done once for many rows, `before` the call for each, `after` it too.

    `given` are the call's arguments. `fills`: whether an object has parts that nothing sets. `unwritten` says of each
    result that a program might not write what it is then, under each of FILLS. The objects take `arena` bytes.
    """

    setup: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    fills: bool = False
    unwritten: dict[int, tuple[float, ...]] = field(default_factory=dict)
    arena: int = 0
    objects: int = 0


def row_of(entry: c_ast.FuncDef, parameters: Sequence[Passed], restored: Sequence[str]) -> Row:
    """The row of a program but for what it returns: its parameters and the globals that are state."""
    row = Row()
    _restore(row, restored)
    taken = iter(entry.decl.type.args.params if entry.decl.type.args else ())
    for k, parameter in enumerate(parameters):
        if parameter.passing == "global":
            _set_leaves(row, parameter, parameter.name)
        elif parameter.passing == "pointer":
            _point(row, k, parameter, next(taken))
        else:
            _pass(row, k, parameter, next(taken))
    return row


def _restore(row: Row, names: Sequence[str]) -> None:
    """Globals begin every row as they began the program."""
    for k, name in enumerate(names):
        kept = f"surrogate_kept_{k}"
        row.setup.append(f"static unsigned char {kept}[sizeof {name}];")
        row.setup.append(f"if (!surrogate_kept) __builtin_memcpy({kept}, (void *)&{name}, sizeof {name});")
        row.before.append(f"__builtin_memcpy((void *)&{name}, {kept}, sizeof {name});")
    if names:
        row.setup = ["static int surrogate_kept;", *row.setup, "surrogate_kept = 1;"]


def _pass(row: Row, number: int, parameter: Passed, node: c_ast.Node) -> None:
    if isinstance(parameter.type, Scalar):
        value = _value(parameter.type, parameter.arguments[0], parameter.fixed[0])
        row.fills |= value is None
        row.given.append(value or f"({parameter.type.name})surrogate_fill")
        return
    name = f"surrogate_value_{number}"
    row.before.append(_declared(_plain(node.type, parameter.type, name), name))
    _fill(row, parameter, f"&{name}", name)
    _set_leaves(row, parameter, name)
    row.given.append(name)


def _point(row: Row, number: int, parameter: Passed, node: c_ast.Node) -> None:
    """An object in the arena, of its own, behind a zone that belongs to none."""
    assert isinstance(parameter.type, Array)
    name = f"surrogate_object_{number}"
    array = _plain(_array_of(node.type), parameter.type, name)
    pointer = c_ast.PtrDecl([], array)
    row.setup.append(_declared(pointer, name)[:-1] + f" = (void *)(surrogate_arena + {SIDE + row.arena}u);")
    row.setup.append(f'surrogate_own((void *){name}, sizeof *{name}, "{parameter.name}");')
    row.arena += room(bytes_of(parameter.type))
    row.objects += 1
    _fill(row, parameter, name, f"*{name}")
    _set_leaves(row, parameter, f"(*{name})")
    row.given.append(f"(void *){name}")


def _array_of(node: c_ast.Node) -> c_ast.ArrayDecl:
    """The declared pointer or array, or the typedef of one, as an array, whatever its size."""
    element = node.type
    if isinstance(node, c_ast.TypeDecl):
        named = c_ast.IdentifierType([f"__typeof__(**({element.names[0]} *)0)"])
        element = c_ast.TypeDecl(None, [], None, named)
    return c_ast.ArrayDecl(element, None, [])


def _plain(node: c_ast.Node, type: CType, name: str) -> c_ast.Node:
    """A declarator of `name` with the sizes of a type, and without qualifiers."""
    if isinstance(node, c_ast.ArrayDecl) and isinstance(type, Array):
        size = c_ast.Constant("int", str(type.length))
        return c_ast.ArrayDecl(_plain(node.type, type.element, name), size, [])
    if isinstance(node, c_ast.PtrDecl | c_ast.FuncDecl):
        inner = deepcopy(node)
        base = inner
        while not isinstance(base, c_ast.TypeDecl):
            base = base.type
        base.declname = name
        return inner
    return c_ast.TypeDecl(name, [], None, node.type)


def _declared(node: c_ast.Node, name: str) -> str:
    return f"{Printer(c_ast.FileAST([])).visit(c_ast.Decl(name, [], [], [], [], node, None, None))};"


def _fill(row: Row, parameter: Passed, address: str, object: str) -> None:
    """What nothing sets of an object is filled."""
    given = zip(parameter.arguments, parameter.fixed, strict=True)
    if all(argument is not None or fixed is not None for argument, fixed in given):
        return
    row.fills = True
    row.before.append(f"__builtin_memset((void *){address}, surrogate_fill, sizeof {object});")


def _set_leaves(row: Row, parameter: Passed, at: str) -> None:
    """Set an object's leaves, and give those that are results."""
    leaves = islice(paths(parameter.type), len(parameter.arguments))
    numbers = zip(leaves, parameter.arguments, parameter.results, parameter.fixed, strict=True)
    for (path, leaf), argument, result, fixed in numbers:
        place = f"{at}{path}"
        row.before += _set(leaf, place, argument, fixed)
        if result is not None:
            unset = argument is None and fixed is None and parameter.passing == "pointer"
            row.after.append(f"surrogate_y[{result}] = (double){_read(leaf, place, unset)};")
            if unset and isinstance(leaf, Scalar):
                row.unwritten[result] = tuple(_filled(leaf, fill) for fill in FILLS)


def _set(leaf: Leaf, place: str, argument: int | None, fixed: int | float | None) -> Iterator[str]:
    type = leaf.scalar if isinstance(leaf, Bits) else leaf
    if isinstance(type, Pointer) or (value := _value(type, argument, fixed)) is None:
        return
    if isinstance(leaf, Bits):
        yield f"{place} = {value};"
        yield f"if ({place} != {value}) surrogate_unfit();"
    else:
        yield f"*({type.name} *)&{place} = {value};"  # through a pointer: it may be const


def _value(type: Scalar, argument: int | None, fixed: int | float | None) -> str | None:
    if argument is not None:
        return f"({type.name})surrogate_x[{argument}]"
    return None if fixed is None else f"({type.name}){_number(fixed)}"


def _number(value: float) -> str:
    """A number as C has it. The least integer of 64 bits has no constant of its own."""
    if isinstance(value, int):
        return f"{value}ull" if value >= 2**63 else f"({value + 1}ll - 1)" if value < 0 else f"{value}ll"
    return f"({value.hex()})"


def _read(leaf: Leaf, place: str, unset: bool) -> str:
    """The value at a place. Of a truth value that may not be written the byte, which may be neither 0 nor 1."""
    return f"*(unsigned char *)&{place}" if unset and isinstance(leaf, Scalar) and leaf.kind == "bool" else place


def _filled(type: Scalar, fill: int) -> float:
    """The value of an object whose bytes all are `fill`; of a truth value its byte."""
    if type.kind == "bool":
        return float(fill)
    return float(np.frombuffer(bytes([fill]) * type.dtype.itemsize, type.dtype)[0])
