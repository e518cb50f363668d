"""Random programs of the published grammar, as trees: their Python text, their C text and their value.

The grammar is that of Zaremba, Sutskever, "Learning to Execute" (2014, section 3, and its public code): operators are
composed on a stack, and an operand is what the stack holds or, where it is empty, a random integer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import add, mul, sub
from random import Random

from training.learning_to_execute.curricula import Hardness

NAMES = "abcdefghij"
LIMIT = Hardness(length=10, nesting=len(NAMES))
"""An operator may need a variable of its own."""
MOST_INTEGERS = 16
"""Of a program in C: with so many no value leaves `long long`."""

Values = dict[str, int]
APPLY: dict[str, Callable[[int, int], int]] = {"+": add, "-": sub, "*": mul}


class Number:
    """A random integer. In C it is an argument of the function."""

    __slots__ = ("argument", "number")

    def __init__(self, number: int):
        self.number = number
        self.argument = ""

    def python(self) -> str:
        return str(self.number)

    def c(self) -> str:
        return self.argument

    def value(self, values: Values) -> int:
        return self.number


class Constant(Number):
    """A small factor, a literal in both languages."""

    __slots__ = ()

    def c(self) -> str:
        return str(self.number)


class Variable:
    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def python(self) -> str:
        return self.name

    def c(self) -> str:
        return self.name

    def value(self, values: Values) -> int:
        return values[self.name]


class Binary:
    """`operator` is one of + - *."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Expression, right: Expression):
        self.operator, self.left, self.right = operator, left, right

    def python(self) -> str:
        return f"({self.left.python()}{self.operator}{self.right.python()})"

    def c(self) -> str:
        return f"({self.left.c()} {self.operator} {self.right.c()})"

    def value(self, values: Values) -> int:
        return APPLY[self.operator](self.left.value(values), self.right.value(values))


class Conditional:
    """`comparison` is < or >."""

    __slots__ = ("comparison", "left", "otherwise", "right", "then")

    def __init__(self, comparison: str, left: Expression, right: Expression, then: Expression, otherwise: Expression):
        self.comparison, self.left, self.right, self.then, self.otherwise = comparison, left, right, then, otherwise

    def python(self) -> str:
        condition = f"{self.left.python()}{self.comparison}{self.right.python()}"
        return f"({self.then.python()} if {condition} else {self.otherwise.python()})"

    def c(self) -> str:
        condition = f"{self.left.c()} {self.comparison} {self.right.c()}"
        return f"({condition} ? {self.then.c()} : {self.otherwise.c()})"

    def value(self, values: Values) -> int:
        left, right = self.left.value(values), self.right.value(values)
        holds = left > right if self.comparison == ">" else left < right
        return (self.then if holds else self.otherwise).value(values)


Expression = Number | Variable | Binary | Conditional


class Assignment:
    __slots__ = ("name", "start")

    def __init__(self, name: str, start: Expression):
        self.name, self.start = name, start

    def python(self) -> str:
        # The published texts have a semicolon here and none in a loop.
        return f"{self.name}={self.start.python()};\n"

    def c(self) -> str:
        return f"    long long {self.name} = {self.start.c()};\n"

    def run(self, values: Values) -> None:
        values[self.name] = self.start.value(values)


class ForLoop:
    """An assignment, then `count` times `name operator= step`; `operator` is + or -."""

    __slots__ = ("count", "name", "operator", "start", "step")

    def __init__(self, name: str, start: Expression, count: int, operator: str, step: Expression):
        self.name, self.start, self.count, self.operator, self.step = name, start, count, operator, step

    def python(self) -> str:
        head = f"{self.name}={self.start.python()}\nfor x in range({self.count}):"
        return f"{head}{self.name}{self.operator}={self.step.python()}\n"

    def c(self) -> str:
        head = f"    long long {self.name} = {self.start.c()};\n    for (int x = 0; x < {self.count}; x++)\n"
        return f"{head}        {self.name} {self.operator}= {self.step.c()};\n"

    def run(self, values: Values) -> None:
        values[self.name] = APPLY[self.operator](self.start.value(values), self.count * self.step.value(values))


Statement = Assignment | ForLoop


@dataclass(slots=True)
class RandomProgram:
    """Statements, the expression that is printed, and the integers of both from left to right of their making."""

    statements: list[Statement]
    result: Expression
    numbers: list[Number]

    def python(self) -> str:
        """Its last line prints the result; no line break follows."""
        return f"{''.join([s.python() for s in self.statements])}print({self.result.python()})"

    def value(self) -> int:
        values: Values = {}
        for statement in self.statements:
            statement.run(values)
        return self.result.value(values)

    def c(self) -> str:
        """A function of the program's integers, in the order of `arguments()`.

        Raises ValueError where they are more than `MOST_INTEGERS`, which needs a nesting above 5.
        """
        if len(self.numbers) > MOST_INTEGERS:
            raise ValueError(f"{len(self.numbers)} integers: the function takes at most {MOST_INTEGERS} arguments")
        for i, number in enumerate(self.numbers):
            number.argument = f"n{i}"
        parameters = ", ".join(f"long long {n.argument}" for n in self.numbers)
        statements = "".join(s.c() for s in self.statements)
        return f"long long f({parameters})\n{{\n{statements}    return {self.result.c()};\n}}\n"

    def arguments(self) -> list[int]:
        return [n.number for n in self.numbers]


class _Maker:
    """The state of one program's making. `one_of(n)` is uniform in 1..n."""

    __slots__ = ("largest", "names", "numbers", "random", "small", "stack", "statements")

    def __init__(self, random: Random, hardness: Hardness):
        self.random = random.random
        self.largest = 10**hardness.length
        self.small = 4 * hardness.length
        self.names = list(NAMES)
        self.stack: list[Expression] = []
        self.statements: list[Statement] = []
        self.numbers: list[Number] = []

    def one_of(self, n: int) -> int:
        # A uniform float times n: for n up to 10^10 as good as randrange, and five times as fast.
        return 1 + int(self.random() * n)

    def unused_name(self) -> str:
        return self.names.pop(int(self.random() * len(self.names)))

    def operand(self) -> Expression:
        if self.stack:
            return self.stack.pop()
        number = Number(self.one_of(self.largest))
        self.numbers.append(number)
        return number

    def operands(self, count: int) -> Sequence[Expression]:
        """In random order: at most the first is not an integer, so that placing that one is enough."""
        found = [self.operand() for _ in range(count)]
        place = int(self.random() * count)
        found[0], found[place] = found[place], found[0]
        return found

    def pair(self) -> Expression:
        left, right = self.operands(2)
        return Binary("+" if self.random() < 0.5 else "-", left, right)

    def small_multiplication(self) -> Expression:
        operand, factor = self.operand(), Constant(self.one_of(self.small))
        return Binary("*", operand, factor) if self.random() < 0.5 else Binary("*", factor, operand)

    def identity(self) -> Expression:
        return self.operand()

    def assignment(self) -> Expression:
        name = self.unused_name()
        start, other = self.operands(2)
        self.statements.append(Assignment(name, start))
        return Binary("+" if self.random() < 0.5 else "-", Variable(name), other)

    def loop(self) -> Expression:
        name = self.unused_name()
        start, step = self.operands(2)
        self.statements.append(ForLoop(name, start, self.one_of(self.small), "+" if self.random() < 0.5 else "-", step))
        return Variable(name)

    def conditional(self) -> Expression:
        left, right, then, otherwise = self.operands(4)
        return Conditional(">" if self.random() < 0.5 else "<", left, right, then, otherwise)


OPERATORS: tuple[Callable[[_Maker], Expression], ...] = (
    _Maker.pair,
    _Maker.small_multiplication,
    _Maker.identity,
    _Maker.assignment,
    _Maker.loop,
    _Maker.conditional,
)


def random_program(random: Random, hardness: Hardness) -> RandomProgram:
    """A program of `hardness.nesting` operators over integers of 1..10^`hardness.length`."""
    maker = _Maker(random, hardness)
    for _ in range(hardness.nesting):
        operator = OPERATORS[int(maker.random() * len(OPERATORS))]
        maker.stack.append(operator(maker))
    return RandomProgram(maker.statements, maker.stack.pop(), maker.numbers)
