"""The entry's arguments and results, and the domain that pragmas and the user give them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from pycparser import c_ast

from cprograms import options
from cprograms.declarations import Declarations, Unsupported
from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.frontend.pragmas import Range
from cprograms.program import MAX_ARGUMENTS, MAX_RESULTS, Argument, Result
from cprograms.types import CType, Scalar, Struct

_POINTERS = (c_ast.PtrDecl, c_ast.ArrayDecl)


@dataclass(frozen=True)
class Signature:
    """What a function takes and returns, or (then both may be incomplete) why that is not numeric."""

    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    faults: tuple[Unsupported, ...]

    @property
    def names(self) -> set[str]:
        """What a range can be given to."""
        results = {r.name for r in self.results}
        return {a.name for a in self.arguments} | results | {f"return.{name}" for name in results}


def signature_of(function: c_ast.FuncDef, declarations: Declarations) -> Signature:
    """The signature with the default domain: [-1, 1], or its part that the argument's type holds.

    Types outside the subset are left to the subset check: they are left out here without a fault.
    """
    faults: list[Unsupported] = []
    parameters = _parameters(function)
    if not parameters:
        faults.append(
            Unsupported(function.decl, f"'{function.decl.name}' takes no arguments", "a surrogate needs an input")
        )
    if len(parameters) > MAX_ARGUMENTS:
        message = f"'{function.decl.name}' takes {len(parameters)} arguments; at most {MAX_ARGUMENTS} are supported"
        faults.append(Unsupported(function.decl, message))
    arguments = [a for p in parameters if (a := _argument(p, declarations, faults)) is not None]
    results = _results(function, declarations, faults)
    return Signature(tuple(arguments), tuple(results), tuple(faults))


def _parameters(function: c_ast.FuncDef) -> list[c_ast.Node]:
    given = function.decl.type.args.params if function.decl.type.args else []
    if len(given) == 1 and isinstance(given[0], c_ast.Typename):
        return []
    return given


def _takes_a_tape(function: c_ast.FuncDef) -> bool:
    given = _parameters(function)
    return len(given) == 1 and isinstance(given[0], c_ast.Decl) and isinstance(given[0].type, _POINTERS)


def _argument(node: c_ast.Node, declarations: Declarations, faults: list[Unsupported]) -> Argument | None:
    if not isinstance(node, c_ast.Decl) or not node.name:
        if not isinstance(node, c_ast.EllipsisParam | c_ast.ID):
            faults.append(Unsupported(node, "this argument has no name"))
        return None
    try:
        found = declarations.type_of(node)
    except (Unsupported, RecursionError):
        return None
    if isinstance(found, Scalar):
        low, high = found.limits
        return Argument(
            node.name, found, max(-1, low) if found.is_integer else -1.0, min(1, high) if found.is_integer else 1.0
        )
    if isinstance(found, Struct):
        hint = "pass its fields one by one"
        faults.append(Unsupported(node, f"'{node.name}': structs as arguments of the entry are not supported", hint))
    return None


def _results(function: c_ast.FuncDef, declarations: Declarations, faults: list[Unsupported]) -> list[Result]:
    name, node = function.decl.name, function.decl.type.type
    inner = node.type if isinstance(node, c_ast.TypeDecl) else None
    if isinstance(inner, c_ast.IdentifierType) and inner.names == ["void"]:
        hint = "return a number, or a struct of numbers"
        if _takes_a_tape(function):
            hint = "a program over a memory tape compiles with --target anc"
        faults.append(Unsupported(function.decl, f"'{name}' returns nothing", hint))
        return []
    try:
        type = declarations.type_of(node)
    except (Unsupported, RecursionError):
        return []
    leaves = list(islice(_leaves("", type), MAX_RESULTS + 1))
    if len(leaves) > MAX_RESULTS:
        faults.append(Unsupported(function.decl, f"'{name}' returns more than {MAX_RESULTS} numbers"))
    elif not leaves:
        faults.append(Unsupported(function.decl, f"'{name}' returns a struct without fields"))
    if any(leaf is None for _, leaf in leaves):
        hint = "give each element a field of its own"
        faults.append(Unsupported(function.decl, f"'{name}' returns a struct that holds an array", hint))
    return [Result(path or "return", leaf) for path, leaf in leaves if leaf is not None]


def _leaves(path: str, type: CType) -> Iterator[tuple[str, Scalar | None]]:
    """The scalars of a type in order of declaration; None stands for an array."""
    if isinstance(type, Struct):
        for name, inner in type.fields:
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    else:
        yield path, type if isinstance(type, Scalar) else None


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
    """Raises UsageError; what follows "; " in its message is a hint."""
    path = name.removeprefix("return.")
    for i, argument in enumerate(signature.arguments):
        if argument.name == name:
            low, high = _bounds(name, argument.type, low, high)
            found = replace(argument, low=low, high=high, origin=origin)
            return replace(signature, arguments=(*signature.arguments[:i], found, *signature.arguments[i + 1 :]))
    for i, result in enumerate(signature.results):
        if result.name == path:
            low, high = _bounds(name, result.type, low, high)
            found_result = replace(result, low=low, high=high)
            return replace(signature, results=(*signature.results[:i], found_result, *signature.results[i + 1 :]))
    names = [a.name for a in signature.arguments]
    guess = did_you_mean(name, [*names, *(r.name for r in signature.results)])
    raise UsageError(f"there is no argument '{name}'; {guess}the arguments are {', '.join(names) or '(none)'}")


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
    if low < least or high > greatest:
        raise UsageError(f"the range of '{name}', {low}:{high}, does not fit its type {type.name}: {least}:{greatest}")
    return (int(low), int(high)) if type.is_integer else (float(low), float(high))
