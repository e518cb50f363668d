"""`x = 0` for nothing: WRITE and JEZ put a zero into some register anyway, so let it be x."""

from __future__ import annotations

from dataclasses import replace

from surrogate.anc.compiler.backend.linear import Label, Line, LinearCode, Operand
from surrogate.anc.compiler.ir import Register
from surrogate.anc.machine.instructions import GIVES_ZERO, Op


def absorb_zeros(code: LinearCode) -> LinearCode:
    """The code without the ZERO lines whose work other lines, or an initial value, can do."""
    while (shorter := _without_one(code)) is not None:
        code = shorter
    return code


def _without_one(code: LinearCode) -> LinearCode | None:
    """The code without the most frequent ZERO line that can go."""
    preceding, live = code.preceding(), code.live_after()
    zeros = [index for index, line in enumerate(code.lines) if line.op is Op.ZERO]
    for index in sorted(zeros, key=lambda index: -code.lines[index].often):
        shorter = _earlier(code, index, preceding, live) or _later(code, index)
        if shorter is not None:
            return shorter
    return None


def _earlier(
    code: LinearCode, index: int, preceding: list[list[int]], live: list[frozenset[Operand]]
) -> LinearCode | None:
    """The code with the zero given on every way to line `index`, by lines after which its register is dead so far."""
    register = code.lines[index].out
    assert register is not None
    givers: list[int] = []
    initial = dict(code.initial)
    passed: set[tuple[int, int]] = set()
    todo = [index]
    while todo:
        place = todo.pop()
        if place == 0 and initial.setdefault(register, 0) != 0:
            return None
        for before in preceding[place]:
            line = code.lines[before]
            if (before, place) in passed or _is_zero(code, line, place, register):
                continue
            passed.add((before, place))
            if line.has_free_zero and register not in live[before]:
                givers.append(before)
            elif register in (line.a, line.b, line.out):
                return None
            else:
                todo.append(before)
    changed = [(place, replace(code.lines[place], out=register)) for place in givers]
    return replace(code.without(index, changed), initial=initial)


def _is_zero(code: LinearCode, line: Line, place: int, register: Register) -> bool:
    """Whether the register holds zero anyway on the way from `line` to line `place`."""
    if line.out == register:
        return line.op in GIVES_ZERO
    taken = isinstance(line.b, Label) and code.labels[line.b.number] == place
    return line.op is Op.JEZ and line.a == register and taken and line is not code.lines[place - 1]


def _later(code: LinearCode, index: int) -> LinearCode | None:
    """The code with the zero given by a line further on in the same straight run, before anything looks at it."""
    register = code.lines[index].out
    for place in range(index + 1, len(code.lines)):
        line = code.lines[place]
        if place in code.labels.values() or register in (line.a, line.b, line.out):
            return None
        if line.has_free_zero:
            return code.without(index, [(place, replace(line, out=register))])
        if line.op in (Op.JEZ, Op.STOP):
            return None
    return None
