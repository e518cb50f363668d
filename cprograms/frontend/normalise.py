"""Small rewrites of a parsed chunk, so that each of its declarations can be printed and moved by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import copy, deepcopy
from typing import Any, TypeAlias

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.standard import PROTOTYPES
from cprograms.trees import base, walk

SAME = "?:"
"""The name that stands for the middle operand of `x ?: y`."""
RANGE = "..."
"""The operator of `case 1 ... 3:` and `[1 ... 3] = x`."""
MAX_RANGE = 4096
"""Labels or elements that a range may stand for."""

_REWRITTEN = (c_ast.Compound, c_ast.Decl, c_ast.CompoundLiteral, c_ast.FuncDef)
_Tagged: TypeAlias = c_ast.Struct | c_ast.Union | c_ast.Enum


def normalise(nodes: list[c_ast.Node], index: int) -> list[c_ast.Node]:
    """The declarations of a chunk: GNU C's ranges and `x ?: y` spelled out, array sizes filled in from initialisers,
    assertions and local prototypes dropped, old-style parameters put into the parentheses, and every struct, union or
    enum defined once, in a declaration of its own where several things need it.

    `index` numbers the chunk: it makes the tags that are invented for unnamed types unique. Raises Unsupported where
    something cannot be spelled out.
    """
    nodes = [n for n in nodes if not isinstance(n, c_ast.StaticAssert | c_ast.Pragma)]
    kept: list[c_ast.Node] = []
    for node in walk(*nodes):
        if isinstance(node, c_ast.TernaryOp):
            _with_middle(node)
        elif isinstance(node, c_ast.InitList):
            node.exprs = [single for item in node.exprs for single in _single_elements(item)]
        elif isinstance(node, _REWRITTEN):
            kept.append(node)
    for node in kept:  # whose initialisers are spelled out by now
        if isinstance(node, c_ast.Compound) and node.block_items:
            items = [n for n in node.block_items if not _means_nothing(n)]
            node.block_items = [single for n in items for single in _single_cases(n)]
        elif isinstance(node, c_ast.Decl):
            _size_from_initialiser(node.type, node.init)
        elif isinstance(node, c_ast.CompoundLiteral):
            _size_from_initialiser(node.type.type, node.init)
        elif isinstance(node, c_ast.FuncDef):
            _old_style_parameters(node)
    nodes = list(_with_own_definitions(nodes, index))
    _define_once(nodes, index)
    return nodes


def changes(node: c_ast.Node) -> bool:
    """Whether an expression changes a variable itself, what it calls left out."""
    return any(
        isinstance(n, c_ast.Assignment) or (isinstance(n, c_ast.UnaryOp) and n.op in ("++", "--", "p++", "p--"))
        for n in walk(node)
    )


def _may_change(node: c_ast.Node) -> bool:
    """The same, where a call of another function than those of the C library may, too."""
    calls = (n for n in walk(node) if isinstance(n, c_ast.FuncCall))
    return changes(node) or any(not isinstance(n.name, c_ast.ID) or n.name.name not in PROTOTYPES for n in calls)


def _with_middle(node: c_ast.TernaryOp) -> None:
    """Make `x ?: y` an `x ? x : y`."""
    if isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == SAME:
        if _may_change(node.cond):
            message = "a conditional without a middle operand is not supported where its condition may change something"
            raise Unsupported(node.iftrue, message, "keep the condition in a variable x, and write x ? x : y")
        node.iftrue = deepcopy(node.cond)


def _single_elements(item: c_ast.Node) -> Iterator[c_ast.Node]:
    """Make `[1 ... 3] = x` three items."""
    designators = item.name if isinstance(item, c_ast.NamedInitializer) else []
    for position, designator in enumerate(designators):
        if isinstance(designator, c_ast.ArrayDesignator) and _is_range(designator.expr):
            if _may_change(item.expr):
                raise Unsupported(item.expr, "the value of a range of elements may not change anything")
            for index in _bounds(designator.expr):
                single = [*designators[:position], c_ast.ArrayDesignator(index), *designators[position + 1 :]]
                yield from _single_elements(c_ast.NamedInitializer(single, deepcopy(item.expr), item.coord))
            return
    yield item


def _single_cases(item: c_ast.Node) -> Iterator[c_ast.Node]:
    """Make `case 1 ... 3:` three labels."""
    if not isinstance(item, c_ast.Case) or not _is_range(item.expr):
        yield item
        return
    *others, last = _bounds(item.expr)
    yield from (c_ast.Case(label, [], item.coord) for label in others)
    yield c_ast.Case(last, item.stmts, item.coord)


def _is_range(node: c_ast.Node) -> bool:
    return isinstance(node, c_ast.BinaryOp) and bool(node.op == RANGE)


def _bounds(node: c_ast.BinaryOp) -> list[c_ast.Node]:
    """The values of a range, the last one included."""
    known = Declarations()
    try:
        low, high = known.constant(node.left), known.constant(node.right)
    except Unsupported as fault:
        raise Unsupported(fault.node, "the bounds of a range must be numbers", "write the labels out") from None
    if not 0 <= high - low < MAX_RANGE:
        what = "is empty" if high < low else f"has more than {MAX_RANGE:,} values"
        raise Unsupported(node, f"this range {what}")
    return [_number(k, node) for k in range(low, high + 1)]


def _number(value: int, place: c_ast.Node) -> c_ast.Node:
    digits = c_ast.Constant("int", str(abs(value)), place.coord)
    return c_ast.UnaryOp("-", digits, place.coord) if value < 0 else digits


def _means_nothing(node: c_ast.Node) -> bool:
    if isinstance(node, c_ast.StaticAssert | c_ast.Pragma):
        return True
    return isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)


def _old_style_parameters(node: c_ast.FuncDef) -> None:
    """Make `double f(x, n) double x; {…}` a `double f(double x, int n) {…}`; an undeclared parameter is an int."""
    arguments = node.decl.type.args
    if arguments is None or not all(isinstance(p, c_ast.ID) for p in arguments.params):
        return
    declared = {d.name: d for d in node.param_decls or []}
    arguments.params = [declared.get(p.name) or _int_parameter(p) for p in arguments.params]
    node.param_decls = None


def _int_parameter(name: c_ast.ID) -> c_ast.Decl:
    type = c_ast.TypeDecl(name.name, [], None, c_ast.IdentifierType(["int"], name.coord), name.coord)
    return c_ast.Decl(name.name, [], [], [], [], type, None, None, coord=name.coord)


def _size_from_initialiser(array: c_ast.Node, initialiser: c_ast.Node | None) -> None:
    if not isinstance(array, c_ast.ArrayDecl) or array.dim is not None or not isinstance(initialiser, c_ast.InitList):
        return
    items = initialiser.exprs
    length = _length(items)
    if isinstance(array.type, c_ast.ArrayDecl) and not any(_is_braced(item) for item in items):
        inner = array.type.dim
        if not isinstance(inner, c_ast.Constant) or not inner.value.isdecimal() or not int(inner.value):
            return
        length = -(-length // int(inner.value))
    array.dim = c_ast.Constant("int", str(length), coord=array.coord)


def _length(items: list[c_ast.Node]) -> int:
    """One more than the greatest index that an initialiser's items, `[5] = x` among them, give a value to."""
    length = position = 0
    for item in items:
        if isinstance(item, c_ast.NamedInitializer) and isinstance(item.name[0], c_ast.ArrayDesignator):
            index = item.name[0].expr
            position = int(index.value) if isinstance(index, c_ast.Constant) and index.value.isdecimal() else position
        position += 1
        length = max(length, position)
    return length


def _is_braced(item: c_ast.Node) -> bool:
    return isinstance(item.expr if isinstance(item, c_ast.NamedInitializer) else item, c_ast.InitList)


def _defines(node: c_ast.Node | None) -> bool:
    if isinstance(node, c_ast.Enum):
        return node.values is not None
    return isinstance(node, c_ast.Struct | c_ast.Union) and node.decls is not None


def _with_own_definitions(nodes: list[c_ast.Node], index: int) -> Iterator[c_ast.Node]:
    """Give a definition inside an object's, a function's or several typedefs' declaration one of its own."""
    uses = Counter(id(b.type) for n in nodes if (b := base(n)) is not None and _defines(b.type))
    done: set[int] = set()
    for node in nodes:
        place = base(node)
        if place is not None and _defines(place.type):
            definition = place.type
            if id(definition) not in done and (not isinstance(node, c_ast.Typedef) or uses[id(definition)] > 1):
                _name(definition, index, len(done))
                done.add(id(definition))
                yield c_ast.Decl(None, [], [], [], [], definition, None, None, coord=definition.coord)
            if id(definition) in done:
                place.type = _reference(definition)
        yield node


def _define_once(nodes: list[c_ast.Node], index: int) -> None:
    """Where several declarators share one definition (`struct p {…} a, b;`), only the first keeps it."""
    seen: dict[int, _Tagged] = {}
    for node in walk(*nodes):
        inner: Any = getattr(node, "type", None)
        if not isinstance(node, c_ast.TypeDecl) or not _defines(inner):
            continue
        if id(inner) in seen:
            _name(inner, index, 1000 + len(seen))
            node.type = _reference(inner)
        else:
            seen[id(inner)] = inner


def _name(definition: _Tagged, index: int, count: int) -> None:
    definition.name = definition.name or f"unnamed_{index}_{count}"


def _reference(definition: _Tagged) -> _Tagged:
    reference = copy(definition)
    setattr(reference, "values" if isinstance(reference, c_ast.Enum) else "decls", None)
    return reference
