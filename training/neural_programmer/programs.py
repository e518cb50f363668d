"""Hard programs: four operations that the words of a question chose, what they say, what they answer, and their C.

A program is executed once with symbols. What comes of it is an expression, `sum(price where age > 7)`: its text, its
answer on a table and its C are read off that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from training.neural_programmer.questions import SIGNS, Condition, Table, called, joined

STEPS = 4
OPERATIONS = {
    "sum": "a number: the sum of the column over the selected rows",
    "count": "a number: how many rows are selected",
    "difference": "a number: that of three steps ago less that of the step before; where there is none it is 0",
    "greater": "selects the rows where the column is greater than the number",
    "lesser": "selects the rows where the column is less than the number",
    "and": "selects the rows that both steps before have selected",
    "or": "selects the rows that one of the two steps before has selected",
    "assign": "prints the cells of the column in the selected rows",
    "reset": "selects all rows",
}
"""As published, but that an operation which selects no rows leaves those that are selected."""


class Step(NamedTuple):
    """An operation, and the column and the number that it is given: None where the question has no number."""

    operation: str
    column: str
    number: int | None

    @property
    def text(self) -> str:
        """With what the operation reads: `greater(age, 7)`, `sum(price)`, `reset`."""
        if self.operation in SIGNS:
            return f"{self.operation}({self.column}, {self.number})"
        return f"{self.operation}({self.column})" if self.operation in ("sum", "assign") else self.operation


class Answer(NamedTuple):
    """A number, or the rows in which the cells of a column are printed; the column is empty for a number."""

    number: int = 0
    column: str = ""
    rows: tuple[int, ...] = ()

    def numbers(self, table: Table) -> list[int]:
        """The number, or how many cells are printed and then the cells."""
        return [len(self.rows), *(table[self.column][row] for row in self.rows)] if self.column else [self.number]


@dataclass(frozen=True)
class Rows:
    """The rows that meet all conditions, or with "or" one of them: without any all rows, or none.

    Four steps join two conditions at most.
    """

    conditions: tuple[Condition, ...] = ()
    connective: str = "and"

    @property
    def text(self) -> str:
        return "nothing" if self == NO_ROWS else joined((c.text for c in self.conditions), self.connective)

    @property
    def c(self) -> str:
        """As a C expression of `row`."""
        if not self.conditions:
            return "1" if self == ALL_ROWS else "0"
        tests = (f"{c.column}[row] {SIGNS[c.word]} {c.number}" for c in self.conditions)
        return joined(tests, "&&" if self.connective == "and" else "||")

    def of(self, table: Table) -> tuple[int, ...]:
        """The numbers of the rows of a table."""
        count = len(next(iter(table.values())))
        return tuple(row for row in range(count) if self._meets(table, row))

    def _meets(self, table: Table, row: int) -> bool:
        met = (
            table[c.column][row] > c.number if c.word == "greater" else table[c.column][row] < c.number
            for c in self.conditions
        )
        return all(met) if self.connective == "and" else any(met)


ALL_ROWS, NO_ROWS = Rows(), Rows(connective="or")


def both(one: Rows, other: Rows, connective: str) -> Rows:
    neutral, decisive = (ALL_ROWS, NO_ROWS) if connective == "and" else (NO_ROWS, ALL_ROWS)
    if decisive in (one, other):
        return decisive
    kept = [rows for rows in (one, other) if rows != neutral]
    if len(set(kept)) < 2:
        return kept[0] if kept else neutral
    return Rows(tuple(dict.fromkeys(c for rows in kept for c in rows.conditions)), connective)


@dataclass(frozen=True)
class Aggregate:
    """`sum`, `count` or `print`, of a column (a count's is empty) over rows."""

    name: str
    column: str
    rows: Rows

    @property
    def text(self) -> str:
        return called(self.name, self.column, self.rows.text)

    def number(self, table: Table) -> int:
        rows = self.rows.of(table)
        return len(rows) if self.name == "count" else sum(table[self.column][row] for row in rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """That are read, each once."""
        named = [self.column] if self.column else []
        return tuple(dict.fromkeys(named + [c.column for c in self.rows.conditions]))

    def c(self, function: str) -> str:
        """A C function over the columns; of what is printed it gives the number of cells."""
        step = {
            "sum": f"result += {self.column}[row]",
            "count": "result++",
            "print": f"cells[result++] = {self.column}[row]",
        }[self.name]
        return FUNCTION.format(
            function=function,
            parameters=", ".join(
                [*(f"const int {name}[]" for name in self.columns), "int rows", *self._out("int cells[]")]
            ),
            condition=self.rows.c,
            step=step,
        )

    def call(self, function: str) -> str:
        return f"{function}({', '.join([*self.columns, 'rows', *self._out('cells')])})"

    def _out(self, text: str) -> list[str]:
        return [text] if self.name == "print" else []


FUNCTION = """\
static long long {function}({parameters})
{{
    long long result = 0;
    for (int row = 0; row < rows; row++)
        if ({condition})
            {step};
    return result;
}}
"""
ENTRY = """\
#pragma surrogate range(place, 0, {rows})
#pragma surrogate entry(answer)
long long answer(int place)
{{
    const int rows = {rows};
    {body}
}}
"""
PRINTED = """\
int cells[{rows}] = {{0}};
    long long count = {call};
    return place == 0 ? count : place <= count ? cells[place - 1] : 0;"""


class Term(NamedTuple):
    """Part of a number: an aggregate that is added, or with the sign -1 taken away."""

    sign: int
    aggregate: Aggregate


@dataclass(frozen=True)
class Program:
    """The steps, and what comes of the last one: a number, the sum of its terms, or with `printed` cells."""

    steps: tuple[Step, ...]
    terms: tuple[Term, ...]
    printed: Aggregate | None = None

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Program:
        """The program of these steps."""
        rows: list[Rows] = [ALL_ROWS] * 2
        numbers: list[tuple[Term, ...]] = [()] * 3
        printed = None
        for step in steps:
            printed = Aggregate("print", step.column, rows[-1]) if step.operation == "assign" else None
            number = _number(step, rows[-1], numbers)
            rows.append(_selected(step, rows))
            numbers.append(number)
        return cls(tuple(steps), numbers[-1], printed)

    @property
    def text(self) -> str:
        """What it computes: `sum(price where age > 7)`; "0" where its last step gives neither a number nor cells."""
        if self.printed:
            return self.printed.text
        said = "".join(f" {'+' if t.sign > 0 else '-'} {t.aggregate.text}" for t in self.terms)
        return said.removeprefix(" + ").strip() or "0"

    def answer(self, table: Table) -> Answer:
        if self.printed:
            rows = self.printed.rows.of(table)
            return Answer(column=self.printed.column if rows else "", rows=rows)
        return Answer(sum(t.sign * t.aggregate.number(table) for t in self.terms))

    def c(self, table: Table) -> str:
        """As self-contained C over the columns of a table: `answer(0)` is the number, or how many cells are printed,
        and `answer(k)` the k-th one of them."""
        count = len(next(iter(table.values())))
        aggregates = [self.printed] if self.printed else [term.aggregate for term in self.terms]
        functions = dict(zip(dict.fromkeys(aggregates), FUNCTIONS, strict=False))
        columns = dict.fromkeys(column for aggregate in functions for column in aggregate.columns)
        cells = (f"static const int {c}[] = {{{', '.join(map(str, table[c]))}}};\n" for c in columns)
        calls = [(1, a) for a in aggregates] if self.printed else [(t.sign, t.aggregate) for t in self.terms]
        call = " ".join(f"{'+' if sign > 0 else '-'} {a.call(functions[a])}" for sign, a in calls)
        call = call.removeprefix("+ ") or "0"
        body = PRINTED.format(rows=count, call=call) if self.printed else f"return {call};"
        parts = [f"/* {self.text} */\n", *cells, *(a.c(name) for a, name in functions.items())]
        return "\n".join([*parts, ENTRY.format(rows=count, body=body)])


FUNCTIONS = ("first", "second")


def _number(step: Step, rows: Rows, numbers: Sequence[tuple[Term, ...]]) -> tuple[Term, ...]:
    """The number after a step; `numbers` are those of the steps before."""
    match step.operation:
        case "sum" | "count":
            return (Term(1, Aggregate(step.operation, step.column if step.operation == "sum" else "", rows)),)
        case "difference":
            return (*numbers[-3], *(Term(-t.sign, t.aggregate) for t in numbers[-1]))
    return ()


def _selected(step: Step, rows: Sequence[Rows]) -> Rows:
    """The rows that are selected after a step; `rows` are those before it, the newest last."""
    match step.operation:
        case "greater" | "lesser":
            return NO_ROWS if step.number is None else Rows((Condition(step.column, step.operation, step.number),))
        case "and" | "or":
            return both(rows[-1], rows[-2], step.operation)
        case "reset":
            return ALL_ROWS
    return rows[-1]
