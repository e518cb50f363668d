"""The numeric subset: what a function may do, and every place where it does something else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import assert_never

from pycparser import c_ast

from cprograms.budget import tick
from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.effects import Writes
from cprograms.frontend.extensions import may_have_extensions, rewrite_extensions
from cprograms.frontend.output import drop_output
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.statics import lift_statics
from cprograms.standard import BUILTINS, DROPPED, ERRNO, FORBIDDEN, PROTOTYPES, TRAPPED
from cprograms.trees import Visitor, base, walk
from cprograms.types import Scalar

MAX_DEPTH = 150
"""Levels of the syntax tree that a function may have, which every later stage can follow recursively."""

_PLAIN = (
    *(
        c_ast.ArrayRef,
        c_ast.ArrayDesignator,
        c_ast.Cast,
        c_ast.ExprList,
        c_ast.InitList,
        c_ast.CompoundLiteral,
    ),
    *(c_ast.Case, c_ast.Default, c_ast.DeclList, c_ast.Label, c_ast.EmptyStatement, c_ast.Constant),
)
"""Nodes that need no look of their own."""
_OWN_NAME = ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__")
_NO_VARARGS = "takes a variable number of arguments, which is not numeric"
UNDEFINED = "is called but not defined in this file"
"""How the message ends about a function that no given file defines."""
_GIVE_FILE = "give the file that defines it, too"
_DROP = "remove the call; where it is a statement of its own, -D '{}(...)=' does"


@dataclass
class Checked:
    """Faults of one function (or object) by itself, and the names at file scope that it needs besides types.

    `needs` has None for a function of the C library that programs may call, and a prototype for one whose calls end the
    row. `always` are the functions of the file that every call of this one calls, `ends` the calls that end every row.
    """

    faults: list[Unsupported] = field(default_factory=list)
    needs: dict[str, Entity | None] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    ends: list[Unsupported] = field(default_factory=list)


class Subset:
    """Checks the functions and objects of a unit, each once. `state` are names of objects that are said to change."""

    def __init__(self, scope: FileScope, state: Collection[str] = ()):
        self._scope, self._state = scope, state
        self._checked: dict[str, Checked] = {}
        self._definitions: dict[str, c_ast.Node | Unsupported] = {}
        self._mutable: dict[str, bool] = {}
        self._needed: dict[str, dict[str, Entity | None]] = {}
        self.writes = Writes(scope, self._readable)

    def needed(self, name: str) -> dict[str, Entity | None]:
        """Everything that a function needs, itself included; prototypes are those of functions that end the row."""
        if name not in self._needed:
            self._needed[name] = self._all_needed(name)
        return self._needed[name]

    def _all_needed(self, name: str) -> dict[str, Entity | None]:
        found: dict[str, Entity | None] = {name: self._scope.lookup(name)}
        stack = [name]
        while stack:
            tick()
            for other, entity in self.check(stack.pop()).needs.items():
                if other not in found:
                    found[other] = entity
                    if entity is not None and entity.kind != "prototype":
                        stack.append(other)
        return found

    def faults(self, name: str) -> list[Unsupported]:
        """The faults of a function and of everything that it needs, and what ends its every call."""
        needed = [n for n, entity in self.needed(name).items() if n == name or not _is_prototype(entity)]
        own = [fault for other in needed for fault in self.check(other).faults]
        always, stack = {name}, [name]
        while stack:
            following = self.check(stack.pop()).always - always
            always |= following
            stack += following
        ends = (end for other in needed if other in always for end in self.check(other).ends)
        return _told_once([*own, *ends])

    def undefined(self, name: str) -> list[str]:
        """The functions that a function may call, or what it needs, and that are defined nowhere."""
        ends = [n for n, entity in self.needed(name).items() if n != name and _is_prototype(entity)]
        return [n for n in ends if n not in TRAPPED and n not in self._scope.unit.functions]

    def mutable(self, entry: str) -> dict[str, c_ast.Decl]:
        """The objects at file scope that a function needs and that may change, in order; static locals among them."""
        objects = {n: e for n, e in self.needed(entry).items() if e is not None and e.kind == "object"}
        place = {n: (e.chunk.index, self._scope.unit.parse(e.chunk).index(e.node)) for n, e in objects.items()}
        return {n: objects[n].node for n in sorted(objects, key=place.__getitem__) if self.is_mutable(n)}

    def is_mutable(self, name: str) -> bool:
        """Whether an object at file scope may change: it is not const, and something of the file may write it, or the
        user says so.
        """
        if name not in self._mutable:
            entity = self._scope.lookup(name)
            assert entity is not None
            constant = is_constant(entity.node, self._scope.declarations_of(entity.chunk))
            said = bool({name, self._scope.lifted.get(name, (name,))[0]} & {*self._state})
            self._mutable[name] = not constant and (said or self.writes.writes(name))
        return self._mutable[name]

    def live(self, entry: str, state: Collection[str]) -> list[str]:
        """The objects that may change while a function runs, and those of the `state`; errno is none."""
        names = (n for n in self.mutable(entry) if n != ERRNO)
        return [n for n in names if n in state or self.changes(entry, n)]

    def touches(self, name: str, objects: Collection[str]) -> bool:
        """Whether a function, or what it calls, has to do with some objects."""
        return bool(objects) and not self.needed(name).keys().isdisjoint(objects)

    def changes(self, entry: str, name: str) -> bool:
        """Whether a function, or what it needs, may write an object at file scope."""
        return self.writes.writes(name, self.needed(entry).keys())

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
        definition = self._definition(entity)
        if isinstance(definition, Unsupported):
            return Checked([definition])
        return _Check(self._scope, entity.chunk).run(definition)

    def _definition(self, entity: Entity) -> c_ast.Node | Unsupported:
        """The definition of a function or an object, made ready once; or why it cannot be worked on."""
        if entity.name not in self._definitions:
            self._definitions[entity.name] = self._prepared(entity)
        return self._definitions[entity.name]

    def _prepared(self, entity: Entity) -> c_ast.Node | Unsupported:
        node = entity.node
        assert node is not None
        try:
            prepare(entity, self._scope)
            if isinstance(node, c_ast.Decl):  # a row has one thread
                node.storage = [word for word in node.storage if word != "_Thread_local"]
            if isinstance(node, c_ast.FuncDef) and entity.chunk.names & DROPPED.keys():
                drop_output(node, self._scope.unit.functions)
            if isinstance(node, c_ast.FuncDef) and _names_static(entity.chunk):
                self._lift(entity)
        except Unsupported as fault:
            return fault
        return node

    def _lift(self, entity: Entity) -> None:
        shared = self._scope.declarations_of(entity.chunk)
        lifted = lift_statics(
            entity.node, lambda name: self._scope.lookup(name) is None, lambda node: is_constant(node, shared)
        )
        for name, (own_name, node) in lifted.items():
            self._scope.add_static(entity.name, name, node, own_name)

    def _readable(self, name: str) -> c_ast.Node | None:
        entity = self._scope.lookup(name)
        if entity is None or entity.kind not in ("function", "object"):
            return None
        definition = self._definition(entity)
        return None if isinstance(definition, Unsupported) else definition


def _told_once(faults: Iterable[Unsupported]) -> list[Unsupported]:
    """What one more file mends in all functions is told of its first place alone."""
    found: dict[object, Unsupported] = {}
    for fault in faults:
        found.setdefault(fault.message if fault.hint == _GIVE_FILE else fault, fault)
    return list(found.values())


def _is_prototype(entity: Entity | None) -> bool:
    return entity is not None and entity.kind == "prototype"


def _names_static(chunk: Chunk) -> bool:
    """Whether a static local may stand in a function."""
    return not chunk.text or "static" in chunk.text.partition("{")[2]


def prepare(entity: Entity, scope: FileScope) -> None:
    """Spell out the extensions of GNU C in a function or an object's value, in place.

    Raises Unsupported where it cannot be worked on.
    """
    node = entity.node
    assert node is not None
    if _too_deep(node):
        raise Unsupported(_coord_node(node), f"'{entity.name}' is nested more than {MAX_DEPTH} levels deep")
    if isinstance(node, c_ast.FuncDef | c_ast.Decl) and may_have_extensions(entity.chunk.text):
        rewrite_extensions(node, scope.declarations_of(entity.chunk).copy(), scope.type_of)


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


class _Check(Visitor):
    """Walks one definition with the scopes of C, and notes faults and the file-scope names that are used."""

    def __init__(self, scope: FileScope, chunk: Chunk):
        self._scope = scope
        self._chunk = chunk
        self._declarations = scope.declarations_of(chunk).copy()
        self._locals: list[dict[str, c_ast.Node | None]] = []
        """Names by scope, innermost last; the declarations of the constants among them."""
        self._found = Checked()
        self._told: set[str] = set()
        self._sometimes = 0
        """How many statements around this one need not be reached."""
        self._left = self._broken = False
        """Whether an earlier statement may have left the function, or the loop or switch around this one."""

    def run(self, node: c_ast.Node) -> Checked:
        if isinstance(node, c_ast.FuncDef):
            self._function(node)
        else:
            assert isinstance(node, c_ast.Decl)
            self._object(node)
        return self._found

    def _fault(self, node: c_ast.Node, message: str, hint: str = "") -> None:
        if message in self._told and "'" in message:  # what names a thing is told of it once
            return
        self._told.add(message)
        self._found.faults.append(self._at(node, message, hint))

    def _at(self, node: c_ast.Node, message: str, hint: str) -> Unsupported:
        place = c_ast.EmptyStatement(coord=self._chunk.coord) if node.coord is None else node
        return Unsupported(place, message, hint)

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
            return
        if not (is_void(node.type) and node.name is None):
            self._sizes(node.type)
            if not isinstance(node.type, c_ast.ArrayDecl | c_ast.FuncDecl):  # which are pointers
                self._type(node.type, node, node.name)
            self._qualifiers(node, own=True)
        if getattr(node, "name", None):
            self._locals[-1][node.name] = None

    def _object(self, node: c_ast.Decl) -> None:
        self._locals.append({})
        self._typed(node)

    def _typed(self, node: c_ast.Decl) -> None:
        """Check an object's type, qualifiers and initialiser."""
        self._fold_sizes(node.type)
        self._sizes(node.type)
        kind = self._element(node.type)
        if not (isinstance(kind, c_ast.ArrayDecl) and isinstance(node.init, c_ast.Constant)):  # a string has its size
            self._type(kind, node, node.name)
        self._qualifiers(node, own=len(self._locals) > 1 or "static" in node.storage)
        if node.init is not None:
            self.visit(node.init)

    def _element(self, node: c_ast.Node) -> c_ast.Node:
        """A type, of a local array whose size is not constant that of its elements."""
        while len(self._locals) > 1 and isinstance(node, c_ast.ArrayDecl) and node.dim is not None:
            if _constant(node.dim, self._declarations) is not None:
                break
            node = node.type
        return node

    def _sizes(self, node: c_ast.Node | None) -> None:
        """Visit the sizes of arrays in a type."""
        while isinstance(node, c_ast.ArrayDecl | c_ast.PtrDecl | c_ast.TypeDecl):
            if isinstance(node, c_ast.ArrayDecl) and node.dim is not None:
                self.visit(node.dim)
            node = node.type

    def _fold_sizes(self, node: c_ast.Node) -> None:
        """Spell out sizes that count on const objects, `const int n = 3; double t[n];`, which C calls variable."""
        while isinstance(node, c_ast.ArrayDecl):
            if node.dim is not None and _constant(node.dim, self._declarations) is None:
                value = _constant(node.dim, self._with_constants(node.dim, depth=8))
                if value is not None:
                    node.dim = c_ast.Constant("int", str(value), coord=node.dim.coord)
            node = node.type

    def _with_constants(self, expression: c_ast.Node, depth: int) -> Declarations:
        """The declarations, with the values of the const integers that an expression names among the constants."""
        known = self._declarations.copy()
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

    def _qualifiers(self, node: c_ast.Node, own: bool) -> None:
        """Refuse what others may write. `own`: whether the object is a local or static."""
        inner = base(node)
        qualifiers = {*getattr(node, "quals", []), *(inner.quals if inner is not None else [])}
        # What only the program itself can get at keeps what it was given.
        own = own and isinstance(node.type, c_ast.TypeDecl | c_ast.ArrayDecl)
        if "volatile" in qualifiers and not own:
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

    @contextmanager
    def _perhaps(self, always: bool = False) -> Iterator[None]:
        """What is visited within need not be reached, but where it `always` is."""
        self._sometimes += not always
        yield
        self._sometimes -= not always

    @contextmanager
    def _loop(self) -> Iterator[None]:
        """What leaves this loop, or switch, does not leave what is around it."""
        broken = self._broken
        yield
        self._broken = broken

    def visit_If(self, node: c_ast.If) -> None:  # noqa: N802
        self.visit(node.cond)
        for branch in (node.iftrue, node.iffalse):
            if branch is not None:
                with self._perhaps():
                    self.visit(branch)

    def visit_TernaryOp(self, node: c_ast.TernaryOp) -> None:  # noqa: N802
        self.visit_If(node)

    def visit_Switch(self, node: c_ast.Switch) -> None:  # noqa: N802
        self.visit(node.cond)
        with self._loop(), self._perhaps():
            self.visit(node.stmt)

    def visit_While(self, node: c_ast.While) -> None:  # noqa: N802
        self.visit(node.cond)
        with self._loop(), self._perhaps(self._holds(node.cond)):
            self.visit(node.stmt)

    def visit_DoWhile(self, node: c_ast.DoWhile) -> None:  # noqa: N802
        with self._loop():
            self.visit(node.stmt)
            self.visit(node.cond)

    def visit_For(self, node: c_ast.For) -> None:  # noqa: N802
        self._locals.append({})
        for part in (node.init, node.cond):
            if part is not None:
                self.visit(part)
        with self._loop(), self._perhaps(node.cond is None or self._holds(node.cond)):
            self.visit(node.stmt)
            if node.next is not None:
                self.visit(node.next)
        self._locals.pop()

    def _holds(self, condition: c_ast.Node) -> bool:
        return bool(_constant(condition, self._declarations))

    def visit_Return(self, node: c_ast.Return) -> None:  # noqa: N802
        if node.expr is not None:
            self.visit(node.expr)
        self._left = True

    def visit_Goto(self, node: c_ast.Goto) -> None:  # noqa: N802
        self._left = True

    def _leave(self, node: c_ast.Node) -> None:
        self._broken = True

    visit_Break = _leave  # noqa: N815
    visit_Continue = _leave  # noqa: N815

    def visit_Decl(self, node: c_ast.Decl) -> None:  # noqa: N802
        try:
            self._declarations.declare(node)
        except Unsupported as fault:
            self._fault(fault.node, fault.message, fault.hint)
        if node.name is None or "extern" in node.storage:
            return
        self._locals[-1][node.name] = node if is_constant(node, self._declarations) else None
        self._typed(node)

    def visit_Typedef(self, node: c_ast.Typedef) -> None:  # noqa: N802
        self._declarations.declare(node)

    # Expressions

    def visit_BinaryOp(self, node: c_ast.BinaryOp) -> None:  # noqa: N802
        self.visit(node.left)
        with self._perhaps(node.op not in ("&&", "||")):
            self.visit(node.right)

    def visit_UnaryOp(self, node: c_ast.UnaryOp) -> None:  # noqa: N802
        with self._perhaps(node.op not in ("sizeof", "_Alignof")):
            self.visit(node.expr)

    def visit_Assignment(self, node: c_ast.Assignment) -> None:  # noqa: N802
        self.visit(node.lvalue)
        self.visit(node.rvalue)

    def visit_Typename(self, node: c_ast.Typename) -> None:  # noqa: N802
        self._sizes(node.type)
        kind = self._element(node.type)
        if not is_void(kind) and not isinstance(kind, c_ast.FuncDecl):
            self._type(kind, node, None)

    def visit_FuncCall(self, node: c_ast.FuncCall) -> None:  # noqa: N802
        if isinstance(node.name, c_ast.ID):
            self._call(node, node.name.name)
        else:
            self.visit(node.name)
        for argument in node.args.exprs if node.args is not None else []:
            self.visit(argument)

    def generic_visit(self, node: c_ast.Node) -> None:
        if not isinstance(node, _PLAIN):
            self._fault(node, f"this construct ({type(node).__name__}) is not supported")
            return
        super().generic_visit(node)

    # Names

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._locals)

    def visit_ID(self, node: c_ast.ID) -> None:  # noqa: N802
        name = node.name
        if self._is_local(name) or name in self._declarations.constants or name in _OWN_NAME:
            return
        entity = self._scope.lookup(name)
        if (entity is None or entity.kind == "prototype") and name in PROTOTYPES:
            self._found.needs[name] = None
            return
        if entity is None:
            self._fault(node, f"'{name}' is not declared")
            return
        match entity.kind:
            case "type" | "enumerator":
                pass
            case "extern":
                self._fault(node, f"'{name}' is defined outside this file", _GIVE_FILE)
            case "function" | "prototype" | "broken" | "object":
                self._found.needs[name] = entity
            case _:
                assert_never(entity.kind)

    def _call(self, node: c_ast.FuncCall, name: str) -> None:
        entity = None if self._is_local(name) else self._scope.lookup(name)
        if self._is_local(name):
            return  # a pointer
        if entity is not None and entity.kind in ("function", "broken", "object"):
            if isinstance(entity.node, c_ast.FuncDef) and _takes_any_number(entity.node):
                self._ends(node, f"'{name}' {_NO_VARARGS}", _DROP.format(name))
                entity = Entity("prototype", name, entity.chunk, entity.node.decl)
            elif entity.kind == "function" and self._always:
                self._found.always.add(name)
            self._found.needs[name] = entity
        elif name in PROTOTYPES:
            self._found.needs[name] = None
        elif name in FORBIDDEN:
            self._fault(node, f"'{name}' {FORBIDDEN[name]}, which is not numeric", "remove the call")
        elif name not in BUILTINS:
            self._ending_call(node, name, entity)

    def _ending_call(self, node: c_ast.FuncCall, name: str, entity: Entity | None) -> None:
        """A call of what is not defined: it ends the row."""
        why = TRAPPED.get(name) or DROPPED.get(name)
        if entity is not None and entity.kind == "extern":
            self._fault(node, f"'{name}' is defined outside this file", _GIVE_FILE)
        elif name.startswith("__builtin_") or (entity is not None and entity.kind != "prototype"):
            self._fault(node, f"'{name}' is not a function that is known")
        elif why is not None:
            self._ends(node, f"'{name}' {why}, which is not numeric", "remove the call")
        else:
            self._ends(node, f"'{name}' {UNDEFINED}", _GIVE_FILE)
        self._found.needs[name] = entity or Entity("prototype", name, self._chunk, _implicit(name))

    @property
    def _always(self) -> bool:
        """Whether every call of the function reaches what is visited."""
        return not (self._sometimes or self._left or self._broken)

    def _ends(self, node: c_ast.Node, message: str, hint: str) -> None:
        if self._always and message not in self._told:
            self._told.add(message)
            self._found.ends.append(self._at(node, message, hint))


def _implicit(name: str) -> c_ast.Decl:
    """The declaration of a function that has none."""
    returned = c_ast.TypeDecl(name, [], None, c_ast.IdentifierType(["int"]))
    return c_ast.Decl(name, [], [], [], [], c_ast.FuncDecl(None, returned), None, None)


def _takes_any_number(function: c_ast.FuncDef) -> bool:
    given = function.decl.type.args.params if function.decl.type.args else []
    return any(isinstance(parameter, c_ast.EllipsisParam) for parameter in given)


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
    """Whether an object can never change."""
    return "const" in qualifiers(node, declarations)


def qualifiers(node: c_ast.Node | None, declarations: Declarations) -> set[str]:
    """Those of an object, or of an array's elements, itself or through the typedef that it is declared with."""
    node, found = getattr(node, "type", None), set[str]()
    for _ in range(MAX_DEPTH):
        while isinstance(node, c_ast.ArrayDecl):
            node = node.type
        if isinstance(node, c_ast.PtrDecl | c_ast.TypeDecl):
            found |= set(node.quals)
        if not isinstance(node, c_ast.TypeDecl) or not isinstance(node.type, c_ast.IdentifierType):
            break
        node = declarations.typedefs.get(node.type.names[0]) if len(node.type.names) == 1 else None
    return found
