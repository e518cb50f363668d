"""`x = 0` for nothing: WRITE and JEZ put a zero into some register anyway, so let it be x."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cprograms.budget import tick
from surrogate.anc.compiler.backend.linear import Label, LinearCode
from surrogate.anc.compiler.ir import Register
from surrogate.anc.machine.instructions import GIVES_ZERO, Op


def absorb_zeros(code: LinearCode) -> LinearCode:
    """The code without the ZERO lines whose work other lines, or an initial value, can do."""
    shorter = _Absorption(code)
    # One that goes may open the way for another.
    while shorter.without_some():
        pass
    return shorter.code()


class _Absorption:
    """Code from which ZERO lines go, the most frequent first. Lines keep their numbers; those that went are skipped."""

    def __init__(self, code: LinearCode) -> None:
        self._code = code
        self._lines = list(code.lines)
        self._initial = dict(code.initial)
        self._gone = [False] * len(code.lines)
        self._preceding = code.preceding()
        self._labelled = set(code.labels.values())
        self._uses: dict[Register, list[int]] = {}
        for index, line in enumerate(code.lines):
            for value in {line.a, line.b}:
                if isinstance(value, Register):
                    self._uses.setdefault(value, []).append(index)
        self._live: dict[Register, set[int]] = {}
        zeros = [index for index, line in enumerate(code.lines) if line.op is Op.ZERO]
        self._zeros = sorted(zeros, key=lambda index: -code.lines[index].often)

    def without_some(self) -> bool:
        """Takes out what can go; whether anything did."""
        before = len(self._zeros)
        self._zeros = [index for index in self._zeros if not (self._earlier(index) or self._later(index))]
        return len(self._zeros) < before

    def code(self) -> LinearCode:
        """What is left."""
        place, number = [], 0
        for gone in self._gone:
            place.append(number)
            number += not gone
        lines = [line for line, gone in zip(self._lines, self._gone, strict=True) if not gone]
        labels = {label: place[index] for label, index in self._code.labels.items()}
        return LinearCode(lines, labels, self._initial)

    def _earlier(self, index: int) -> bool:
        """Gives the zero on every way to line `index`, by lines after which its register is dead so far, if it can."""
        register = self._lines[index].out
        assert register is not None
        givers: list[int] = []
        from_start = False
        passed: set[tuple[int, int]] = set()
        todo = [index]
        while todo:
            place = todo.pop()
            if self._previous(place) is None:
                if self._initial.get(register, 0) != 0:
                    return False
                from_start = True
            for before in self._preceding[place]:
                line = self._lines[before]
                if (before, place) in passed or self._is_zero(before, place, register):
                    continue
                passed.add((before, place))
                if line.has_free_zero and before not in self._live_after(register):
                    givers.append(before)
                elif register in (line.a, line.b, line.out):
                    return False
                else:
                    todo.append(before)
        tick(len(passed))
        if from_start:
            self._initial[register] = 0
        self._take_out(index, givers)
        return True

    def _is_zero(self, before: int, place: int, register: Register) -> bool:
        """Whether the register holds zero anyway on the way from line `before` to line `place`."""
        line = self._lines[before]
        if line.out == register:
            return line.op in GIVES_ZERO
        taken = isinstance(line.b, Label) and self._start(line.b) == place
        return line.op is Op.JEZ and line.a == register and taken and before != self._previous(place)

    def _later(self, index: int) -> bool:
        """Gives the zero by a line further on in the same straight run, before anything looks at it, if it can."""
        register = self._lines[index].out
        for place in self._after(index):
            line = self._lines[place]
            if place in self._labelled or register in (line.a, line.b, line.out):
                return False
            if line.has_free_zero:
                self._take_out(index, [place])
                return True
            if line.op in (Op.JEZ, Op.STOP):
                return False
        return False

    def _take_out(self, index: int, givers: Iterable[int]) -> None:
        register = self._lines[index].out
        assert register is not None
        for place in givers:
            self._lines[place] = replace(self._lines[place], out=register)
        following = next(self._after(index))
        self._gone[index] = True
        ways = [before for before in self._preceding[following] if before != index]
        self._preceding[following] = list(dict.fromkeys([*ways, *self._preceding[index]]))
        if index in self._labelled:
            self._labelled.add(following)
        self._live.pop(register, None)

    def _live_after(self, register: Register) -> set[int]:
        """The lines after which something may still look at the register."""
        if register not in self._live:
            live: set[int] = set()
            todo = list(self._uses.get(register, ()))
            while todo:
                for before in self._preceding[todo.pop()]:
                    if before not in live:
                        live.add(before)
                        if self._lines[before].out != register:
                            todo.append(before)
            tick(len(live))
            self._live[register] = live
        return self._live[register]

    def _start(self, label: Label) -> int:
        """The line that a jump leads to."""
        index = self._code.labels[label.number]
        return next(self._after(index)) if self._gone[index] else index

    def _after(self, index: int) -> Iterator[int]:
        return (place for place in range(index + 1, len(self._lines)) if not self._gone[place])

    def _previous(self, index: int) -> int | None:
        return next((place for place in range(index - 1, -1, -1) if not self._gone[place]), None)
