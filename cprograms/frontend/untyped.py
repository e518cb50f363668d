"""What a `void *` parameter points to: what the function, and those that it is passed on to, convert it to.

Callbacks take what they work on so: `double f(double x, void *params) { struct p *q = params; … }`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.trees import base, renamed, type_text, walk
from cprograms.types import CType, Function, Pointer, Void

Pointed = list[tuple["Conversion", CType]]
"""What a parameter is converted to, the first conversion to each type; a single one where it is read as one type."""
Lookup = Callable[[str], c_ast.Node | None]
"""The definition, or the declaration, of a function by its name; None where there is none."""


class Conversion(NamedTuple):
    """Where a pointer is converted, and the declarator of the pointer that it becomes."""

    place: c_ast.Node
    pointer: c_ast.Node

    @property
    def text(self) -> str:
        """The pointer in C, as in `struct p *`."""
        return type_text(_named(self.pointer, None))


def untyped(function: c_ast.FuncDef, declarations: Declarations, lookup: Lookup) -> dict[str, Pointed]:
    """What the parameters that are `void *` point to, by name."""
    found = {}
    for parameter in _parameters(function):
        type = _type_of(parameter, declarations)
        if parameter.name and isinstance(type, Pointer) and type.target == Void():
            found[parameter.name] = _pointed(_converted(function, parameter.name, lookup), declarations)
    return found


def _type_of(node: c_ast.Node, declarations: Declarations) -> CType | None:
    try:
        return declarations.type_of(node)
    except (Unsupported, RecursionError):
        return None


def _converted(function: c_ast.FuncDef, name: str, lookup: Lookup) -> list[Conversion]:
    """What a parameter is converted to, in the order of the text: by casts, initialisers, assignments and calls.

    One that is not named, or only in `(void)name`, points to a byte that nothing reads. There are none where a variable
    hides the parameter.
    """
    named = sum(_is(node, name) for node in walk(function.body))
    if named == sum(isinstance(node, c_ast.Cast) and _throws_away(node, name) for node in walk(function.body)):
        byte = c_ast.TypeDecl(None, [], None, c_ast.IdentifierType(["char"]))
        return [Conversion(function.decl, c_ast.PtrDecl([], byte))]
    return list(_conversions(function, name, lookup, {(function.decl.name, name)}))


def _conversions(
    function: c_ast.FuncDef, name: str, lookup: Lookup, seen: set[tuple[str, str]]
) -> Iterator[Conversion]:
    declared = {n.name: n for n in walk(function.body) if isinstance(n, c_ast.Decl)}
    if name in declared:
        return
    declared = {p.name: p for p in _parameters(function)} | declared
    for node in walk(function.body):
        if isinstance(node, c_ast.Cast) and _is(node.expr, name):
            yield Conversion(node, node.to_type.type)
        elif isinstance(node, c_ast.Decl) and _is(node.init, name):
            yield Conversion(node, node.type)
        elif isinstance(node, c_ast.Assignment) and node.op == "=" and _is(node.rvalue, name):
            if isinstance(node.lvalue, c_ast.ID) and node.lvalue.name in declared:
                yield Conversion(node, declared[node.lvalue.name].type)
        elif isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.args is not None:
            yield from _passed(node, name, lookup, seen)


def _passed(call: c_ast.FuncCall, name: str, lookup: Lookup, seen: set[tuple[str, str]]) -> Iterator[Conversion]:
    """What a parameter becomes as an argument of a call: the other function's parameter, or what that becomes."""
    called = lookup(call.name.name)
    for argument, parameter in zip(call.args.exprs, _parameters(called) if called else (), strict=False):
        if not _is(argument, name):
            continue
        array = isinstance(parameter.type, c_ast.ArrayDecl)
        yield Conversion(argument, c_ast.PtrDecl([], parameter.type.type) if array else parameter.type)
        if isinstance(called, c_ast.FuncDef) and parameter.name and (call.name.name, parameter.name) not in seen:
            seen.add((call.name.name, parameter.name))
            yield from _conversions(called, parameter.name, lookup, seen)


def _throws_away(cast: c_ast.Cast, name: str) -> bool:
    type = cast.to_type.type
    return _is(cast.expr, name) and isinstance(type, c_ast.TypeDecl) and getattr(type.type, "names", []) == ["void"]


def _is(node: c_ast.Node | None, name: str) -> bool:
    return isinstance(node, c_ast.ID) and node.name == name


def _parameters(node: c_ast.Node) -> list[c_ast.Node]:
    decl = node.decl if isinstance(node, c_ast.FuncDef) else node
    arguments = getattr(decl.type, "args", None)
    return [p for p in (arguments.params if arguments else ()) if hasattr(p, "type")]


def _pointed(found: list[Conversion], declarations: Declarations) -> Pointed:
    """The conversions to pointers to a type."""
    kinds: Pointed = []
    for conversion in found:
        type = _type_of(conversion.pointer, declarations)
        target = declarations.completed(type.target) if isinstance(type, Pointer) else Void()
        if not isinstance(target, Void | Function) and target not in (other for _, other in kinds):
            kinds.append((conversion, target))
    return kinds


def with_types(unit: c_ast.FileAST, entry: str, found: Mapping[str, Pointed]) -> c_ast.FileAST:
    """A unit whose entry declares its parameters as the pointers that each of them is converted to."""
    pointers = {name: conversions[0][0].pointer for name, conversions in found.items() if conversions}
    return c_ast.FileAST([_with_types(node, entry, pointers) for node in unit.ext]) if pointers else unit


def _with_types(node: c_ast.Node, entry: str, pointers: Mapping[str, c_ast.Node]) -> c_ast.Node:
    """A copy of a definition or declaration of the entry; another node as it is."""
    made = copy(node)
    if isinstance(node, c_ast.FuncDef):
        made.decl = _with_types(node.decl, entry, pointers)
    elif isinstance(node, c_ast.Decl) and node.name == entry:
        made.type = copy(node.type)
        made.type.args = copy(node.type.args)
        made.type.args.params = [_declared(p, pointers[p.name]) if p.name in pointers else p for p in _parameters(node)]
    return made


def _declared(parameter: c_ast.Decl, pointer: c_ast.Node) -> c_ast.Decl:
    made = copy(parameter)
    made.type = _named(pointer, parameter.name)
    made.type.quals = []
    return made


def _named(pointer: c_ast.Node, name: str | None) -> c_ast.Node:
    """A declarator of another name, without what qualifies the base type."""
    made = renamed(pointer, name)
    inner = base(made)
    assert inner is not None
    inner.quals = []
    return made
