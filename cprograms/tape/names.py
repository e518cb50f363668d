"""What the names in a function of a tape program stand for, and what its check finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.subset import Checked, is_constant, is_void
from cprograms.tape.kinds import Kind, kind_of
from cprograms.trees import base


@dataclass
class Definition(Checked):
    """A function or a constant, checked: its form in the tree of a tape program, or its faults.

    `calls` holds the calls of other functions of the file, `arrays` the local arrays in the order of the text.
    """

    function: c_ast.FuncDef | None = None
    value: int | None = None
    calls: list[c_ast.FuncCall] = field(default_factory=list)
    arrays: list[c_ast.Decl] = field(default_factory=list)


@dataclass(frozen=True)
class Local:
    """A local or a parameter. `kind` is None where its declaration is at fault; `value` is a constant's."""

    kind: Kind | None
    value: int | None = None
    length: int | None = None


@dataclass(frozen=True)
class FunctionKinds:
    """The kinds of a function's result and parameters, None for those at fault."""

    result: Kind | None
    parameters: tuple[Kind | None, ...]


class Names:
    """The scopes of one definition, innermost last, and the faults and needs that are noted on the way.

    `bits` says whether the program may use the operators on bits.
    """

    def __init__(self, scope: FileScope, chunk: Chunk, value_of: Callable[[Entity], int | None], bits: bool = False):
        self._scope = scope
        self.bits = bits
        self.chunk = chunk
        self._value_of = value_of
        self.declarations = scope.declarations_of(chunk).copy()
        self._locals: list[dict[str, Local]] = [{}]
        self.found = Definition()

    def fault(self, node: c_ast.Node, message: str, hint: str = "") -> None:
        if node.coord is None:
            node = c_ast.EmptyStatement(coord=self.chunk.coord)
        self.found.faults.append(Unsupported(node, message, hint))

    @contextmanager
    def scope(self) -> Iterator[None]:
        self._locals.append({})
        yield
        self._locals.pop()

    def declare(self, name: str, local: Local) -> None:
        self._locals[-1][name] = local

    def local(self, name: str) -> Local | None:
        """The innermost local of this name; an enum constant is one that has a value."""
        found = next((scope[name] for scope in reversed(self._locals) if name in scope), None)
        if found is None and name in self.declarations.constants:
            return Local(Kind.INT, self.declarations.constants[name])
        return found

    def kind(self, node: c_ast.Node, place: c_ast.Node, name: str | None) -> Kind | None:
        """The kind of a declared type; None, and a fault at `place`, where it has none."""
        try:
            return kind_of(node, self.declarations)
        except Unsupported as fault:
            self.fault(place, f"'{name}': {fault.message}" if name else fault.message, fault.hint)
            return None

    def kind_of_object(self, node: c_ast.Decl) -> Kind | None:
        """The kind of a declared object, its qualifiers checked."""
        kind = self.kind(node.type, node, node.name)
        inner = base(node)
        for qualifier in {*node.quals, *(inner.quals if inner is not None else [])} & {"volatile", "_Atomic"}:
            self.fault(node, f"'{node.name}' is {qualifier}, which is not supported", "remove the qualifier")
        return kind

    def function(self, name: str) -> Entity | None:
        """The function of the file that a call means."""
        found = self._scope.lookup(name)
        return found if found is not None and found.kind in ("function", "broken") else None

    def kinds_of(self, entity: Entity) -> FunctionKinds:
        if not isinstance(entity.node, c_ast.FuncDef):
            return FunctionKinds(None, ())
        declarations = self._scope.declarations_of(entity.chunk)

        def kind(node: c_ast.Node) -> Kind | None:
            try:
                return as_parameter(kind_of(node, declarations))
            except Unsupported:
                return None

        given = [p for p in parameters(entity.node) if not isinstance(p, c_ast.EllipsisParam)]
        return FunctionKinds(kind(entity.node.decl.type.type), tuple(kind(p) for p in given))

    def constant(self, node: c_ast.ID) -> int | None:
        """The value of a constant at file scope; None, and a fault, where the name stands for something else."""
        entity = self._scope.lookup(node.name)
        if entity is None:
            self.fault(node, f"'{node.name}' is not declared")
        elif entity.kind in ("function", "prototype"):
            self.fault(node, f"'{node.name}' is a function used as a value, which is a pointer", "call it directly")
        elif entity.kind == "extern":
            self.fault(node, f"'{node.name}' is defined outside this file", "define it in this file, as a constant")
        elif entity.kind == "broken" or is_constant(entity.node, self._scope.declarations_of(entity.chunk)):
            self.found.needs[node.name] = entity
            return self._value_of(entity)
        else:
            hint = "declare it const, make it a local, or keep its value on the tape"
            self.fault(node, f"'{node.name}' is a global that can change", hint)
        return None


def parameters(function: c_ast.FuncDef) -> list[c_ast.Node]:
    """The declarations of a function's parameters."""
    given = function.decl.type.args.params if function.decl.type.args else []
    return [] if len(given) == 1 and is_void(getattr(given[0], "type", None)) else given


def as_parameter(kind: Kind) -> Kind:
    """An array as a parameter is a pointer."""
    return Kind.TAPE if kind is Kind.ARRAY else kind
