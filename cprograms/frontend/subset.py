"""The numeric subset: what a function may do, and every place where it does something else."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import assert_never

from pycparser import c_ast

from cprograms.budget import tick
from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.extensions import rewrite_extensions
from cprograms.frontend.normalise import base, walk
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.standard import BUILTINS, PROTOTYPES, REFUSED
from cprograms.types import Array, Scalar

MAX_DEPTH = 150
"""Levels of the syntax tree that a function may have, which every later stage can follow recursively."""

_PLAIN = (
    *(
        c_ast.ArrayRef,
        c_ast.ArrayDesignator,
        c_ast.BinaryOp,
        c_ast.Cast,
        c_ast.ExprList,
        c_ast.InitList,
        c_ast.TernaryOp,
    ),
    *(c_ast.If, c_ast.Switch, c_ast.Case, c_ast.Default, c_ast.While, c_ast.DoWhile, c_ast.DeclList),
    *(c_ast.Break, c_ast.Continue, c_ast.Goto, c_ast.Label, c_ast.Return, c_ast.EmptyStatement),
)
"""Nodes that need no look of their own."""

_BY_VALUE = "pass scalars by value and return a struct of results"


@dataclass
class Checked:
    """Faults of one function (or constant) by itself, and the names at file scope that it needs besides types."""

    faults: list[Unsupported] = field(default_factory=list)
    needs: dict[str, Entity | None] = field(default_factory=dict)
    """None for a function of the C library."""


class Subset:
    """Checks the functions and constants of a unit, each once."""

    def __init__(self, scope: FileScope):
        self._scope = scope
        self._checked: dict[str, Checked] = {}

    def needed(self, name: str) -> dict[str, Entity | None]:
        """Everything that a function needs, itself included."""
        found: dict[str, Entity | None] = {name: self._scope.lookup(name)}
        stack = [name]
        while stack:
            tick()
            for other, entity in self.check(stack.pop()).needs.items():
                if other not in found:
                    found[other] = entity
                    stack.append(other)
        return found

    def faults(self, name: str) -> list[Unsupported]:
        """The faults of a function and of everything that it needs."""
        return [fault for other in self.needed(name) for fault in self.check(other).faults]

    def check(self, name: str) -> Checked:
        if name not in self._checked:
            self._checked[name] = self._check(self._scope.lookup(name))
        return self._checked[name]

    def _check(self, entity: Entity | None) -> Checked:
        if entity is None:
            return Checked()
        if entity.fault is not None:
            return Checked([entity.fault])
        if entity.kind not in ("function", "object"):
            return Checked()
        assert entity.node is not None
        try:
            prepare(entity, self._scope)
        except Unsupported as fault:
            return Checked([fault])
        return _Check(self._scope, entity.chunk).run(entity.node)


def prepare(entity: Entity, scope: FileScope) -> None:
    """Spell out the extensions of GNU C in a function, in place. Raises Unsupported where it cannot be worked on."""
    node = entity.node
    assert node is not None
    if _too_deep(node):
        raise Unsupported(_coord_node(node), f"'{entity.name}' is nested more than {MAX_DEPTH} levels deep")
    if isinstance(node, c_ast.FuncDef):
        rewrite_extensions(node, own_copy(scope.declarations_of(entity.chunk)), scope.type_of)


def _too_deep(node: c_ast.Node) -> bool:
    level, depth = [node], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return True
        level = [child for n in level for _, child in n.children()]
    return False


def _coord_node(node: c_ast.Node) -> c_ast.Node:
    return node.decl if isinstance(node, c_ast.FuncDef) else node


class _Check(c_ast.NodeVisitor):  # type: ignore[misc]  # pycparser has no types
    """Walks one definition with the scopes of C, and notes faults and the file-scope names that are used."""

    def __init__(self, scope: FileScope, chunk: Chunk):
        self._scope = scope
        self._chunk = chunk
        self._declarations = own_copy(scope.declarations_of(chunk))
        self._locals: list[dict[str, c_ast.Node | None]] = []
        """Names by scope, innermost last; the declarations of the constants among them."""
        self._found = Checked()

    def run(self, node: c_ast.Node) -> Checked:
        if isinstance(node, c_ast.FuncDef):
            self._function(node)
        else:
            assert isinstance(node, c_ast.Decl)
            self._object(node)
        return self._found

    def _fault(self, node: c_ast.Node, message: str, hint: str = "") -> None:
        if node.coord is None:
            node = c_ast.EmptyStatement(coord=self._chunk.coord)
        self._found.faults.append(Unsupported(node, message, hint))

    def _type(self, node: c_ast.Node, place: c_ast.Node, name: str | None) -> None:
        """Check that a declared type is in the subset; a fault inside a typedef is told where the typedef is used."""
        try:
            self._declarations.type_of(node)
        except Unsupported as fault:
            here = getattr(fault.node, "coord", None)
            inside = here is not None and self._chunk.covers(here.file, here.line)
            subject = f"'{name}': " if name else ""
            self._fault(fault.node if inside and not name else place, subject + fault.message, fault.hint)
        except RecursionError:
            self._fault(place, "this type is nested too deeply")

    # Definitions

    def _function(self, node: c_ast.FuncDef) -> None:
        signature = node.decl.type
        result = signature.type
        if not is_void(result):
            self._type(result, node.decl, None)
        self._locals.append({})
        for parameter in signature.args.params if signature.args else []:
            self._parameter(parameter)
        self._statements(node.body)
        self._locals.pop()

    def _parameter(self, node: c_ast.Node) -> None:
        if isinstance(node, c_ast.EllipsisParam):
            self._fault(
                node, "a variable number of arguments is not numeric", "give the function a fixed list of arguments"
            )
        elif self._is_array(node.type):
            self._fault(node, f"'{node.name}': array parameters are pointers, which are not numeric", _BY_VALUE)
        elif not (is_void(node.type) and node.name is None):
            self._type(node.type, node, node.name)
            self._qualifiers(node)
        if getattr(node, "name", None):
            self._locals[-1][node.name] = None

    def _is_array(self, node: c_ast.Node) -> bool:
        if isinstance(node, c_ast.ArrayDecl):
            return True
        try:
            return isinstance(self._declarations.type_of(node), Array)
        except Unsupported:
            return False

    def _object(self, node: c_ast.Decl) -> None:
        self._locals.append({})
        self._typed(node)

    def _typed(self, node: c_ast.Decl) -> None:
        """Check an object's type, qualifiers and initialiser."""
        if isinstance(node.init, c_ast.Constant) and node.init.type == "string":
            self.visit(node.init)
            return
        self._fold_sizes(node.type)
        self._type(node.type, node, node.name)
        self._qualifiers(node)
        if node.init is not None:
            self.visit(node.init)

    def _fold_sizes(self, node: c_ast.Node) -> None:
        """Spell out sizes that count on const objects, `const int n = 3; double t[n];`, which C calls variable."""
        while isinstance(node, c_ast.ArrayDecl):
            if node.dim is not None and _constant(node.dim, self._declarations) is None:
                value = _constant(node.dim, self._with_constants(node.dim, depth=8))
                if value is None:
                    return  # the type's check says so
                node.dim = c_ast.Constant("int", str(value), coord=node.dim.coord)
            node = node.type

    def _with_constants(self, expression: c_ast.Node, depth: int) -> Declarations:
        """The declarations, with the values of the const integers that an expression names among the constants."""
        known = own_copy(self._declarations)
        for name in {n.name for n in walk(expression) if isinstance(n, c_ast.ID)}:
            place = next((scope[name] for scope in reversed(self._locals) if name in scope), None)
            if place is None and not self._is_local(name):
                entity = self._scope.lookup(name)
                place = entity.node if entity is not None and entity.kind == "object" else None
            if isinstance(place, c_ast.Decl) and place.init is not None and depth and is_constant(place, known):
                value = _constant(place.init, self._with_constants(place.init, depth - 1))
                if value is not None and _holds(place, value, known):
                    known.constants[name] = value
        return known

    def _qualifiers(self, node: c_ast.Node) -> None:
        inner = base(node)
        qualifiers = {*getattr(node, "quals", []), *(inner.quals if inner is not None else [])}
        if "volatile" in qualifiers:
            self._fault(node, f"'{node.name}' is volatile: its value is not the program's own", "remove the qualifier")
        if "_Atomic" in qualifiers:
            self._fault(node, f"'{node.name}' is atomic, which is not numeric", "remove the qualifier")

    # Statements

    def _statements(self, node: c_ast.Node) -> None:
        self._locals.append({})
        for _, child in node.children():
            self.visit(child)
        self._locals.pop()

    visit_Compound = _statements  # noqa: N815
    visit_For = _statements  # noqa: N815

    def visit_Decl(self, node: c_ast.Decl) -> None:  # noqa: N802
        try:
            self._declarations.declare(node)
        except Unsupported as fault:
            self._fault(fault.node, fault.message, fault.hint)
        if node.name is None:
            return
        if "extern" in node.storage:
            return
        constant = is_constant(node, self._declarations)
        self._locals[-1][node.name] = node if constant else None
        if "static" in node.storage and not constant:
            hint = "declare it const, or make it an ordinary local"
            self._fault(node, f"'{node.name}' is a static local, which lives on between calls", hint)
        if "_Thread_local" in node.storage:
            self._fault(node, f"'{node.name}' is thread-local, which is not numeric")
        self._typed(node)

    def visit_Typedef(self, node: c_ast.Typedef) -> None:  # noqa: N802
        self._declarations.declare(node)

    # Expressions

    def visit_ID(self, node: c_ast.ID) -> None:  # noqa: N802
        self._reference(node, written=False)

    def visit_Constant(self, node: c_ast.Constant) -> None:  # noqa: N802
        if node.type == "string":
            self._fault(node, "strings are not numeric")

    def visit_Assignment(self, node: c_ast.Assignment) -> None:  # noqa: N802
        self._target(node.lvalue)
        self.visit(node.rvalue)

    def visit_UnaryOp(self, node: c_ast.UnaryOp) -> None:  # noqa: N802
        if node.op in ("&", "*"):
            what = "taking an address" if node.op == "&" else "reading through a pointer"
            self._fault(node, f"{what} is not numeric", _BY_VALUE)
        if node.op in ("++", "--", "p++", "p--"):
            self._target(node.expr)
        else:
            self.visit(node.expr)

    def visit_StructRef(self, node: c_ast.StructRef) -> None:  # noqa: N802
        if node.type == "->":
            self._fault(node, "reading through a pointer is not numeric", _BY_VALUE)
        self.visit(node.name)

    def visit_NamedInitializer(self, node: c_ast.NamedInitializer) -> None:  # noqa: N802
        for designator in node.name:
            if not isinstance(designator, c_ast.ID):
                self.visit(designator)
        self.visit(node.expr)

    def visit_Typename(self, node: c_ast.Typename) -> None:  # noqa: N802
        if not is_void(node.type):
            self._type(node.type, node, None)

    def visit_CompoundLiteral(self, node: c_ast.CompoundLiteral) -> None:  # noqa: N802
        self.visit(node.type)
        self.visit(node.init)

    def visit_FuncCall(self, node: c_ast.FuncCall) -> None:  # noqa: N802
        if isinstance(node.name, c_ast.ID):
            self._call(node, node.name.name)
        else:
            self._fault(node, "a call through a pointer is not numeric", "call the function by its name")
        for argument in node.args.exprs if node.args is not None else []:
            # What takes a string is refused itself: one diagnostic is enough.
            if not (isinstance(argument, c_ast.Constant) and argument.type == "string"):
                self.visit(argument)

    def generic_visit(self, node: c_ast.Node) -> None:
        if not isinstance(node, _PLAIN):
            self._fault(node, f"this construct ({type(node).__name__}) is not supported")
            return
        super().generic_visit(node)

    # Names

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._locals)

    def _target(self, node: c_ast.Node) -> None:
        """Visit what an assignment writes."""
        if isinstance(node, c_ast.ID):
            self._reference(node, written=True)
        elif isinstance(node, c_ast.ArrayRef):
            self._target(node.name)
            self.visit(node.subscript)
        elif isinstance(node, c_ast.StructRef) and node.type == ".":
            self._target(node.name)
        else:
            self.visit(node)

    def _reference(self, node: c_ast.ID, written: bool) -> None:
        name = node.name
        if self._is_local(name) or name in self._declarations.constants:
            return
        entity = self._scope.lookup(name)
        if entity is None:
            self._fault(node, f"'{name}' is not declared")
            return
        match entity.kind:
            case "type" | "enumerator":
                pass
            case "function" | "prototype":
                self._fault(node, f"'{name}' is a function used as a value, which is a pointer", "call it directly")
            case "extern":
                hint = "define it in this file, as a constant"
                self._fault(node, f"'{name}' is defined outside this file", hint)
            case "broken":
                self._found.needs[name] = entity
            case "object" if is_constant(entity.node, self._scope.declarations_of(entity.chunk)):
                self._found.needs[name] = entity
            case "object":
                verb = "written" if written else "read"
                hint = "declare it const, or make it an argument"
                self._fault(node, f"'{name}' is a global that can change, and it is {verb} here", hint)
            case _:
                assert_never(entity.kind)

    def _call(self, node: c_ast.FuncCall, name: str) -> None:
        if self._is_local(name):
            self._fault(node, "a call through a pointer is not numeric", "call the function by its name")
            return
        entity = self._scope.lookup(name)
        if entity is not None and entity.kind in ("function", "broken"):
            self._found.needs[name] = entity
        elif entity is not None and entity.kind == "object":
            self._fault(node, "a call through a pointer is not numeric", "call the function by its name")
        elif name in PROTOTYPES:
            self._found.needs[name] = None
        elif name in REFUSED:
            self._fault(node, f"'{name}' {REFUSED[name]}, which is not numeric", "remove the call")
        elif name not in BUILTINS:
            self._fault(node, f"'{name}' is called but not defined in this file", "add its definition to the file")


def own_copy(shared: Declarations) -> Declarations:
    """A copy to which a function's own types can be added."""
    own = copy(shared)
    own.typedefs, own.tags, own.constants = dict(shared.typedefs), dict(shared.tags), dict(shared.constants)
    return own


def _constant(node: c_ast.Node, declarations: Declarations) -> int | None:
    try:
        return declarations.constant(node)
    except Unsupported:
        return None


def _holds(node: c_ast.Decl, value: int, declarations: Declarations) -> bool:
    """Whether an object is an integer that holds a value as it is."""
    try:
        type = declarations.type_of(node)
    except Unsupported:
        return False
    return isinstance(type, Scalar) and type.is_integer and type.limits[0] <= value <= type.limits[1]


def is_void(node: c_ast.Node | None) -> bool:
    inner = node.type if isinstance(node, c_ast.TypeDecl) else None
    return isinstance(inner, c_ast.IdentifierType) and inner.names == ["void"]


def is_constant(node: c_ast.Node | None, declarations: Declarations) -> bool:
    """Whether an object can never change: const, itself or through the typedef that it is declared with."""
    for _ in range(MAX_DEPTH):
        place = base(node) if node is not None else None
        if place is None:
            return False
        if "const" in place.quals:
            return True
        if not isinstance(place.type, c_ast.IdentifierType):
            return False
        node = declarations.typedefs.get(place.type.names[0]) if len(place.type.names) == 1 else None
    return False
