"""What functions write through their pointers, and which objects at file scope nothing ever writes.

The analysis counts neither on the order of statements nor on types beyond whether a value can hold a pointer. An object
and what it points to are one place: a pointer that was ever set from another may point to all that the other does.
What cannot be followed (an address in a global or behind a pointer, a call through a pointer) counts as written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from pycparser import c_ast

from cprograms.budget import tick
from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.parse import Chunk
from cprograms.frontend.scope import FileScope
from cprograms.standard import MEMORY, PROTOTYPES, prototype
from cprograms.trees import walk
from cprograms.types import INT, Array, Bits, CType, Function, Pointer, Scalar, Struct, Union, Void, find

Source = str | int
"""An object at file scope by its name, or a parameter by its number."""
Type = CType | Void | Function | None
"""None where it is not known."""
_POINTED = {"memcpy", "memmove"}
"""What copies pointers, where the memory holds any."""


class Passed(NamedTuple):
    """A pointer to a source, passed on as an argument of another function of the file."""

    source: Source
    function: str
    parameter: int


@dataclass(frozen=True)
class Effects:
    """What a function, or an object's initialiser, may do to its sources: write them, pass them on, keep their address
    in other objects (pairs of a source and of what holds it)."""

    written: frozenset[Source] = frozenset()
    passed: frozenset[Passed] = frozenset()
    held: frozenset[tuple[Source, str]] = frozenset()


class Writes:
    """Answers for the functions and objects of a unit. `definition` gives one by its name as it is to be read, or None
    for what cannot be read: that may write all that it names."""

    def __init__(self, scope: FileScope, definition: Callable[[str], c_ast.Node | None]):
        self._scope, self._definition = scope, definition
        self._effects: dict[str, Effects | None] = {}

    def may_write(self, function: str, parameter: int) -> bool:
        """Whether a function may write what a parameter of it points to."""
        seen = {(function, parameter)}
        stack = [(function, parameter)]
        while stack:
            function, parameter = stack.pop()
            effects = self._of(function)
            if effects is None or parameter in effects.written:
                return True
            following = {(p.function, p.parameter) for p in effects.passed if p.source == parameter} - seen
            seen |= following
            stack += following
        return False

    def writes(self, name: str, among: Collection[str] | None = None) -> bool:
        """Whether anything, or anything of the functions and objects `among`, may write an object at file scope."""
        seen, stack = {name}, [name]
        while stack:
            current = stack.pop()
            for chunk in self._scope.mentions(current):
                for other in self._defined(chunk):
                    if among is not None and other not in among:
                        continue
                    effects = self._of(other)
                    if effects is None or current in effects.written:
                        return True
                    if any(p.source == current and self.may_write(p.function, p.parameter) for p in effects.passed):
                        return True
                    holders = {holder for source, holder in effects.held if source == current} - seen
                    seen |= holders
                    stack += holders
        return False

    def _defined(self, chunk: Chunk) -> Iterator[str]:
        """What a chunk defines: objects, or a function and, once that is read, its static locals."""
        if chunk.function:
            yield chunk.function
            yield from self._scope.lifted_from(chunk)
        else:
            yield from sorted(chunk.declares)

    def _of(self, name: str) -> Effects | None:
        if name not in self._effects:
            self._effects[name] = self._found(name)
        return self._effects[name]

    def _found(self, name: str) -> Effects | None:
        entity = self._scope.lookup(name)
        if entity is None or entity.kind not in ("function", "object", "broken"):
            return Effects()
        node = self._definition(name)
        if node is None:
            return None
        return _Reader(self._scope, entity.chunk).read(node)


class _Value(NamedTuple):
    """The type of an expression, and the places that it may point to or, as an lvalue, lie in."""

    type: Type
    places: frozenset[str] = frozenset()
    behind: bool = False
    """Whether an lvalue is reached through a pointer."""


_NUMBER = _Value(INT)


def holds_pointer(type: Type) -> bool:
    """Whether a value of a type can hold a pointer; unknown types can."""
    if isinstance(type, Scalar | Bits):
        return False
    if isinstance(type, Array):
        return holds_pointer(type.element)
    return not isinstance(type, Struct | Union) or any(holds_pointer(inner) for _, inner in type.fields)


class _Reader:
    """Reads one definition. A place is a local variable, or an object at file scope with a "=" before its name."""

    def __init__(self, scope: FileScope, chunk: Chunk):
        self._scope = scope
        shared = scope.declarations_of(chunk)
        self._declarations = Declarations()
        self._declarations.typedefs = dict(shared.typedefs)
        self._declarations.tags = dict(shared.tags)
        self._declarations.constants = dict(shared.constants)
        self._locals: dict[str, Type] = {}
        self._parameters: list[str] = []
        self._keeps: dict[str, set[str]] = defaultdict(set)
        """The places whose addresses were put into a place."""
        self._written: set[str] = set()
        self._passed: set[tuple[str, str, int]] = set()
        self._returned: set[str] = set()

    def read(self, node: c_ast.Node) -> Effects:
        if isinstance(node, c_ast.FuncDef):
            self._function(node)
        elif node.init is not None:
            value = self._value(node.init)
            self._keeps[f"={node.name}"] |= value.places
        return self._summary()

    def _summary(self) -> Effects:
        numbers = {name: k for k, name in enumerate(self._parameters)}

        def sources(place: str) -> set[Source]:
            found: set[Source] = set()
            seen, stack = {place}, [place]
            while stack:
                current = stack.pop()
                if current.startswith("="):
                    found.add(current[1:])
                elif current in numbers:
                    found.add(numbers[current])
                following = self._keeps[current] - seen
                seen |= following
                stack += following
            return found

        returned = {s for place in self._returned for s in sources(place) if isinstance(s, str)}
        return Effects(
            frozenset(returned.union(*(sources(place) for place in self._written))),
            frozenset(Passed(s, function, k) for place, function, k in self._passed for s in sources(place)),
            frozenset(
                (s, holder[1:]) for holder in [*self._keeps] if holder.startswith("=")
                for place in self._keeps[holder] for s in sources(place)
            ),
        )  # fmt: skip

    # Definitions and statements

    def _function(self, node: c_ast.FuncDef) -> None:
        given = node.decl.type.args.params if node.decl.type.args else []
        for parameter in given:
            name = getattr(parameter, "name", None) or ""
            self._parameters.append(name)
            if name and isinstance(parameter, c_ast.Decl):
                self._declare(name, self._type(partial(self._parameter, parameter)))
        returned = node.decl.type.type
        self._to_const = isinstance(returned, c_ast.PtrDecl) and "const" in getattr(returned.type, "quals", [])
        self._statement(node.body)

    def _parameter(self, node: c_ast.Decl) -> Type:
        return self._declarations.parameter(node)[0]

    def _declare(self, name: str, type: Type) -> None:
        """One name that stands for several variables has no known type."""
        known = self._locals.get(name, type)
        self._locals[name] = type if known == type else None

    def _statement(self, node: c_ast.Node) -> None:
        """Statements and declarations in them; what is an expression is read as one."""
        if isinstance(node, c_ast.Typedef):
            self._note(node)
        elif isinstance(node, c_ast.Decl):
            self._note(node)
            if node.name is None or "extern" in node.storage:
                return
            self._declare(node.name, self._type(lambda: self._declarations.type_of(node)))
            if node.init is not None:
                value = self._value(node.init)
                if holds_pointer(value.type):
                    self._keeps[node.name] |= value.places
        elif isinstance(node, c_ast.Return):
            value = self._value(node.expr) if node.expr is not None else _NUMBER
            if holds_pointer(value.type) and not self._to_const:
                self._returned |= value.places
        elif isinstance(node, _STATEMENTS):
            for _, child in node.children():
                self._statement(child)
        else:
            self._value(node)

    def _note(self, node: c_ast.Node) -> None:
        try:
            self._declarations.declare(node)
        except Unsupported:
            return  # told by the subset check

    @staticmethod
    def _type(find_out: Callable[[], Type]) -> Type:
        try:
            return find_out()
        except (Unsupported, RecursionError):
            return None

    # Expressions

    def _value(self, node: c_ast.Node) -> _Value:
        """Read an expression once: its value, and on the way what it writes."""
        tick()
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is not None:
            found: _Value = method(node)
            return found
        if isinstance(node, c_ast.Constant):
            return _Value(Pointer(Void()) if node.type == "string" else INT)
        if isinstance(node, c_ast.Typename):
            return _NUMBER
        places = {place for n in walk(node) if isinstance(n, c_ast.ID) for place in self._name(n).places}
        self._written |= places
        return _Value(None, frozenset(places))

    def _loaded(self, type: Type, places: frozenset[str]) -> _Value:
        """The value of an object of a type that lies in a place: an array's is a pointer to it."""
        type = self._declarations.completed(type) if type is not None else None
        if isinstance(type, Array):
            return _Value(Pointer(type.element), places)
        return _Value(type, frozenset() if isinstance(type, Scalar | Bits) else places)

    def _name(self, node: c_ast.ID) -> _Value:
        """A variable, as an lvalue."""
        name = node.name
        entity = None if name in self._declarations.constants else self._scope.lookup(name)
        if name in self._locals:
            # One that stands for an object of the file as well, in another block, is both.
            places = {name, f"={name}"} if entity is not None and entity.kind == "object" else {name}
            return _Value(self._locals[name] if len(places) == 1 else None, frozenset(places))
        if entity is None or entity.kind not in ("object", "extern"):
            return _NUMBER
        declarations = self._scope.declarations_of(entity.chunk)
        return _Value(self._type(lambda: declarations.type_of(entity.node)), frozenset({f"={name}"}))

    def _lvalue(self, node: c_ast.Node) -> _Value:
        """What an assignment writes, or an address is taken of."""
        if isinstance(node, c_ast.ID):
            return self._name(node)
        if isinstance(node, c_ast.StructRef):
            outer = self._lvalue(node.name) if node.type == "." else self._target(self._value(node.name))
            return outer._replace(type=self._field(outer.type, node.field.name))
        if isinstance(node, c_ast.ArrayRef):
            index, outer = self._value(node.subscript), self._lvalue(node.name)
            if holds_pointer(index.type):  # 2[x]
                return self._target(index)
            if isinstance(outer.type, Array):
                return outer._replace(type=outer.type.element)
            return self._target(outer)
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self._target(self._value(node.expr))
        return self._value(node)

    def _target(self, pointer: _Value) -> _Value:
        target = pointer.type.target if isinstance(pointer.type, Pointer) else None
        return _Value(target and self._declarations.completed(target), pointer.places, behind=True)

    def _field(self, type: Type, name: str) -> Type:
        way = find(type, name) if isinstance(type, Struct | Union) else None
        for number in way or ():
            type = type.fields[number][1] if isinstance(type, Struct | Union) else None
        return type if way is not None else None

    def _ID(self, node: c_ast.ID) -> _Value:  # noqa: N802
        found = self._name(node)
        return self._loaded(found.type, found.places)

    def _load(self, node: c_ast.Node) -> _Value:
        found = self._lvalue(node)
        return self._loaded(found.type, found.places)

    _StructRef = _load
    _ArrayRef = _load

    def _UnaryOp(self, node: c_ast.UnaryOp) -> _Value:  # noqa: N802
        if node.op in ("sizeof", "_Alignof"):
            return _NUMBER
        if node.op == "*":
            return self._load(node)
        if node.op == "&":
            found = self._lvalue(node.expr)
            return _Value(Pointer(found.type or Void()), found.places)
        if node.op in ("++", "--", "p++", "p--"):
            found = self._lvalue(node.expr)
            self._write(found)
            return self._loaded(found.type, found.places)
        value = self._value(node.expr)
        return value if node.op in ("+", "-", "~") and not holds_pointer(value.type) else _NUMBER

    def _BinaryOp(self, node: c_ast.BinaryOp) -> _Value:  # noqa: N802
        left, right = self._value(node.left), self._value(node.right)
        if node.op not in ("+", "-"):
            return _NUMBER
        pointers = [value for value in (left, right) if holds_pointer(value.type)]
        if len(pointers) == 2 and node.op == "-":
            return _NUMBER
        return pointers[0] if len(pointers) == 1 else self._either(pointers) if pointers else _NUMBER

    @staticmethod
    def _either(values: Iterable[_Value]) -> _Value:
        """One of several values; null pointers, which are numbers, tell no type."""
        values = [value for value in values if holds_pointer(value.type)]
        if not values:
            return _NUMBER
        types = [value.type for value in values if value.type != Pointer(Void())] or [Pointer(Void())]
        places = frozenset().union(*(value.places for value in values))
        return _Value(types[0] if types.count(types[0]) == len(types) else None, places)

    def _TernaryOp(self, node: c_ast.TernaryOp) -> _Value:  # noqa: N802
        self._value(node.cond)
        return self._either([self._value(node.iftrue), self._value(node.iffalse)])

    def _ExprList(self, node: c_ast.ExprList) -> _Value:  # noqa: N802
        return [self._value(part) for part in node.exprs][-1]

    def _InitList(self, node: c_ast.InitList) -> _Value:  # noqa: N802
        values = [self._value(i.expr if isinstance(i, c_ast.NamedInitializer) else i) for i in node.exprs or []]
        places = frozenset().union(*(v.places for v in values if holds_pointer(v.type)))
        return _Value(None, places)

    def _CompoundLiteral(self, node: c_ast.CompoundLiteral) -> _Value:  # noqa: N802
        type = self._type(lambda: self._declarations.type_of(node.type))
        return self._loaded(type, self._value(node.init).places)

    def _Cast(self, node: c_ast.Cast) -> _Value:  # noqa: N802
        value = self._value(node.expr)
        type = self._type(lambda: self._declarations.type_of(node.to_type))
        if isinstance(type, Scalar) and holds_pointer(value.type):
            self._written |= value.places  # an address as a number can become anything
        return _Value(type, value.places if holds_pointer(type) and holds_pointer(value.type) else frozenset())

    def _Assignment(self, node: c_ast.Assignment) -> _Value:  # noqa: N802
        to, value = self._lvalue(node.lvalue), self._value(node.rvalue)
        self._write(to)
        if holds_pointer(value.type) and holds_pointer(to.type):
            self._keep(to, value.places)
        return self._loaded(to.type, to.places)

    def _write(self, to: _Value) -> None:
        self._written |= {place for place in to.places if to.behind or place.startswith("=")}

    def _keep(self, to: _Value, places: Iterable[str]) -> None:
        """Addresses are put into a place. What lies elsewhere may be written by whoever finds them there."""
        for place in to.places:
            self._keeps[place] |= {*places}
            if to.behind:
                self._written |= {*places}

    # Calls

    def _FuncCall(self, node: c_ast.FuncCall) -> _Value:  # noqa: N802
        values = [self._value(a) for a in (node.args.exprs if node.args is not None else [])]
        pointers = [(k, value) for k, value in enumerate(values) if holds_pointer(value.type)]
        places = frozenset().union(*(value.places for _, value in pointers))
        name = node.name.name if isinstance(node.name, c_ast.ID) else None
        plain = name.removeprefix("__builtin_") if name is not None else ""
        entity = self._scope.lookup(name) if name is not None and name not in self._locals else None
        if entity is not None and isinstance(entity.node, c_ast.FuncDef):
            self._passed |= {(place, entity.name, k) for k, value in pointers for place in value.places}
            returned = entity.node.decl.type.type
            declarations = self._scope.declarations_of(entity.chunk)
            type = self._type(lambda: declarations.type_of(returned))
            return _Value(type, places if holds_pointer(type) else frozenset())
        if (entity is None or entity.kind == "prototype") and plain in PROTOTYPES and name not in self._locals:
            return self._library(plain, values)
        if entity is None and name is not None and name not in self._locals:
            return _NUMBER  # a builtin
        if entity is not None and entity.kind == "prototype":
            return _Value(None)  # it does not come back
        if name is None:
            self._value(node.name)
        self._written |= places
        return _Value(None, places)

    def _library(self, name: str, values: list[_Value]) -> _Value:
        takes = prototype(name).type
        for value, parameter in zip(values, takes.args.params, strict=False):
            pointer = parameter.type if isinstance(parameter, c_ast.Decl | c_ast.Typename) else None
            if isinstance(pointer, c_ast.PtrDecl) and "const" not in getattr(pointer.type, "quals", []):
                self._written |= value.places
        if name in _POINTED and len(values) > 1:
            source = values[1].type
            if not isinstance(source, Pointer) or holds_pointer(source.target):
                self._keep(_Value(None, values[0].places, behind=True), values[1].places)
        return _Value(Pointer(Void()), values[0].places) if name in MEMORY and name != "memcmp" and values else _NUMBER


_STATEMENTS = (
    *(c_ast.Compound, c_ast.If, c_ast.Switch, c_ast.Case, c_ast.Default, c_ast.While, c_ast.DoWhile, c_ast.For),
    *(c_ast.DeclList, c_ast.Label, c_ast.Goto, c_ast.Break, c_ast.Continue, c_ast.EmptyStatement),
)
"""Statements that are made of others, or do nothing to objects."""
