"""The types of a program that a header needs: its own, and the headers of the C library that have the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.program import Program
from cprograms.trees import walk
from cprograms.types import Scalar

_STANDARD = {"size_t": ("stddef.h", "uint", 64)} | {
    f"{'u' * (kind == 'uint')}int{bits}_t": ("stdint.h", kind, bits)
    for kind in ("int", "uint")
    for bits in (8, 16, 32, 64)
}
"""Typedefs of the C library: their header, and what they are on the machine that programs are read for. On others they
may be spelt differently."""


class Types(NamedTuple):
    """Declarations of types, in the program's order, and headers."""

    own: list[c_ast.Node]
    headers: list[str]


def needed(program: Program, roots: Sequence[c_ast.Node]) -> Types:
    """What these declarations need, directly or not; each typedef is declared once."""
    of_library = library_headers(program)
    names = {name for root in roots for name in _mentioned(root)}
    chosen: list[c_ast.Node] = []
    while found := [n for n in program.unit.ext if n not in chosen and _is_type(n) and names & {*_declared(n)}]:
        chosen += found
        names |= {name for node in found if id(node) not in of_library for name in _mentioned(node)}
    order = [n for n in program.unit.ext if n in chosen]
    first = {_key(n): n for n in reversed(order) if id(n) not in of_library}
    headers = {of_library[id(n)] for n in order if id(n) in of_library}
    return Types([n for n in order if first.get(_key(n)) is n], sorted(headers))


def library_headers(program: Program) -> dict[int, str]:
    """The headers of the typedefs that are the C library's, by their `id`; none where the program has one of another
    meaning, which no header can stand beside."""
    declarations = Declarations()
    for node in program.unit.ext:
        if isinstance(node, c_ast.Typedef):
            declarations.declare(node)
    found = [node for node in program.unit.ext if isinstance(node, c_ast.Typedef) and node.name in _STANDARD]
    if all(_means(node, declarations, *_STANDARD[node.name][1:]) for node in found):
        return {id(node): _STANDARD[node.name][0] for node in found}
    return {}


def _means(node: c_ast.Typedef, declarations: Declarations, kind: str, bits: int) -> bool:
    try:
        type = declarations.type_of(node.type)
    except Unsupported:
        return False
    return isinstance(type, Scalar) and (type.kind, type.bits) == (kind, bits)


def _key(node: c_ast.Node) -> str | int:
    return str(node.name) if isinstance(node, c_ast.Typedef) else id(node)


def _is_type(node: c_ast.Node) -> bool:
    return isinstance(node, c_ast.Typedef) or (isinstance(node, c_ast.Decl) and not node.name)


def _declared(node: c_ast.Node) -> Iterator[str]:
    """The typedef names, tags and enumerators that a declaration of types declares."""
    if isinstance(node, c_ast.Typedef):
        yield node.name
    for inner in walk(node):
        if isinstance(inner, c_ast.Struct | c_ast.Union) and inner.name and inner.decls is not None:
            yield _tag(inner)
        elif isinstance(inner, c_ast.Enum) and inner.values is not None:
            yield _tag(inner)
            yield from (value.name for value in inner.values.enumerators)


def _mentioned(node: c_ast.Node) -> Iterator[str]:
    for inner in walk(node):
        if isinstance(inner, c_ast.IdentifierType):
            yield from inner.names
        elif isinstance(inner, c_ast.Struct | c_ast.Union | c_ast.Enum):
            yield _tag(inner)
        elif isinstance(inner, c_ast.ID):
            yield inner.name


def _tag(node: c_ast.Struct | c_ast.Union | c_ast.Enum) -> str:
    return f"{type(node).__name__} {node.name}"
