"""A node of the dataflow graph as C text, for people."""

from __future__ import annotations

from collections.abc import Sequence

from cprograms.graph import Graph, Node
from cprograms.ops import PREDICATES
from cprograms.program import bound

LONGEST = 60
"""Characters of a text; a longer one is cut in the middle."""

_BINARY = {
    "mul": ("*", 7),
    "div": ("/", 7),
    "mod": ("%", 7),
    "add": ("+", 6),
    "sub": ("-", 6),
    "shl": ("<<", 5),
    "shr": (">>", 5),
    "lt": ("<", 4),
    "le": ("<=", 4),
    "eq": ("==", 3),
    "ne": ("!=", 3),
    "and": ("&", 2),
    "xor": ("^", 1),
    "or": ("|", 0),
}
"""Spelling and rank: what binds closer has the higher one."""
_UNARY = {"neg": "-", "not": "~"}
_TURNED = {"<": ">", "<=": ">="}
_WHOLE, _PREFIX, _AND, _OR, _CHOICE = 9, 8, -1, -2, -3


def written(graph: Graph, node: int, names: Sequence[str]) -> str:
    """An expression over the arguments; what would be too long is "…"."""
    return _cut(_Writer(graph, names).text(node)[0])


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = (LONGEST - 3) // 2
    return f"{text[:half]} … {text[-half:]}"


class _Writer:
    def __init__(self, graph: Graph, names: Sequence[str]) -> None:
        self.graph, self.names = graph, names
        self._known: dict[int, tuple[str, int]] = {}

    def text(self, node: int) -> tuple[str, int]:
        """The text of a node and its rank. Children are written before their parents, without recursion."""
        for i in self.graph.needed([node]):
            if i not in self._known:
                text, rank = self._text(self.graph.nodes[i])
                self._known[i] = (text, rank) if len(text) <= 2 * LONGEST else ("…", _WHOLE)
        return self._known[node]

    def _text(self, n: Node) -> tuple[str, int]:
        if n.op == "const":
            number = bound(n.value) if n.type.is_integer else f"{n.value:.6g}"
            return number, _PREFIX if number.startswith("-") else _WHOLE
        if n.op == "arg":
            return self.names[int(n.value)], _WHOLE
        parts = [self._known[c] for c in n.children]
        if n.op in _BINARY:
            return self._binary(n, parts)
        if n.op in _UNARY:
            return f"{_UNARY[n.op]}{_inside(parts[0], _PREFIX + 1)}", _PREFIX
        if n.op == "cast":
            return f"({n.type.name}){_inside(parts[0], _PREFIX)}", _PREFIX
        if n.op == "sel":
            return self._choice(n, parts)
        if n.op == "lookup":
            return f"table[{parts[0][0]}]", _WHOLE
        return f"{n.op}({', '.join(text for text, _ in parts)})", _WHOLE

    def _choice(self, n: Node, parts: list[tuple[str, int]]) -> tuple[str, int]:
        _, yes, no = (self.graph.nodes[c] for c in n.children)
        if yes.op == "const" and yes.value == 1 and self._is_flag(no):
            return f"{_inside(parts[0], _OR)} || {_inside(parts[2], _OR + 1)}", _OR
        if no.op == "const" and no.value == 0 and self._is_flag(yes):
            return f"{_inside(parts[0], _AND)} && {_inside(parts[1], _AND + 1)}", _AND
        test, *sides = (_inside(part, _CHOICE + 1) for part in parts)
        return f"{test} ? {sides[0]} : {sides[1]}", _CHOICE

    def _is_flag(self, n: Node) -> bool:
        """Whether it is 0 or 1, and so a condition itself."""
        if n.op == "sel":
            return all(self._is_flag(self.graph.nodes[c]) for c in n.children[1:])
        return n.op in PREDICATES or (n.op == "const" and n.value in (0, 1) and n.type.is_integer)

    def _binary(self, n: Node, parts: list[tuple[str, int]]) -> tuple[str, int]:
        sign, rank = _BINARY[n.op]
        if sign in _TURNED and self.graph.nodes[n.children[0]].op == "const":
            sign, parts = _TURNED[sign], parts[::-1]
        left, right = _inside(parts[0], rank), _inside(parts[1], rank + 1)
        return f"{left} {sign} {right}", rank


def _inside(part: tuple[str, int], least: int) -> str:
    """A text, in brackets where it binds less than it must."""
    text, rank = part
    return text if rank >= least else f"({text})"
