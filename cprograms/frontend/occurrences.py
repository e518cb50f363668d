"""Where the declarations of a file name things at file scope: the names that their own scopes do not hide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.parse import Chunk, Unit
from cprograms.trees import Visitor, base

Space = Literal["name", "tag"]
Key = tuple[Space, str]
"""An ordinary identifier, or the tag of a struct, union or enum: they do not share their names."""
_SPACES: tuple[Space, ...] = ("name", "tag")
_OFFSETS = ("offsetof", "__builtin_offsetof")


def named_in(unit: Unit, chunk: Chunk) -> set[Key]:
    """The names at file scope that a chunk declares or uses; perhaps too many where it does not parse."""
    try:
        return _references(unit.parse(chunk))
    except (Unsupported, RecursionError):
        return {(space, name) for name in chunk.names for space in _SPACES}


def _references(nodes: Iterable[c_ast.Node]) -> set[Key]:
    found: set[Key] = set()

    def look(key: Key) -> None:
        found.add(key)

    _walk(nodes, look)
    return found


def renamed(nodes: Iterable[c_ast.Node], names: Mapping[Key, str]) -> list[c_ast.Node]:
    """A copy of declarations with other names at file scope."""
    made = [deepcopy(node) for node in nodes]
    _walk(made, names.get)
    return made


def _walk(nodes: Iterable[c_ast.Node], look: Callable[[Key], str | None]) -> None:
    """Have `look` see each name at file scope where it stands; what it gives takes the name's place."""
    for node in nodes:
        _Walker(look).visit(node)


class _Walker(Visitor):
    def __init__(self, look: Callable[[Key], str | None]):
        self._look = look
        self._hidden: list[set[Key]] = []
        """What each scope around this place declares, innermost last; none at file scope."""

    def _named(self, key: Key) -> str:
        hidden = any(key in scope for scope in self._hidden)
        return key[1] if hidden else self._look(key) or key[1]

    def _declared(self, key: Key) -> str:
        """The name of what is declared here: at file scope it may be another one."""
        if self._hidden:
            self._hidden[-1].add(key)
            return key[1]
        return self._named(key)

    def _scope(self, node: c_ast.Node) -> None:
        self._hidden.append(set())
        self.generic_visit(node)
        self._hidden.pop()

    visit_Compound = _scope  # noqa: N815
    visit_For = _scope  # noqa: N815
    visit_FuncDecl = _scope  # noqa: N815

    def visit_FuncDef(self, node: c_ast.FuncDef) -> None:  # noqa: N802
        self._rename(node.decl, self._declared(("name", node.decl.name)))
        signature = node.decl.type
        self.visit(signature.type)
        self._hidden.append(set())
        for parameter in signature.args.params if signature.args else []:
            self.visit(parameter)
        self.visit(node.body)
        self._hidden.pop()

    def visit_Decl(self, node: c_ast.Decl) -> None:  # noqa: N802
        self.visit(node.type)
        if node.name:
            key: Key = ("name", node.name)
            is_outer = "extern" in node.storage or isinstance(node.type, c_ast.FuncDecl)
            self._rename(node, self._named(key) if is_outer else self._declared(key))
        for part in (node.bitsize, node.init):
            if part is not None:
                self.visit(part)

    def visit_Typedef(self, node: c_ast.Typedef) -> None:  # noqa: N802
        self.visit(node.type)
        self._rename(node, self._declared(("name", node.name)))

    @staticmethod
    def _rename(node: c_ast.Decl | c_ast.Typedef, name: str) -> None:
        node.name = name
        if (place := base(node)) is not None:
            place.declname = name

    def _tagged(self, node: c_ast.Struct | c_ast.Union) -> None:
        if node.name:
            key: Key = ("tag", node.name)
            node.name = self._named(key) if node.decls is None else self._declared(key)
        for member in node.decls or []:
            if isinstance(member, c_ast.Decl):  # whose name is the struct's own
                self.visit(member.type)
                if member.bitsize is not None:
                    self.visit(member.bitsize)
            else:
                self.visit(member)

    visit_Struct = _tagged  # noqa: N815
    visit_Union = _tagged  # noqa: N815

    def visit_Enum(self, node: c_ast.Enum) -> None:  # noqa: N802
        if node.name:
            key: Key = ("tag", node.name)
            node.name = self._named(key) if node.values is None else self._declared(key)
        for item in node.values.enumerators if node.values is not None else []:
            if item.value is not None:
                self.visit(item.value)
            item.name = self._declared(("name", item.name))

    def visit_IdentifierType(self, node: c_ast.IdentifierType) -> None:  # noqa: N802
        if len(node.names) == 1:
            node.names = [self._named(("name", node.names[0]))]

    def visit_ID(self, node: c_ast.ID) -> None:  # noqa: N802
        node.name = self._named(("name", node.name))

    def visit_FuncCall(self, node: c_ast.FuncCall) -> None:  # noqa: N802
        if isinstance(node.name, c_ast.ID) and node.name.name in _OFFSETS and node.args is not None:
            self.visit(node.args.exprs[0])  # the other one is a field
            return
        self.generic_visit(node)
