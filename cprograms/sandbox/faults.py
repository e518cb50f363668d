"""Why rows have no number: the kind of fault, what it is about, its place in the file, and how many rows have it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from cprograms.sandbox.objects import FILLS
from cprograms.sandbox.running import ROW_FUEL, Instance, Outcomes, compiled, engine_of
from cprograms.sandbox.source import CompileError, Job, Runnable, job_of
from cprograms.sandbox.status import Status
from cprograms.standard import REFUSED

_LOOKED_AT = 64
"""Rows of a kind of fault that are run again, to see where it happens."""
_LONG = {Status.FUEL: 1, Status.STACK: 8}
"""Fewer of those that take long."""
_PLACELESS = (Status.OK, Status.UNSET, Status.SKIPPED, Status.REJECTED)


@dataclass(frozen=True)
class Fault:
    """What befell a `share` of the rows. OK stands for a result that is not a finite number.

    `subject` is what it is about, as far as that is known: the function that was called, the object beside which the
    program read or wrote, the result that was not written. `file` and `line` are the place, where that is known.
    """

    status: Status
    share: float
    subject: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """In a few words: `read outside 'w' at kernel.c:12 on 31% of rows`."""
        return f"{self.words} on {_of_rows(self.share)}"

    @property
    def words(self) -> str:
        """The same of one row: `read outside 'w' at kernel.c:12`."""
        what, without = _WORDS[self.status]
        words = _OWN_WORDS.get(self.subject) or (what.format(self.subject) if self.subject else without)
        return f"{words} at {self.file}:{self.line}" if self.line else words

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        where = {"file": self.file, "line": self.line} if self.line else {}
        about = {"subject": self.subject} if self.subject else {}
        return {"kind": self.status.name.lower(), "share": self.share, **about, **where}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Fault:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        subject, file, line = d.get("subject", ""), d.get("file", ""), int(d.get("line", 0))
        fault = cls(Status[d["kind"].upper()], float(d["share"]), subject, file, line)
        if not (0 < fault.share <= 1 and line >= 0 and (subject + file).isprintable()):
            raise ValueError("no fault of a program")
        return fault

    @property
    def advice(self) -> str:
        """What may help, in a few words."""
        if self.status == Status.CALL and self.subject and self.subject not in REFUSED:
            return f"give the file that defines it, too; where it only tells something, -D '{self.subject}(...)='"
        return _ADVICE[self.status]


_WORDS: dict[Status, tuple[str, str]] = {
    Status.OK: ("", "NaN or infinity"),
    Status.OVERFLOW: ("", "signed integer overflow"),
    Status.DIVISION: ("", "integer division by zero"),
    Status.SHIFT: ("", "shift by a negative number or by too much"),
    Status.CONVERSION: ("", "conversion of a number that the integer type does not hold"),
    Status.BOUNDS: ("", "index out of bounds"),
    Status.UNDEFINED: ("", "undefined behaviour"),
    Status.MEMORY: ("", "read or write outside the program's memory"),
    Status.STACK: ("", "recursion too deep"),
    Status.FUEL: ("", f"more than {ROW_FUEL:,} steps"),
    Status.SKIPPED: ("", "not run, as rows before took too long,"),
    Status.REJECTED: ("", "not compiled"),
    Status.UNSET: ("", "use of a variable that was never set"),
    Status.CALL: ("call of '{}'", "call of a function that is not there"),
    Status.READ: ("read outside '{}'", "out of bounds read"),
    Status.WRITE: ("write outside '{}'", "out of bounds write"),
    Status.UNWRITTEN: ("the result '{}' is not written", "a result is not written"),
}
"""Of each kind the words with a subject, and without."""
_OWN_WORDS = {"__assert_fail": "failed assertion"}
"""Those of subjects that are no names of the program's."""
_RANGE = "is the domain the right one? --range sets it"
_INDEX = "--range sets the domain of an index"
_SIZE = "--size says where an argument has more elements, " + _INDEX
_ADVICE = {
    Status.OK: _RANGE,
    Status.OVERFLOW: "-fwrapv makes it wrap",
    Status.DIVISION: _RANGE,
    Status.SHIFT: _RANGE,
    Status.CONVERSION: _RANGE,
    Status.BOUNDS: _INDEX,
    Status.UNDEFINED: _RANGE,
    Status.MEMORY: _INDEX,
    Status.STACK: _RANGE,
    Status.FUEL: "--range may keep to where its loops end soon",
    Status.SKIPPED: "--range may keep to where its loops end soon",
    Status.REJECTED: "",
    Status.UNSET: "give it a value where it is declared",
    Status.CALL: "rows that come to it are left out",
    Status.READ: _SIZE,
    Status.WRITE: _SIZE,
    Status.UNWRITTEN: "write it on every path, or before in a function around it",
}


def _of_rows(share: float) -> str:
    """A share of rows in two digits, which never says 100% of what is only nearly so."""
    if share > 1 - 1e-9:
        return "all rows"
    return f"{'more than 99' if share > 0.99 else f'{100 * share:.2g}'}% of rows"


def why(program: Runnable, x: np.ndarray, outcomes: Outcomes) -> list[Fault]:
    """The faults of rows x [n, arguments], the most frequent first.

    Of each kind a few rows are run again to find the place, slowly: only where somebody asks.
    """
    lost = ~np.isfinite(outcomes.y).all(axis=1)
    found: dict[Fault, float] = defaultdict(float)
    for code, count in Counter(outcomes.status[lost].tolist()).items():
        status = Status(code)
        rows = x[lost & (outcomes.status == code)]
        few = rows[np.linspace(0, len(rows) - 1, min(len(rows), _LONG.get(status, _LOOKED_AT))).astype(int)]
        for row in few:
            for fault in _faults(program, row, status):
                found[fault] += count / len(few) / len(x)
    return [replace(fault, share=min(share, 1.0)) for fault, share in sorted(found.items(), key=lambda item: -item[1])]


def _faults(program: Runnable, row: np.ndarray, status: Status) -> list[Fault]:
    """The faults of a row that has a status, without a share."""
    if status in _PLACELESS:
        return [Fault(status, 0)]
    try:
        job, instance = _located(program)
    except CompileError:
        return [Fault(status, 0)]
    if status == Status.UNWRITTEN:
        return [Fault(status, 0, name) for name in _differing(program, instance, job, row)]
    return [_place(program, instance, job, row, status)]


@lru_cache(maxsize=4)
def _located(program: Runnable) -> tuple[Job, Instance]:
    job = job_of(program, located=True)
    return job, Instance(engine_of(False), compiled([job], optimise=False))


def _place(program: Runnable, instance: Instance, job: Job, row: np.ndarray, status: Status) -> Fault:
    instance.forget()
    ran = Status(instance.filled(job, 0, row[None], ROW_FUEL, FILLS[0]).status[0])
    number, subject = instance.located()
    file, line = job.places[number - 1] if number else ("", 0)
    # Code that is not optimised may not show what an optimiser made of it, and may say more of it where it does.
    return Fault(status if ran == Status.OK else ran, 0, subject, (file or program.path) if line else "", line)


def _differing(program: Runnable, instance: Instance, job: Job, row: np.ndarray) -> list[str]:
    """The results that the row does not write."""
    first, second = (instance.filled(job, 0, row[None], ROW_FUEL, fill).y[0] for fill in FILLS[:2])
    return [program.results[k].name for k in np.flatnonzero(first != second).tolist()]
