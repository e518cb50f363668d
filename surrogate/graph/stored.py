"""A graph as plain data for JSON, and back: what an artifact's configuration holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cprograms.graph import Graph, Node
from cprograms.ops import AFTER, INDEX, OPS, PREDICATES, REPEAT, UNEVALUABLE
from cprograms.types import INT, SCALARS, Scalar
from surrogate.graph.nesting import nesting

_BITS = frozenset("mod and or xor shl shr not".split())
_EITHER = frozenset("add sub mul div neg abs min max".split())
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def as_dict(graph: Graph) -> dict[str, Any]:
    """`nodes` are [operator, type, children, value], `roots` their numbers, `tables` a type and its entries each.

    A number that JSON does not have is a text: "nan", "inf" or "-inf".
    """
    return {
        "nodes": [[n.op, n.type.code, list(n.children), _written(n.value)] for n in graph.nodes],
        "roots": list(graph.roots),
        "tables": [{"type": _code(t.dtype), "entries": [_written(v) for v in t.tolist()]} for t in graph.tables],
    }


def from_dict(d: dict[str, Any]) -> Graph:
    """The inverse of `as_dict`. Raises ValueError for whatever is no graph that can be evaluated."""
    try:
        tables = tuple(_table(t) for t in d["tables"])
        nodes: list[Node] = []
        for row in d["nodes"]:
            nodes.append(_node(row, nodes, tables))
        roots = tuple(_index(r, len(nodes), "root") for r in d["roots"])
    except (KeyError, TypeError, OverflowError) as e:
        raise ValueError(f"no graph: {type(e).__name__} {e}") from e
    if not roots:
        raise ValueError("no graph: it has no roots")
    graph = Graph(tuple(nodes), roots, tables)
    nesting(graph)
    return graph


def _written(value: float) -> float | str:
    return value if isinstance(value, int) or math.isfinite(value) else repr(value)


def _code(dtype: np.dtype) -> str:
    return next(s.code for s in SCALARS.values() if s.dtype == dtype)


def _scalar(code: object) -> Scalar:
    if not isinstance(code, str) or code not in SCALARS:
        raise ValueError(f"no graph: there is no type {code!r}")
    return SCALARS[code]


def _index(value: object, end: int, what: str) -> int:
    if type(value) is not int or not 0 <= value < end:
        raise ValueError(f"no graph: there is no {what} {value!r}")
    return value


def _number(value: object, type_: Scalar) -> int | float:
    """A number that a type holds."""
    if type_.is_integer:
        low, high = type_.limits
        value = int(value) if isinstance(value, bool) else value
        if type(value) is int and low <= value <= high:
            return value
    else:
        number = _SPECIAL.get(value, value) if isinstance(value, str) else value
        if isinstance(number, float) and (not math.isfinite(number) or _held(number, type_)):
            return number
    raise ValueError(f"no graph: {value!r} is no {type_.name}")


def _held(number: float, type_: Scalar) -> bool:
    with np.errstate(over="ignore"):
        return float(type_.dtype.type(number)) == number


def _table(table: dict[str, Any]) -> np.ndarray:
    type_ = _scalar(table["type"])
    entries = [_number(v, type_) for v in table["entries"]]
    if not entries:
        raise ValueError("no graph: an empty table")
    return np.array(entries, dtype=type_.dtype)


def _node(row: list[Any], before: list[Node], tables: tuple[np.ndarray, ...]) -> Node:
    if not isinstance(row, list) or len(row) != 4:
        raise ValueError(f"no graph: {row!r} is no node")
    op, code, given, value = row
    type_ = _scalar(code)
    children = tuple(_index(c, len(before), "child") for c in given)
    if op in ("carry", REPEAT, AFTER):
        return _part_of_loop(Node(op, type_, children, _index(value, 1 << 16, "variable")), before)
    if op not in INDEX or op in UNEVALUABLE:
        raise ValueError(f"no graph: there is no operator {op!r}")
    if len(children) != OPS[INDEX[op]].arity:
        raise ValueError(f"no graph: {op} of {len(children)} operands")
    if op == "const":
        return Node(op, type_, (), _number(value, type_))
    if op == "arg":
        return Node(op, type_, (), _index(value, 1 << 16, "argument"))
    if not _typed(op, type_, [before[c].type for c in children]):
        raise ValueError(f"no graph: {op} of {[before[c].type.code for c in children]} gives no {code}")
    if op == "lookup":
        table = tables[_index(value, len(tables), "table")]
        if table.dtype != type_.dtype:
            raise ValueError(f"no graph: a table of {table.dtype} gives no {code}")
    elif value != 0:
        raise ValueError(f"no graph: {op} with the value {value!r}")
    return Node(op, type_, children, value)


def _part_of_loop(n: Node, before: list[Node]) -> Node:
    """A node of a loop that is computed; how the loops lie in each other is for `nesting` to say."""
    types = [before[c].type for c in n.children]
    if n.op == "carry":
        fits = types == [n.type]
    elif n.op == AFTER:
        loop = before[n.children[0]] if len(types) == 1 else n
        half = len(loop.children) // 2 - 1
        fits = loop.op == REPEAT and n.value < half and before[loop.children[2 + int(n.value)]].type == n.type
    else:
        half = len(types) // 2 - 1
        fits = n.type == INT and n.value == 0 and half > 0 and types[2 : 2 + half] == types[2 + half :]
        fits = fits and types[0].is_integer and types[1].is_integer
    if not fits:
        raise ValueError(f"no graph: {n.op} of {[t.code for t in types]} gives no {n.type.code}")
    return n


def _typed(op: str, type_: Scalar, operands: list[Scalar]) -> bool:
    """Whether an operator of these types gives one of this type."""
    if op == "cast":
        return True
    if op == "bitcast":
        return type_.bits == operands[0].bits and type_.is_integer != operands[0].is_integer
    if op == "sel":
        return operands[0].is_integer and operands[1] == operands[2] == type_
    if op == "lookup":
        return operands[0].is_integer and operands[1] == operands[2] == type_
    if op in ("shl", "shr"):
        return type_.is_integer and operands[0] == type_ and operands[1].is_integer
    if op in PREDICATES:
        compares = op in ("lt", "le", "eq", "ne")
        return type_.is_integer and len(set(operands)) == 1 and (compares or not operands[0].is_integer)
    if op not in _EITHER and type_.is_integer != (op in _BITS):
        return False
    return all(o == type_ for o in operands)
