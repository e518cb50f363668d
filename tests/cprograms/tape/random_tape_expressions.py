"""Random expressions of tape programs: the values half of `tests.cprograms.tape.random_tape_programs`.

No expression depends on the order of evaluation that C leaves open: it changes one thing at most, and does not read
that elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
SHIFTS = ("<<", ">>")
BITS = ("&", "|", "^", *SHIFTS)
TAPE = "mem"
_NUMBERS = (*"0011223344567", "-1", "-2", "70")


@dataclass(frozen=True)
class Helper:
    """A function that can be called: how many values it takes, whether the tape too, whether it returns a value."""

    name: str
    values: int
    tape: bool
    result: bool


@dataclass
class Scope:
    """What a block declares: variables, those of them that nothing may write, arrays with their sizes."""

    variables: list[str] = field(default_factory=list)
    fixed: set[str] = field(default_factory=set)
    arrays: dict[str, int] = field(default_factory=dict)


def chance(random: Random, probability: float) -> bool:
    """No for the least number that can be drawn: that is what hypothesis shrinks to."""
    return random.random() > 1 - probability


class Values:
    """Writes expressions over the names in scope. `random` is all that choices are drawn from."""

    def __init__(self, random: Random, tape: bool, helpers: list[Helper], constants: list[str], bits: bool = False):
        self.random, self.tape, self.helpers, self.constants = random, tape, helpers, constants
        self.sums = ("+", "-", *BITS) if bits else ("+", "-")
        self.scopes = [Scope()]
        self.costly = 4
        """How many more times what expands to a loop (* / %) may be written."""
        self._hidden: list[str] = []

    # Names

    def visible(self) -> list[str]:
        found: dict[str, bool] = {}
        for scope in self.scopes:
            found |= dict.fromkeys(scope.variables, True) | dict.fromkeys(scope.arrays, False)
        return [name for name, variable in found.items() if variable and name not in self._hidden]

    def arrays(self) -> list[tuple[str, int]]:
        found: dict[str, int] = {}
        for scope in self.scopes:
            found |= dict.fromkeys(scope.variables, 0) | scope.arrays
        return [(name, size) for name, size in found.items() if size and name not in self._hidden]

    def writable(self) -> list[str]:
        """Variables that may be assigned: not those that a loop counts with."""
        fixed: dict[str, bool] = {}
        for scope in self.scopes:
            fixed |= {name: name in scope.fixed for name in scope.variables}
        return [name for name in self.visible() if not fixed[name]]

    @contextmanager
    def hidden(self, *names: str) -> Iterator[None]:
        """Nothing that is written meanwhile reads these."""
        self._hidden += names
        yield
        del self._hidden[len(self._hidden) - len(names) :]

    @contextmanager
    def without_cells(self) -> Iterator[None]:
        """Nothing that is written meanwhile reads the tape, or an array on it."""
        tape, arrays = self.tape, [name for name, _ in self.arrays()]
        self.tape = False
        with self.hidden(*arrays):
            yield
        self.tape = tape

    def chance(self, probability: float) -> bool:
        return chance(self.random, probability)

    # Values without effects

    def number(self) -> str:
        if self.constants and self.chance(0.1):
            return self.random.choice(self.constants)
        return self.random.choice(_NUMBERS)

    def atom(self) -> str:
        variables = self.visible()
        choice = self.random.randrange(10)
        if choice < 5 and variables:
            return self.random.choice(variables)
        if choice < 8 and (self.tape or self.arrays()):
            return self.cell(0)
        return self.number()

    def cell(self, depth: int) -> str:
        """A cell of the tape or of an array, which is inside its bounds whatever the values are."""
        arrays = self.arrays()
        if arrays and (not self.tape or self.chance(0.3)):
            name, size = self.random.choice(arrays)
            return f"{name}[{self.test(0) if self.chance(0.2) else self.random.randrange(size)}]"
        index = self.value(depth - 1) if depth > 0 else self.random.choice([*self.visible(), "0", "1", "2", "3"])
        return f"*({TAPE} + {index})" if self.chance(0.1) else f"{TAPE}[{index}]"

    def value(self, depth: int) -> str:
        """An expression without effects, in parentheses where it is not an atom."""
        if depth <= 0:
            return self.atom()
        kinds = (self._atom, self._atom, self._atom, self._sum, self._sum, self._sum, self._costly, self._choice)
        return self.random.choice((*kinds, self._unary, self._call, self._index))(depth - 1)

    def _atom(self, depth: int) -> str:
        return self.atom()

    def _sum(self, depth: int) -> str:
        left, op = self.value(depth), self.random.choice(self.sums)
        return f"({left} {op} {self._places() if op in SHIFTS else self.value(depth)})"

    def _places(self) -> str:
        """What to shift by: a constant that shifts a constant must be small."""
        return self.random.choice([*self.visible(), "0", "1", "2", "3"])

    def _costly(self, depth: int) -> str:
        if self.costly <= 0:
            return self._sum(depth)
        self.costly -= 1
        op = self.random.choice("*/%")
        left = self.value(depth)
        if op == "*":
            return f"({left} * {self.value(depth)})"
        if self.chance(0.3) and self.visible():
            by = self.random.choice(self.visible())
            return f"({by} ? {left} {op} {by} : {self.atom()})"
        return f"({left} {op} {self.random.choice(['2', '3', '4', f'(1 + ({self.atom()} != 0))'])})"

    def _choice(self, depth: int) -> str:
        left, right = self.value(depth), self.value(depth)
        form = self.random.randrange(4)
        if form == 0:
            return f"{self.random.choice(['min', 'max'])}({left}, {right})"
        if form == 1:
            return f"({left} {self.random.choice('<>')} {right} ? {left} : {right})"
        if form == 2:
            return f"({self.test(depth)} ? {left} : {right})"
        return f"({self.test(depth)})"

    def _unary(self, depth: int) -> str:
        return f"{self.random.choice('-!')}({self.value(depth)})"

    def _call(self, depth: int) -> str:
        pure = [h for h in self.helpers if h.result and not h.tape]
        if not pure:
            return self._sum(depth)
        helper = self.random.choice(pure)
        return f"{helper.name}({', '.join(self.value(depth) for _ in range(helper.values))})"

    def _index(self, depth: int) -> str:
        return self.cell(depth) if self.tape else self.atom()

    def test(self, depth: int) -> str:
        """A condition without effects."""
        form = self.random.randrange(8)
        if form < 5 or depth <= 0:
            return f"{self.value(depth - 1)} {self.random.choice(COMPARISONS)} {self.value(depth - 1)}"
        if form == 5:
            return self.value(depth - 1)
        if form == 6:
            return f"!({self.test(depth - 1)})"
        return f"({self.test(depth - 1)}) {self.random.choice(['&&', '||'])} ({self.test(depth - 1)})"

    # Values that change something

    def effect(self, depth: int) -> str:
        """An expression that changes one variable or, at its own end, one cell; a plain one where none may be."""
        names = self.writable()
        if not names:
            return self.value(depth)
        if (self.tape or self.arrays()) and self.chance(0.2):
            cell = self.cell(1)
            with self.without_cells():
                return f"{self._step(f'({cell})' if cell[0] == '*' else cell)} {self.random.choice('+-')} {self.atom()}"
        name = self.random.choice(names)
        form = self.random.randrange(5)
        if form == 0:
            # && || ?: and the comma have an order, so that both sides may read what is changed.
            return f"({self.test(depth)}) {self.random.choice(['&&', '||'])} {self._step(name)}"
        if form == 1:
            return f"{self.test(depth)} ? {self._step(name)} : {self.value(depth)}"
        if form == 2:
            return f"({self._step(name)}, {self.value(depth)})"
        change = (
            self._step(name) if form == 3 else f"({name} {self.random.choice(['=', '+=', '-='])} {self.value(depth)})"
        )
        with self.hidden(name):
            return f"{change} {self.random.choice(['+', '-', *COMPARISONS])} {self.value(depth)}"

    def _step(self, target: str) -> str:
        return self.random.choice(["++{}", "--{}", "{}++", "{}--"]).format(target)

    def changed(self, name: str, depth: int) -> str:
        """A value for a variable, with or without an effect on others."""
        if self.chance(0.7):
            return self.value(depth)
        with self.hidden(name):
            return self.effect(depth)
