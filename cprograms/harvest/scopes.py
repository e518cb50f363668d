"""What the names in a function stand for while it is walked, and the scalar types of the places that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.extensions import type_of_expression
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import FileScope
from cprograms.frontend.subset import Subset, is_constant
from cprograms.standard import PROTOTYPES
from cprograms.types import CType, Scalar

Meaning = Literal["variable", "constant", "table", "other"]
"""An object that can change; an enumerator; a const object at file scope; anything else."""
_DEPTH = 50


class Refused(Exception):
    """A piece of code that cannot become a function of its own; the message says why."""


class Scopes:
    """The scopes around one place in a function. Types that cannot be made out count as no scalars."""

    def __init__(self, scope: FileScope, subset: Subset, chunk: Chunk):
        self._scope, self._subset = scope, subset
        self.declarations = scope.declarations_of(chunk).copy()
        self._locals: list[dict[str, c_ast.Node]] = [{}]
        self.taken = chunk.names
        """Every identifier of the function."""

    @contextmanager
    def block(self) -> Iterator[None]:
        self._locals.append({})
        yield
        self._locals.pop()

    def declare(self, node: c_ast.Node) -> None:
        """Take note of a declaration: a variable, a type."""
        try:
            self.declarations.declare(node)
        except Unsupported:
            return
        if isinstance(node, c_ast.Decl) and node.name:
            self._locals[-1][node.name] = node.type

    def _local(self, name: str) -> c_ast.Node | None:
        return next((scope[name] for scope in reversed(self._locals) if name in scope), None)

    def meaning(self, name: str) -> Meaning:
        if self._local(name) is not None:
            return "variable"
        if name in self.declarations.constants:
            return "constant"
        entity = self._scope.lookup(name)
        if entity is None or entity.kind not in ("object", "extern"):
            return "other"
        is_table = entity.kind == "object" and is_constant(entity.node, self._scope.declarations_of(entity.chunk))
        return "table" if is_table and not self._subset.check(name).faults else "variable"

    def is_callable(self, name: str) -> bool:
        """Whether a call is numeric: of math.h, or of a function of the file that is, and changes nothing."""
        if self._local(name) is not None:
            return False
        entity = self._scope.lookup(name)
        if entity is not None and entity.kind == "function":
            return not (self._subset.faults(name) or self._subset.mutable(name) or self._subset.undefined(name))
        return name in PROTOTYPES

    def scalar(self, place: c_ast.Node) -> Scalar:
        """The type of a variable, an array's element, a struct's field or what a pointer points to.

        Raises Refused where it is no arithmetic scalar.
        """
        node = self._type_node(place)
        if node is None:
            raise Refused("a type is not known")
        found = self.type_of(node)
        if not isinstance(found, Scalar):
            raise Refused("a value is no scalar")
        return found

    def type_of(self, node: c_ast.Node) -> CType | None:
        """The type that a type node stands for, None outside the subset."""
        try:
            return self.declarations.type_of(node)
        except (Unsupported, RecursionError):
            return None

    def expression_type(self, node: c_ast.Node, names: dict[str, c_ast.Node]) -> Scalar:
        """The type of an expression over variables whose type nodes are `names`. Raises Refused."""
        try:
            found = type_of_expression(node, names, self.declarations, self._scope.type_of)
        except Unsupported as fault:
            raise Refused("a type is not known") from fault
        if not isinstance(found, Scalar):
            raise Refused("a value is no scalar")
        return found

    def result_of_call(self, name: str) -> c_ast.Node | None:
        """The type node of what a function returns."""
        node = self._scope.type_of(name)
        return node.type if isinstance(node, c_ast.FuncDecl) else None

    def _type_node(self, place: c_ast.Node) -> c_ast.Node | None:
        if isinstance(place, c_ast.ID):
            return self._local(place.name) or self._scope.type_of(place.name)
        if isinstance(place, c_ast.ArrayRef):
            return self._element(place.name)
        if isinstance(place, c_ast.UnaryOp) and place.op == "*":
            return self._element(place.expr)
        if isinstance(place, c_ast.StructRef):
            outer = self._type_node(place.name) if place.type == "." else self._element(place.name)
            return self._field(outer, place.field.name)
        return None

    def _element(self, place: c_ast.Node) -> c_ast.Node | None:
        node = self._plain(self._type_node(place))
        return node.type if isinstance(node, c_ast.ArrayDecl | c_ast.PtrDecl) else None

    def _field(self, outer: c_ast.Node | None, name: str) -> c_ast.Node | None:
        struct = self._plain(outer)
        if not isinstance(struct, c_ast.Struct | c_ast.Union):
            return None
        definition = struct if struct.decls is not None else self.declarations.tags.get(struct.name)
        fields = getattr(definition, "decls", None) or []
        found = next((f for f in fields if getattr(f, "name", None) == name), None)
        return None if found is None or found.bitsize is not None else found.type

    def _plain(self, node: c_ast.Node | None) -> c_ast.Node | None:
        """A type node without typedefs around it: a pointer, an array, a struct, or a scalar's declaration."""
        for _ in range(_DEPTH):
            if not isinstance(node, c_ast.TypeDecl):
                return node
            inner = node.type
            if isinstance(inner, c_ast.Struct | c_ast.Union):
                return inner
            names = getattr(inner, "names", [])
            if len(names) != 1 or names[0] not in self.declarations.typedefs:
                return node
            node = self.declarations.typedefs[names[0]]
        return None
