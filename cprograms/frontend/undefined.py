"""What a sketch leaves undefined, as its declarations and pragmas say: functions that are learned, constants that are
chosen, and constants that are fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.places import Places
from cprograms.frontend.pragmas import MOST_VALUES, Undefined, read_pragmas
from cprograms.frontend.preprocess import preprocess
from cprograms.frontend.scope import FileScope
from cprograms.frontend.source import Source
from cprograms.types import Array, CType, Pointer, Scalar

MOST_ARGUMENTS = 4096
"""Of a sketch: what is given, chosen, fitted and learned."""
DEFAULT_MODULUS = 2
PREFIX = "surrogate_"


@dataclass(frozen=True)
class Learned:
    """An undefined function that is learned.

    `takes` pictures of `size` numbers, or `size` whole numbers. It gives one of `values` whole numbers, or, where that
    is 0, a floating number. The program's argument arrays `cells` hold what it gives: `count` of them, one a picture
    that the entry gets, or one for each tuple of whole numbers. `module` is the name of a registered torch module, ""
    for a network with `hidden` layers. `place` is where the sketch says so, for diagnostics.
    """

    name: str
    type: Scalar
    takes: Literal["picture", "numbers"]
    size: int
    values: int
    hidden: tuple[int, ...]
    module: str
    place: Diagnostic = field(compare=False)
    count: int = 0

    def fault(self, message: str, hint: str = "") -> ProgramError:
        """What is wrong with it, at its place."""
        return ProgramError([replace(self.place, message=message, hint=hint)])

    @property
    def cells(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Choice:
    """An undefined constant, or array of them, of which each element is chosen among low … high."""

    name: str
    type: Scalar
    shape: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Fitted:
    """An undefined floating constant, or array of them, that is fitted."""

    name: str
    type: Scalar
    shape: tuple[int, ...]


@dataclass
class Item:
    """A declaration of something undefined: its chunk, its node, and the pragma that says what it is."""

    chunk: Chunk
    node: c_ast.Decl
    said: Undefined | None


class UndefinedReader:
    """`items` are the declarations that may be of something undefined, `learned`, `choices` and `constants` what is.

    Learned functions have no `count` yet. Whole numbers are in 0 … `modulus` - 1.
    """

    def __init__(self, source: Source) -> None:
        """Raises ProgramError with every fault of what is undefined."""
        self.source = source
        self.expanded = preprocess(source)
        self.unit = Unit(self.expanded.text)
        self._scope = FileScope(self.unit)
        self.pragmas = read_pragmas(self.unit)
        self.places = Places((source,), self.expanded.text)
        self._faults: list[Unsupported] = list(self.pragmas.faults)
        said: dict[str, Undefined] = {}
        for one in self.pragmas.undefined:
            if one.name in said and replace(one, offset=0, node=said[one.name].node) != replace(
                said[one.name], offset=0
            ):
                self._fault(one.node, f"two pragmas conflict: '{one.name}' was given another meaning before")
            said[one.name] = one
        self._said = said
        self.items = list(self._undefined())
        self._unmatched()
        self.choices = [c for item in self.items if (c := self._choice(item)) is not None]
        self.constants = [k for item in self.items if (k := self._constant(item)) is not None]
        self.modulus = self._modulus(self.choices)
        self.learned = [f for item in self.items if (f := self._function(item)) is not None]
        self._too_many()
        if self._faults:
            raise ProgramError(self.places.diagnostics(self._faults))

    def _fault(self, node: c_ast.Node, message: str, hint: str = "") -> None:
        self._faults.append(Unsupported(node, message, hint))

    def _undefined(self) -> Iterator[Item]:
        """The declarations of the file that may be of something undefined."""
        for chunk in self.unit.chunks:
            if chunk.included or chunk.function or chunk.is_typedef:
                continue
            try:
                nodes = self.unit.parse(chunk)
            except Unsupported:
                continue
            for node in nodes:
                if not isinstance(node, c_ast.Decl) or not node.name or node.name in self.unit.functions:
                    continue
                is_function = isinstance(node.type, c_ast.FuncDecl)
                if is_function or ("extern" in node.storage and node.init is None):
                    yield Item(chunk, node, self._said.get(node.name))

    def _unmatched(self) -> None:
        """Pragmas of what is not there, or is something else."""
        names = {item.node.name for item in self.items}
        for name, said in self._said.items():
            if said.kind != "modulus" and name not in names:
                what = "function" if said.kind == "learn" else "constant"
                shown = (
                    f"extern int {name}(const float picture[784]);"
                    if what == "function"
                    else f"extern const int {name};"
                )
                self._fault(said.node, f"the file declares no undefined {what} '{name}'", f"write `{shown}`")

    def _too_many(self) -> None:
        """Learned functions of more numbers than a sketch may have arguments."""
        for function in self.learned:
            if function.takes == "numbers" and self.modulus**function.size > MOST_ARGUMENTS:
                node = next(i.node for i in self.items if i.node.name == function.name)
                self._fault(node, f"'{function.name}' may be given more than {MOST_ARGUMENTS} tuples of numbers")

    def _type(self, item: Item) -> tuple[Scalar, tuple[int, ...]] | None:
        """The scalar and the extents of an undefined object."""
        try:
            found: CType = self._scope.declarations_of(item.chunk).type_of(item.node)
        except Unsupported as fault:
            self._faults.append(fault)
            return None
        shape = []
        while isinstance(found, Array):
            shape.append(found.length)
            found = found.element
        if not isinstance(found, Scalar):
            self._fault(item.node, f"'{item.node.name}' is undefined and no number", "only numbers can be learned")
            return None
        return found, tuple(shape)

    def _choice(self, item: Item) -> Choice | None:
        if isinstance(item.node.type, c_ast.FuncDecl) or item.said is None:
            return None
        name, said = item.node.name, item.said
        if said.kind != "choose":
            self._fault(said.node, f"'{name}' is a constant, not a function", f"write `choose({name}, low, high)`")
            return None
        typed = self._type(item)
        if typed is None:
            return None
        if "const" not in _qualifiers(item.node):
            self._fault(item.node, f"'{name}' is chosen once: it must be const", f"extern const int {name}")
        if not typed[0].is_integer:
            self._fault(said.node, f"'{name}' is no whole number: it is fitted, not chosen", "leave the pragma out")
            return None
        low, high = typed[0].limits
        if said.low < low or said.high > high or said.high - said.low >= MOST_VALUES:
            self._fault(said.node, f"'{name}' is {typed[0].name}, and cannot be chosen from {said.low} to {said.high}")
        return Choice(name, *typed, said.low, said.high)

    def _constant(self, item: Item) -> Fitted | None:
        if isinstance(item.node.type, c_ast.FuncDecl) or item.said is not None or "const" not in _qualifiers(item.node):
            return None
        typed = self._type(item)
        if typed is None or typed[0].is_integer:
            return None  # told by the reading where it is used
        return Fitted(item.node.name, *typed)

    def _modulus(self, choices: Sequence[Choice]) -> int:
        values = [s.high for s in self._said.values() if s.kind == "learn"]
        said = next((s for s in self._said.values() if s.kind == "modulus"), None)
        if said is None:
            return max([DEFAULT_MODULUS, *values, *(c.high + 1 for c in choices)])
        if max(values, default=0) > said.high:
            at = next(s for s in self._said.values() if s.kind == "learn" and s.high > said.high)
            self._fault(at.node, f"'{at.name}' has {at.high} values, and the modulus is {said.high}")
        return said.high

    def _function(self, item: Item) -> Learned | None:
        if not isinstance(item.node.type, c_ast.FuncDecl) or item.said is None:
            return None
        name, said = item.node.name, item.said
        if said.kind != "learn":
            self._fault(said.node, f"'{name}' is a function, not a constant", f"write `learn({name}, values(10))`")
            return None
        if len([n for n in self.unit.parse(item.chunk) if isinstance(n, c_ast.Decl) and n.name]) > 1:
            self._fault(item.node, f"'{name}' must be declared alone")
            return None
        declarations = self._scope.declarations_of(item.chunk)
        try:
            result = declarations.type_of(item.node.type.type)
            params = item.node.type.args.params if item.node.type.args else []
            taken = [declarations.parameter(p) for p in params]
        except Unsupported as fault:
            self._fault(item.node, f"'{name}' cannot be learned: {fault.message}")
            return None
        if not isinstance(result, Scalar):
            self._fault(item.node, f"'{name}' must give a number to be learned")
            return None
        if result.is_integer != (said.high > 0):
            what = "whole numbers: say of how many values" if result.is_integer else "a floating number, not values"
            self._fault(
                said.node, f"'{name}' gives {what}", f"write `learn({name}, values(10))`" if result.is_integer else ""
            )
            return None
        if all(isinstance(t, Scalar) and t.is_integer for t, _ in taken) and taken:
            return self._learned(said, result, "numbers", len(taken))
        if len(taken) == 1 and isinstance(taken[0][0], Pointer):
            target, extent = taken[0][0].target, taken[0][1]
            if isinstance(target, Scalar) and not target.is_integer and extent:
                return self._learned(said, result, "picture", extent)
        hint = f"declare it as in `extern int {name}(const float picture[784]);` or `extern int {name}(int, int);`"
        self._fault(item.node, f"'{name}' must take one array of numbers of known extent, or whole numbers", hint)
        return None

    def _learned(self, said: Undefined, result: Scalar, takes: Literal["picture", "numbers"], size: int) -> Learned:
        (place,) = self.places.diagnostics([Unsupported(said.node, "")])
        return Learned(said.name, result, takes, size, said.high, said.hidden, said.module, place)

    def is_state(self, items: Sequence[Item]) -> bool:
        """Whether all that a declaration declares is chosen or fitted."""
        return not any(isinstance(i.node.type, c_ast.FuncDecl) for i in items) and all(
            i.said is not None or self._is_floating(i) for i in items
        )

    def _is_floating(self, item: Item) -> bool:
        typed = self._type(item)
        return typed is not None and not typed[0].is_integer


def _qualifiers(node: c_ast.Decl) -> set[str]:
    inner: c_ast.Node = node
    found: set[str] = set(node.quals)
    while isinstance(inner, c_ast.Decl | c_ast.ArrayDecl | c_ast.TypeDecl):
        found |= set(getattr(inner, "quals", None) or ())
        inner = inner.type
    return found
