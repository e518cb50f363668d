"""The entry's arguments and results, and the domain that pragmas and the user give them."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pycparser import c_ast

from cprograms import options
from cprograms.declarations import Declarations, Unsupported
from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.frontend.pragmas import Range
from cprograms.frontend.untyped import Pointed
from cprograms.lowering.accesses import Given
from cprograms.lowering.watching import Access
from cprograms.names import element, shortened
from cprograms.program import MAX_ARGUMENTS, MAX_RESULTS, Argument, Parameter, Result
from cprograms.types import Array, Bits, CType, Function, Leaf, Pointer, Scalar, Void, flexible, leaf_count, paths

_HOW_TO_SIZE = "say how many elements it has: #pragma surrogate size({0}, N), or --size {0}=N"
_ASKS, _OR_FIX = _HOW_TO_SIZE.partition("{")[0], "; --fix N=9 fixes a bound"
_MOST_LEAVES = 4096
"""Leaves of an object that is looked at at all."""


def asks_for_extent(fault: Unsupported) -> bool:
    """Whether a fault is that an extent is not known, so that one may be given."""
    return fault.hint.startswith(_ASKS)


def is_unbounded(fault: Unsupported) -> bool:
    """Whether a fault is that an index may be anything."""
    return asks_for_extent(fault) and fault.hint.endswith(_OR_FIX)


@dataclass(frozen=True)
class Shape:
    """What the user says of the parameters beyond their declarations, by name: extents, numbers that they always have.

    `state` are the globals that are arguments and results. `most` arguments are allowed.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, int | float] = field(default_factory=dict)
    state: tuple[str, ...] = ()
    most: int = MAX_ARGUMENTS


@dataclass(frozen=True)
class Signature:
    """What a function takes and returns, or (then all may be incomplete) why that is not numeric.

    `parameters` and `returned` are those of `cprograms.program.Program`.
    """

    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    faults: tuple[Unsupported, ...]
    parameters: tuple[Parameter, ...] = ()
    returned: int = 0

    @property
    def names(self) -> set[str]:
        """What a range can be given to."""
        results = {r.name for r in self.results}
        found = {a.name for a in self.arguments} | results | {f"return.{name}" for name in results}
        return found | {outer for name in found for outer in _outer(name)}


def _outer(name: str) -> Iterator[str]:
    """The objects that a name is a part of: `s`, `s.m` of `s.m[2]`."""
    for match in re.finditer(r"[.\[]", name):
        yield name[: match.start()]


def signature_of(
    function: c_ast.FuncDef,
    declarations: Declarations,
    shape: Shape,
    state: Mapping[str, tuple[str, c_ast.Decl]],
    follow: Callable[[list[Given]], dict[str, Access] | None] | None,
    untyped: Mapping[str, Pointed] | None = None,
) -> Signature:
    """The signature with the default domain: [-1, 1], or its part that the argument's type holds.

    `state` are the globals that are arguments and results, by their names in C: what the user calls them, and their
    declarations. `follow` finds out what the function does with what its pointers point to; without it that is not
    asked. Types outside the subset are left to the subset check: they are left out here without a fault. `untyped` has
    what parameters of type `void *` are converted to.
    """
    return _Maker(function, declarations, shape, state, untyped or {}).made(follow)


class _Maker:
    def __init__(
        self,
        function: c_ast.FuncDef,
        declarations: Declarations,
        shape: Shape,
        state: Mapping[str, tuple[str, c_ast.Decl]],
        untyped: Mapping[str, Pointed],
    ):
        self._function, self._declarations, self._shape, self._state = function, declarations, shape, state
        self._untyped = untyped
        self._name = function.decl.name
        self._faults: list[Unsupported] = []
        self._arguments: list[Argument] = []
        self._results: list[Result] = []
        self._parameters: list[Parameter] = []

    def _fault(self, node: c_ast.Node, message: str, hint: str = "") -> None:
        self._faults.append(Unsupported(node, message, hint))

    def made(self, follow: Callable[[list[Given]], dict[str, Access] | None] | None) -> Signature:
        nodes = {p.name: p for p in _parameters(self._function) if getattr(p, "name", None)}
        given = [g for p in _parameters(self._function) if (g := self._given(p)) is not None]
        self._unknown_settings(given)
        self._return()
        returned = len(self._results)
        pointers = [g for g in given if g.element is not None]
        found: dict[str, Access] = {}
        if follow is not None and not self._faults and (pointers or self._state):
            followed = follow(given)
            if followed is None:
                self._fault(self._function.decl, f"cannot follow what '{self._name}' does with its pointers")
            found = followed or {}
        for g in given:
            self._add(g, nodes[g.name], found.get(g.name), follow is not None)
        for name, (shown, node) in self._state.items():
            self._add_state(name, shown, node, found.get(name))
        self._limits(follow is not None and (not pointers or bool(found)))
        results = tuple(self._distinct(returned))
        return Signature(tuple(self._arguments), results, tuple(self._faults), tuple(self._parameters), returned)

    def _limits(self, complete: bool) -> None:
        decl = self._function.decl
        if len(self._arguments) > self._shape.most:
            count = len(self._arguments)
            message = f"'{self._name}' takes {count} numbers; at most {self._shape.most} are supported"
            self._fault(decl, message, _TAKE_FEWER)
        if len(self._results) > MAX_RESULTS:
            message = f"'{self._name}' gives {len(self._results)} numbers; at most {MAX_RESULTS} are supported"
            self._fault(decl, message, _GIVE_FEWER)
        if self._faults or not complete:
            return
        if not self._arguments:
            self._fault(decl, f"'{self._name}' takes no arguments", "a surrogate needs an input")
        elif not self._results:
            hint = "return a number, or write one through a pointer"
            if _takes_a_tape(self._function):
                hint = "a program over a memory tape compiles with --target anc"
            self._fault(decl, f"'{self._name}' gives no result", hint)

    def _distinct(self, returned: int) -> Iterator[Result]:
        """The results, those that are returned as `return.x` where something else is called `x`."""
        written = {r.name for r in self._results[returned:]}
        for k, result in enumerate(self._results):
            clash = k < returned and result.name in written
            yield replace(result, name=f"return.{result.name}") if clash else result

    def _unknown_settings(self, given: list[Given]) -> None:
        names = {g.name for g in given} | {shown for shown, _ in self._state.values()}
        for what, settings in (("size", self._shape.sizes), ("fix", self._shape.fixed)):
            for name in settings:
                if name not in names:
                    guess = did_you_mean(name, names)
                    message = f"this pragma binds to nothing: '{self._name}' has no argument '{name}' to {what}"
                    self._fault(self._function.decl, message, guess)

    # Parameters

    def _given(self, node: c_ast.Node) -> Given | None:
        if not isinstance(node, c_ast.Decl) or not node.name:
            if not isinstance(node, c_ast.EllipsisParam | c_ast.ID):
                self._fault(node, "this argument has no name")
            return None
        try:
            type, declared = self._declarations.parameter(node)
        except (Unsupported, RecursionError):
            return None
        name = node.name
        size, fixed = self._shape.sizes.get(name), self._shape.fixed.get(name)
        if not isinstance(type, Pointer):
            if size is not None:
                self._fault(node, f"'{name}' is no array: it has no size")
            return Given(name, type, fixed=self._fixed(node, type, fixed))
        if fixed is not None:
            self._fault(node, f"'{name}' is a pointer, which cannot be fixed", "only a number can be")
        return self._pointer(node, type, size, declared)

    def _pointer(self, node: c_ast.Decl, type: Pointer, size: int | None, declared: int | None) -> Given | None:
        name, target = node.name, self._declarations.completed(type.target)
        if known := self._untyped.get(name):
            if len(known) > 1:
                (first, _), (other, _) = known[:2]
                message = f"'{name}' becomes '{first.text}' and here '{other.text}': what it points to is not known"
                self._fault(other.place, message, _WRAP)
                return None
            target = known[0][1]
        if isinstance(target, Function):
            self._fault(node, f"'{name}' is a pointer to a function, which cannot be given as numbers", _WRAP)
            return None
        if isinstance(target, Void):
            tag = f"'struct {target.tag}', which is not defined" if target.tag else "what has no type of its own"
            self._fault(node, f"'{name}' points to {tag}", _WRAP)
            return None
        if isinstance(target, Pointer):
            self._fault(node, f"'{name}' is a pointer to pointers", _WRAP)
            return None
        if (part := flexible(target)) is not None:
            self._fault(node, f"'{name}' has a flexible array member, '{part}': its extent is not known", _WRAP)
            return None
        if size is not None and declared is not None and size != declared:
            self._fault(node, f"the extents of '{name}' disagree: it is declared with {declared}, and given {size}")
        extent = declared if size is None else size
        if leaf_count(target) * (extent or 1) > _MOST_LEAVES:
            self._fault(node, f"'{name}' points to more than {_MOST_LEAVES} numbers", _WRAP)
            return None
        return Given(name, type, target, extent)

    def _fixed(self, node: c_ast.Decl, type: CType, value: int | float | None) -> int | float | None:
        if value is None:
            return None
        if not isinstance(type, Scalar):
            self._fault(node, f"'{node.name}' is no number, and cannot be fixed to one")
            return None
        low, high = type.limits
        value = type.nearest(value)
        if not low <= value <= high or (type.is_integer and value != int(value)):
            shown = value if type.is_integer else f"{value:g}"
            self._fault(node, f"'{node.name}' cannot be fixed to {shown}: its type is {type.name}")
            return None
        return int(value) if type.is_integer else float(value)

    def _add(self, given: Given, node: c_ast.Decl, access: Access | None, asked: bool) -> None:
        if given.element is None:
            self._add_value(given, node)
            return
        extent = given.extent
        if access is not None:
            if self._blamed(given.name, access):
                return
            extent = access.extent if extent is None else extent
        elif asked and extent is None:
            return
        type = Array(given.element, extent or 1)
        # One object is called by the pointer's name, an array's elements by their numbers.
        alone = extent == 1 and self._declarations.parameter(node)[1] is None
        leaves = [(given.name + (at.removeprefix("[0]") if alone else at), leaf) for at, leaf in paths(type)]
        self._object(given.name, "pointer", type, leaves, access)

    def _blamed(self, name: str, access: Access) -> bool:
        """Whether a function does with what a pointer points to what cannot be followed; told."""
        if access.pointer is not None:
            message = f"this uses a pointer that lies in '{name}': what it points to is not known"
            self._fault(access.pointer, message, _POINT)
        elif access.outside is not None:
            message = f"this lies before what '{name}' points to, or more than {MAX_ARGUMENTS} elements behind it"
            self._fault(access.outside, message, _HOW_TO_SIZE.format(name))
        elif access.unbounded is not None:
            message = f"how many elements '{name}' has is not known: this index may be anything"
            self._fault(access.unbounded, message, _HOW_TO_SIZE.format(name) + _OR_FIX)
        elif access.lost is not None:
            place = access.lost if access.lost.coord is not None else self._function.decl
            message = f"how many elements '{name}' has is not known: what is done with it here is not followed"
            self._fault(place, message, _HOW_TO_SIZE.format(name))
        else:
            return False
        return True

    def _add_value(self, given: Given, node: c_ast.Decl) -> None:
        if leaf_count(given.type) > _MOST_LEAVES:
            self._fault(node, f"'{given.name}' holds more than {_MOST_LEAVES} numbers", _WRAP)
            return
        leaves = [(given.name + at, leaf) for at, leaf in paths(given.type)]
        if pointed := next((at for at, leaf in leaves if isinstance(leaf, Pointer)), None):
            self._fault(node, f"'{given.name}' is a struct with a pointer in it, '{pointed}'", _WRAP)
            return
        if given.fixed is not None:
            fixed = (given.fixed,)
            self._parameters.append(Parameter(given.name, given.type, "value", (None,), (None,), fixed))
            return
        numbers = tuple(self._argument(name, leaf) for name, leaf in leaves)
        nothing = (None,) * len(leaves)
        self._parameters.append(Parameter(given.name, given.type, "value", numbers, nothing, nothing))

    def _add_state(self, name: str, shown: str, node: c_ast.Decl, access: Access | None) -> None:
        try:
            type = self._declarations.type_of(node)
        except (Unsupported, RecursionError):
            return
        if leaf_count(type) > _MOST_LEAVES:
            self._fault(node, f"'{shown}' holds more than {_MOST_LEAVES} numbers")
            return
        if access is not None and self._blamed(shown, access):
            return
        self._object(name, "global", type, [(shown + at, leaf) for at, leaf in paths(type)], access)

    def _object(
        self, name: str, passing: Any, type: CType, leaves: list[tuple[str, Leaf]], access: Access | None
    ) -> None:
        """An object that a pointer points to, or a global: what is read is arguments, what is written results.

        Of an array all elements are, where one is.
        """
        read = {element(leaves[k][0])[0] for k in access.read if k < len(leaves)} if access else set()
        written = {element(leaves[k][0])[0] for k in access.written if k < len(leaves)} if access else set()
        arguments, results = [], []
        for path, leaf in leaves:
            group, numeric = element(path)[0], not isinstance(leaf, Pointer)
            arguments.append(self._argument(path, leaf) if numeric and group in read else None)
            results.append(self._result(path, leaf) if numeric and group in written else None)
        nothing = (None,) * len(leaves)
        self._parameters.append(Parameter(name, type, passing, tuple(arguments), tuple(results), nothing))

    def _argument(self, name: str, leaf: Leaf) -> int:
        type = leaf.scalar if isinstance(leaf, Bits) else leaf
        assert isinstance(type, Scalar)
        low, high = type.limits
        if isinstance(leaf, Bits):
            signed = type.kind == "int"
            low, high = (-(1 << leaf.width - 1), (1 << leaf.width - 1) - 1) if signed else (0, (1 << leaf.width) - 1)
        whole = type.is_integer
        self._arguments.append(Argument(name, type, max(-1, low) if whole else -1.0, min(1, high) if whole else 1.0))
        return len(self._arguments) - 1

    def _result(self, name: str, leaf: Leaf) -> int:
        type = leaf.scalar if isinstance(leaf, Bits) else leaf
        assert isinstance(type, Scalar)
        self._results.append(Result(name, type))
        return len(self._results) - 1

    # The returned value

    def _return(self) -> None:
        node = self._function.decl.type.type
        inner = node.type if isinstance(node, c_ast.TypeDecl) else None
        if isinstance(inner, c_ast.IdentifierType) and inner.names == ["void"]:
            return
        try:
            type = self._declarations.type_of(node)
        except (Unsupported, RecursionError):
            return
        if isinstance(type, Pointer):
            return  # to what the caller has already, or to nothing of the program's
        if leaf_count(type) > _MOST_LEAVES:
            self._fault(self._function.decl, f"'{self._name}' returns more than {MAX_RESULTS} numbers", _GIVE_FEWER)
            return
        for path, leaf in paths(type):
            if isinstance(leaf, Pointer):
                self._fault(self._function.decl, f"'{self._name}' returns a struct with a pointer in it", _WRAP)
                return
            self._result(path.removeprefix(".") or "return", leaf)


_WRAP = "write a function around it that takes numbers, arrays or structs of them"
_TAKE_FEWER = "--fix N=9 makes an argument a constant; else write a function around it that takes fewer"
_GIVE_FEWER = "write a function around it that gives the numbers that matter"
_POINT = "write a function around it that lets this pointer point to an object of its own, or to a table"


def _parameters(function: c_ast.FuncDef) -> list[c_ast.Node]:
    given = function.decl.type.args.params if function.decl.type.args else []
    if len(given) == 1 and isinstance(given[0], c_ast.Typename):
        return []
    return given


def _takes_a_tape(function: c_ast.FuncDef) -> bool:
    given = _parameters(function)
    return len(given) == 1 and isinstance(given[0], c_ast.Decl) and isinstance(given[0].type, _POINTERS)


_POINTERS = (c_ast.PtrDecl, c_ast.ArrayDecl)


def with_pragmas(signature: Signature, ranges: Iterable[Range]) -> Signature:
    """Apply the ranges that pragmas give."""
    faults = list(signature.faults)
    for given in ranges:
        try:
            signature = _applied(signature, given.name, given.low, given.high, "pragma")
        except UsageError as error:
            message, _, hint = str(error).partition("; ")
            faults.append(Unsupported(given.node, message, hint))
    return replace(signature, faults=tuple(faults))


def with_ranges(signature: Signature, ranges: Mapping[str, Any]) -> Signature:
    """Apply the user's ranges. Raises UsageError for an unknown name or a range that makes no sense."""
    for name, (low, high) in options.ranges(ranges).items():
        signature = _applied(signature, name, low, high, "user")
    return signature


def _applied(signature: Signature, name: str, low: Any, high: Any, origin: str) -> Signature:
    """The range given to an argument, to all that are parts of an array or a struct, or else to results.

    Raises UsageError; what follows "; " in its message is a hint.
    """
    path = name.strip().removeprefix("*").replace("->", ".")
    if places := _parts(path, [a.name for a in signature.arguments]):
        arguments = list(signature.arguments)
        for k in places:
            least, greatest = _bounds(arguments[k].name, arguments[k].type, low, high)
            arguments[k] = replace(arguments[k], low=least, high=greatest, origin=origin)
        return replace(signature, arguments=tuple(arguments))
    names = [r.name for r in signature.results]
    if places := _parts(path, names) or _parts(path.removeprefix("return."), names):
        results = list(signature.results)
        for k in places:
            least, greatest = _bounds(names[k], results[k].type, low, high)
            results[k] = replace(results[k], low=least, high=greatest)
        return replace(signature, results=tuple(results))
    known = shortened([a.name for a in signature.arguments])
    guess = did_you_mean(name, signature.names)
    raise UsageError(f"there is no argument '{name}'; {guess}the arguments are {', '.join(known) or '(none)'}")


def _parts(path: str, names: list[str]) -> list[int]:
    """The places of what a path names: one element, or all of an array or a struct."""
    return [
        k for k, name in enumerate(names) if name in (path, f"{path}[0]") or name.startswith((path + ".", path + "["))
    ]


def _bounds(name: str, type: Scalar, low: Any, high: Any) -> tuple[float, float]:
    """The bounds as numbers of the type: whole ones for integer types."""
    for bound in (low, high):
        if not abs(bound) < math.inf or abs(bound) > sys.float_info.max:
            raise UsageError(f"the range of '{name}' must be finite, not {low}:{high}")
        if type.is_integer and bound != int(bound):
            raise UsageError(
                f"the range of '{name}' must be whole numbers, for its type is {type.name}; not {low}:{high}"
            )
    if low > high:
        raise UsageError(f"the range of '{name}' is empty: {low} > {high}")
    least, greatest = type.limits
    low, high = type.nearest(low), type.nearest(high)
    if low < least or high > greatest:
        raise UsageError(f"the range of '{name}', {low}:{high}, does not fit its type {type.name}: {least}:{greatest}")
    return (int(low), int(high)) if type.is_integer else (float(low), float(high))
