"""The language of the questions: what they ask, their words, and their answers on a table.

A question names one or two aggregates of a column and up to two conditions: "sum price where age greater 7 and weight
lesser 20" is `sum(price where age > 7 and weight < 20)`. What it says but for columns and numbers is its form. There
are few forms, so that a batch is made by looking them up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NAMES = ("price", "age", "weight", "height", "year", "stock", "speed", "rank", "length", "width")
"""Of columns: a table has some of these, in any order."""
AGGREGATES = ("sum", "count", "print")
SIGNS = {"greater": ">", "lesser": "<"}
CONNECTIVES = ("and", "or")
PAD = ""
WORDS = (PAD, *AGGREGATES, "difference", "where", *SIGNS, *CONNECTIVES, *NAMES)
"""The vocabulary. Numbers leave the question for a list of their own; the word left of each is its key."""
FIRST_NAME = WORDS.index(NAMES[0])
LENGTH = 9
"""Words of the longest question; the others are padded on their left."""
MOST_COLUMNS = 5
MOST_CONDITIONS = 2
"""And numbers of a question."""
ROLES = 2 + MOST_CONDITIONS
"""What columns are named for: by either aggregate, and by each condition."""

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Table = dict[str, list[int]]
"""A column's cells by its name."""


@dataclass(frozen=True)
class Condition:
    """`word` is one of SIGNS."""

    column: str
    word: str
    number: int

    @property
    def text(self) -> str:
        return f"{self.column} {SIGNS[self.word]} {self.number}"


@dataclass(frozen=True)
class Question:
    """`asked` are aggregates with their columns, a count's being empty. Of two the difference is asked; the conditions
    are then the second one's."""

    asked: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...] = ()
    connective: str = ""

    @property
    def said(self) -> str:
        """As it is read, with its numbers."""
        words = ["difference"] if len(self.asked) == 2 else []
        words += [word for one in self.asked for word in one if word]
        for k, c in enumerate(self.conditions):
            words += [self.connective if k else "where", c.column, c.word, str(c.number)]
        return " ".join(words)

    @property
    def text(self) -> str:
        """As the text of a program that answers it."""
        where = joined((c.text for c in self.conditions), self.connective)
        conditions = ["", where] if len(self.asked) == 2 else [where]
        return " - ".join(called(*one, kept) for one, kept in zip(self.asked, conditions, strict=True))


def joined(conditions: Iterable[str], connective: str) -> str:
    """In the order of the alphabet and each once, so that equal conditions have equal texts."""
    return f" {connective} ".join(sorted(set(conditions)))


def called(aggregate: str, column: str, where: str) -> str:
    """`sum(price where age > 7)`, `count(rows)`."""
    return f"{aggregate}({column or 'rows'}{f' where {where}' if where else ''})"


@dataclass(frozen=True)
class Form:
    """A question but for its columns and numbers."""

    asked: tuple[str, ...]
    signs: tuple[str, ...]
    connective: str = ""

    @property
    def group(self) -> tuple[str, int]:
        """What is asked, and under how many conditions: accuracies are told apart by it."""
        return (self.asked[0] if len(self.asked) == 1 else "difference", len(self.signs))

    @property
    def words(self) -> list[int]:
        """The places of its words in WORDS; a column's is -1 less its role."""
        words = [WORDS.index("difference")] if len(self.asked) == 2 else []
        for role, aggregate in enumerate(self.asked):
            words += [WORDS.index(aggregate), *([] if aggregate == "count" else [-1 - role])]
        for k, sign in enumerate(self.signs):
            words += [WORDS.index(self.connective if k else "where"), -3 - k, WORDS.index(sign)]
        return words

    @property
    def roles(self) -> tuple[int, ...]:
        """Those that it names columns for, in the order of its words."""
        return tuple(-1 - word for word in self.words if word < 0)


@cache
def forms() -> tuple[Form, ...]:
    """All there are."""
    none_or_one: list[tuple[str, ...]] = [(), *((sign,) for sign in SIGNS)]
    found = [Form((aggregate,), signs) for aggregate in AGGREGATES for signs in none_or_one]
    found += [
        Form((aggregate,), signs, connective)
        for aggregate in AGGREGATES
        for signs in product(SIGNS, repeat=2)
        for connective in CONNECTIVES
    ]
    for asked in product(("sum", "count"), repeat=2):
        found += [Form(asked, signs) for signs in none_or_one if signs or asked != ("count", "count")]
    return tuple(found)


ALWAYS_ZERO = Form(("sum", "sum"), ())
"""Where both columns are the same: not asked then."""


class Forms(NamedTuple):
    """The forms as arrays, a row each."""

    words: Ints  # [F, L]: as `Form.words`, padded
    keys: Ints  # [F, 2]: where the words left of its numbers are
    conditions: Ints  # [F]
    signs: Ints  # [F, 2]: 1 for greater, -1 for lesser
    either: Bools  # [F]: whether one condition of two is enough
    asked: Ints  # [F, 2]: places in AGGREGATES, -1 where there is no second one
    group: Ints  # [F]: places in GROUPS


GROUPS = tuple(dict.fromkeys(form.group for form in forms()))


@cache
def arrays() -> Forms:
    every = forms()
    signs = [list(form.signs) for form in every]
    words = [[WORDS.index(PAD)] * (LENGTH - len(form.words)) + form.words for form in every]
    keys = [[k for k, word in enumerate(row) if word in map(WORDS.index, SIGNS)] for row in words]
    return Forms(
        words=np.array(words),
        keys=np.array([(*row, 0, 0)[:MOST_CONDITIONS] for row in keys]),
        conditions=np.array([len(form.signs) for form in every]),
        signs=np.array(
            [([1 if sign == "greater" else -1 for sign in row] + [1, 1])[:MOST_CONDITIONS] for row in signs]
        ),
        either=np.array([form.connective == "or" for form in every]),
        asked=np.array([([AGGREGATES.index(a) for a in form.asked] + [-1])[:2] for form in every]),
        group=np.array([GROUPS.index(form.group) for form in every]),
    )


@cache
def chances(columns: int, conditions: int) -> Floats:
    """Of each form, for tables of so many columns and at most so many conditions: all that can be asked are as likely.
    What is always 0 is not asked."""
    usable = [len(form.signs) <= conditions and (columns > 1 or form != ALWAYS_ZERO) for form in forms()]
    return np.array(usable) / sum(usable)


class Asked(NamedTuple):
    """n questions as they are read. Words are places in WORDS, names places in NAMES."""

    words: Ints  # [n, L]
    keys: Ints  # [n, 2]: where the words left of the numbers are
    numbers: Ints  # [n, 2]: 0 where there is none
    given: Bools  # [n, 2]: whether there is one
    names: Ints  # [n, C]: of the table's columns


class Batch(NamedTuple):
    """n questions as they are drawn, and a table each."""

    form: Ints  # [n]
    names: Ints  # [n, C]: of the table's columns, as places in NAMES
    roles: Ints  # [n, 4]: the column that is named for each role
    numbers: Ints  # [n, 2]: 0 where the question has none
    table: Ints  # [n, rows, C]

    def part(self, places: slice) -> Batch:
        return Batch(*(values[places] for values in self))

    @property
    def asked(self) -> Asked:
        words = arrays().words[self.form]
        named = FIRST_NAME + np.take_along_axis(self.names, self.roles, 1)
        words = np.where(words < 0, np.take_along_axis(named, np.maximum(-1 - words, 0), 1), words)
        return Asked(words, arrays().keys[self.form], self.numbers, self.given, self.names)

    @property
    def given(self) -> Bools:
        """Which numbers the question has: [n, 2]."""
        return np.asarray(arrays().conditions[self.form][:, None] > np.arange(MOST_CONDITIONS))

    @property
    def prints(self) -> Bools:
        """Whether cells are asked for, and no number: [n]."""
        return np.asarray(arrays().asked[self.form, 0] == AGGREGATES.index("print"))

    def question(self, k: int) -> Question:
        form, columns = forms()[self.form[k]], [NAMES[self.names[k, role]] for role in self.roles[k]]
        asked = tuple((a, "" if a == "count" else columns[role]) for role, a in enumerate(form.asked))
        numbers = self.numbers[k].tolist()
        conditions = (Condition(columns[2 + j], sign, numbers[j]) for j, sign in enumerate(form.signs))
        return Question(asked, tuple(conditions), form.connective)

    def columns(self, k: int) -> Table:
        return {NAMES[name]: self.table[k, :, j].tolist() for j, name in enumerate(self.names[k])}

    def answers(self) -> tuple[Ints, Bools]:
        """The number [n] (0 for cells), and the cells [n, rows, C] (none for a number)."""
        form = arrays()
        numbers, signs, conditions = self.numbers, form.signs[self.form], form.conditions[self.form]
        met = [
            (signs[:, k, None] * (self._cells(2 + k) - numbers[:, k, None]) > 0) | (conditions[:, None] <= k)
            for k in range(MOST_CONDITIONS)
        ]
        kept = np.where(form.either[self.form][:, None], met[0] | met[1], met[0] & met[1])
        two = form.asked[self.form, 1] >= 0
        first = self._aggregate(0, kept | two[:, None])
        number = np.where(two, first - self._aggregate(1, kept), first)
        printed = np.arange(self.names.shape[1]) == self.roles[:, :1]  # [n, C]
        return number, kept[:, :, None] & (printed & self.prints[:, None])[:, None, :]

    def _cells(self, role: int) -> Ints:
        """The column of a role: [n, rows]."""
        return np.take_along_axis(self.table, self.roles[:, role, None, None], 2)[..., 0]

    def _aggregate(self, role: int, kept: Bools) -> Ints:
        """Over the rows that are kept: [n]; of what is printed 0."""
        asked = arrays().asked[self.form, role]
        summed, counted = (self._cells(role) * kept).sum(1), kept.sum(1)
        return np.select([asked == AGGREGATES.index(name) for name in ("sum", "count")], [summed, counted])


@dataclass(frozen=True)
class Ask:
    """What questions are drawn from: tables of `columns` columns and a number of rows from `rows[0]` to `rows[1]` that
    a batch has in common, integers within ±`size`, and at most so many conditions."""

    columns: int
    rows: tuple[int, int] = (30, 100)
    size: int = 100
    conditions: int = MOST_CONDITIONS

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        form = rng.choice(len(forms()), count, p=chances(self.columns, self.conditions))
        names = rng.random((count, len(NAMES))).argsort(1)[:, : self.columns]
        roles = rng.integers(0, self.columns, (count, ROLES))
        zero = (form == forms().index(ALWAYS_ZERO)) & (roles[:, 0] == roles[:, 1])
        roles[zero, 1] = (roles[zero, 0] + rng.integers(1, max(self.columns, 2), zero.sum())) % self.columns
        table = rng.integers(
            -self.size, self.size + 1, (count, int(rng.integers(*self.rows, endpoint=True)), self.columns)
        )
        numbers = rng.integers(-self.size, self.size + 1, (count, MOST_CONDITIONS))
        batch = Batch(form, names, roles, numbers, table)
        return batch._replace(numbers=sensible(batch) * batch.given)


def sensible(batch: Batch) -> Ints:
    """The numbers [n, 2], swapped where both conditions are of one column and would keep no row ("age greater 7 and age
    lesser 3") or every row."""
    form = arrays()
    signs, either = form.signs[batch.form], form.either[batch.form]
    opposed = (batch.roles[:, 2] == batch.roles[:, 3]) & (signs[:, 0] != signs[:, 1]) & batch.given.all(1)
    span = -(signs * batch.numbers).sum(1)  # between the bounds
    wrong = opposed & (np.where(either, -span, span) < 0)
    return np.where(wrong[:, None], batch.numbers[:, ::-1], batch.numbers)
