"""Arithmetic on arguments and results, as users write it: "price - 2 * delta", "0 <= w[3]", "max(s.x, s.y)".

An expression is read by Python's own parser, and of its tree only what the tables below have is taken. Names are C
expressions, also those that Python keeps for itself, such as `return` and `lambda`.

Shapes: n rows, A arguments, R results.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.names import listed

Value = Callable[[Tensor, Tensor], Tensor]
"""What an expression is of arguments [n, A] and results [n, R]: float64 [n]."""

LONGEST, DEEPEST = 1000, 100
"""Characters of an expression, and how deep it may be nested: "a + b + c" is two deep."""
BEFORE = "before"
"""`before(w[0])` is the argument where `w[0]` is a result, too."""


def _least(*values: Tensor) -> Tensor:
    return torch.stack(values).amin(0)


def _greatest(*values: Tensor) -> Tensor:
    return torch.stack(values).amax(0)


FUNCTIONS: dict[str, tuple[Callable[..., Tensor], int | None]] = {
    "abs": (torch.abs, 1),
    "sqrt": (torch.sqrt, 1),
    "exp": (torch.exp, 1),
    "log": (torch.log, 1),
    "sin": (torch.sin, 1),
    "cos": (torch.cos, 1),
    "tan": (torch.tan, 1),
    "tanh": (torch.tanh, 1),
    "min": (_least, None),
    "max": (_greatest, None),
}
"""What may be called, and of how many values; None: of one or more."""
OPERATORS: dict[type[ast.operator | ast.unaryop], Callable[..., Tensor]] = {
    ast.Add: torch.add,
    ast.Sub: torch.sub,
    ast.Mult: torch.mul,
    ast.Div: torch.div,
    ast.Pow: torch.pow,
    ast.UAdd: torch.Tensor.clone,
    ast.USub: torch.neg,
}
_BELOW, _ABOVE = (ast.Lt, ast.LtE), (ast.Gt, ast.GtE)
_CALLS = ", ".join(f"{name}()" for name in FUNCTIONS)
GRAMMAR = f"numbers, names of arguments and results, + - * / **, parentheses, and {_CALLS}"


@dataclass(frozen=True)
class Names:
    """What the words of an expression stand for: arguments and results, by their numbers.

    A name of both is the result. Where there is only what the function returns, the function's name is that, too.
    """

    arguments: tuple[str, ...]
    results: tuple[str, ...]
    entry: str = ""

    @property
    def known(self) -> list[str]:
        return list(dict.fromkeys([*self.results, *self.arguments]))

    def result(self, name: str) -> int | None:
        """The number of a result; None where there is none of that name."""
        if name == self.entry and self.results == ("return",) and name not in self.arguments:
            return 0
        return self.results.index(name) if name in self.results else None


@dataclass(frozen=True)
class Expression:
    """A text, what it computes, and the results and arguments that it reads, by their numbers."""

    text: str
    value: Value
    results: frozenset[int]
    arguments: frozenset[int]


@dataclass(frozen=True)
class Condition:
    """An inequality: `gap` [n] is at most 0 where it holds. `shown` is the side that is no number, which `what` names;
    where both are none, their difference."""

    text: str
    what: str
    gap: Value
    shown: Value


def expression(text: str, names: Names) -> Expression:
    """Read an expression. Raises UsageError for what is none, and for names that stand for nothing."""
    reader = _Reader(text, names)
    value = reader.value(reader.tree())
    if not reader.results | reader.arguments:
        raise reader.fault(f"this reads no result and no argument; {reader.known}")
    return Expression(text.strip(), value, frozenset(reader.results), frozenset(reader.arguments))


def conditions(text: str, names: Names) -> list[Condition]:
    """Read inequalities, several of "0 <= x + y <= 1". Raises UsageError as `expression`, and where there is none."""
    reader = _Reader(text, names)
    tree = reader.tree()
    if not isinstance(tree, ast.Compare) or not all(isinstance(op, (*_BELOW, *_ABOVE)) for op in tree.ops):
        raise reader.fault("a condition compares by <= or >=, as in 'delta <= 0.6'")
    sides = [tree.left, *tree.comparators]
    found = []
    for op, left, right in zip(tree.ops, sides, sides[1:], strict=False):
        low, high = (left, right) if isinstance(op, _BELOW) else (right, left)
        shown = next((s for s, o in ((left, right), (right, left)) if _is_number(o)), None)
        what = f"{reader.words(low)} - {reader.words(high)}" if shown is None else reader.words(shown)
        sign = "<=" if isinstance(op, _BELOW) else ">="
        said = text.strip() if len(tree.ops) == 1 else f"{reader.words(left)} {sign} {reader.words(right)}"
        gap = _applied(torch.sub, [reader.value(low), reader.value(high)])
        found.append(Condition(said, what, gap, gap if shown is None else reader.value(shown)))
    return found


_KEYWORDS = re.compile(rf"\b({'|'.join(keyword.kwlist)})\b")
_MASK = "_c_keyword_"


class _Reader:
    """Turns the tree of one text into functions of tensors."""

    def __init__(self, text: str, names: Names):
        self.text, self.names = text, names
        self.results: set[int] = set()
        self.arguments: set[int] = set()
        self.depth = 0

    @property
    def known(self) -> str:
        return f"the results are {listed(self.names.results)}, the arguments {listed(self.names.arguments)}"

    def fault(self, why: str) -> UsageError:
        shown = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        return UsageError(f"'{shown}': {why}")

    def tree(self) -> ast.expr:
        if len(self.text) > LONGEST:
            raise self.fault(f"an expression has at most {LONGEST:,} characters")
        try:
            return ast.parse(_KEYWORDS.sub(rf"{_MASK}\1", self.text.strip()), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.fault(f"this is no expression; one has {GRAMMAR}") from None

    def words(self, node: ast.expr) -> str:
        return ast.unparse(node).replace(_MASK, "")

    def value(self, node: ast.expr) -> Value:
        """What a node computes."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault(f"an expression is at most {DEEPEST} deep")
        found = self._value(node)
        self.depth -= 1
        return found

    def _value(self, node: ast.expr) -> Value:
        if _is_number(node):
            return self._number(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return self._name(self.words(node))
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return _applied(OPERATORS[type(node.op)], [self.value(node.left), self.value(node.right)])
        if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
            return _applied(OPERATORS[type(node.op)], [self.value(node.operand)])
        if isinstance(node, ast.Call):
            return self._call(node)
        hint = "; a power is written **" if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor) else ""
        raise self.fault(f"'{self.words(node)}' means nothing here: an expression has {GRAMMAR}{hint}")

    def _number(self, node: ast.expr) -> Value:
        try:
            number = float(ast.literal_eval(node))
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.fault(f"'{self.words(node)}' is no finite number")
        return lambda x, y: y.new_full(y.shape[:1], number)

    def _name(self, name: str) -> Value:
        result = self.names.result(name)
        if result is not None:
            self.results.add(result)
            return lambda x, y: y[:, result]
        return self._argument(name)

    def _argument(self, name: str) -> Value:
        names = self.names
        if name not in names.arguments:
            where = "" if name == self.text.strip() else f" in '{self.text.strip()}'"
            raise UsageError(f"there is no '{name}'{where}; {did_you_mean(name, names.known)}{self.known}")
        argument = names.arguments.index(name)
        self.arguments.add(argument)
        return lambda x, y: x[:, argument]

    def _call(self, node: ast.Call) -> Value:
        name = self.words(node.func)
        if name == BEFORE and len(node.args) == 1 and not node.keywords:
            return self._argument(self.words(node.args[0]))
        if name not in FUNCTIONS:
            guess = did_you_mean(name, FUNCTIONS)
            raise self.fault(f"there is no function '{name}'; {guess}there are {', '.join(FUNCTIONS)}")
        function, count = FUNCTIONS[name]
        if node.keywords or not node.args or len(node.args) != (count or len(node.args)):
            raise self.fault(f"{name}() takes {count or 'one or more'} value{'s' if count is None else ''}")
        return _applied(function, [self.value(part) for part in node.args])


def _is_number(node: ast.expr) -> bool:
    """Whether it is a number as it is written, with one sign or without."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _applied(function: Callable[..., Tensor], parts: Sequence[Value]) -> Value:
    return lambda x, y: function(*(part(x, y) for part in parts))
