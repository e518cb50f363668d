"""Loops in torch: all rows together, a pass at a time, until none goes on. Shapes: n rows, m of which go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Registers = list[Tensor]
MOST_PASSES = 100_000
"""Passes of a loop; a row that would take more is undefined."""


@dataclass(frozen=True)
class Repeat:
    """A loop over registers. `body` takes a pass over those of the rows that go on.

    `carried` are the registers of the variables before a pass, `following` after it, and `before` at first; `entered`
    tells which rows enter the loop, `again` which go on, `poison` which behaved in an undefined way in a pass, `read`
    what else the body needs. `left` are the registers of the variables after the loop.
    """

    body: Callable[[Registers], None]
    entered: int
    before: tuple[int, ...]
    carried: tuple[int, ...]
    following: tuple[int, ...]
    again: int
    poison: int | None
    read: tuple[int, ...]
    left: tuple[int, ...]

    def __call__(self, r: Registers) -> Tensor:
        """Write what is left; returns where a row is undefined, [n]. Gradients flow through every pass."""
        if torch.jit.is_tracing() or torch.compiler.is_compiling():  # type: ignore[attr-defined,no-untyped-call]
            raise RuntimeError("a loop of as many passes as its rows need cannot be traced")
        needed = (self.entered, *self.before, *self.read)
        n = next((len(r[k]) for k in needed if r[k].ndim), None)
        many = 1 if n is None else n
        rows = r[self.entered].expand(many).nonzero()[:, 0]  # [m]
        start = [r[k].expand(many) for k in self.before]
        done = _Done(many, len(start))
        done.add(torch.logical_not(r[self.entered].expand(many)).nonzero()[:, 0], start)
        rows, last = self._passes(r, rows, start, done)
        done.add(rows, last)
        for register, value in zip(self.left, done.values(), strict=True):
            r[register] = value[0] if n is None else value
        poison = done.poison(rows)
        return poison[0] if n is None else poison

    def _passes(self, r: Registers, rows: Tensor, start: Sequence[Tensor], done: _Done) -> tuple[Tensor, list[Tensor]]:
        """Pass after pass; what is left of rows that do not end, and their variables."""
        everything = len(rows) == len(start[0])
        current = list(start) if everything else [v[rows] for v in start]
        r = list(r)
        if not everything:
            self._keep(r, rows)
        for _ in range(MOST_PASSES):
            if not len(rows):
                break
            for register, value in zip(self.carried, current, strict=True):
                r[register] = value
            self.body(r)
            m = len(rows)
            following = [r[k].expand(m) for k in self.following]
            again = r[self.again].expand(m)
            if self.poison is not None:
                bad = r[self.poison].expand(m)
                done.spoil(rows, bad)
                again = again & ~bad
            kept = again.nonzero()[:, 0]
            if len(kept) == m:
                current = following
                continue
            ended = torch.logical_not(again).nonzero()[:, 0]
            done.add(rows[ended], [v[ended] for v in following])
            rows, current = rows[kept], [v[kept] for v in following]
            self._keep(r, kept)
        return rows, current

    def _keep(self, r: Registers, kept: Tensor) -> None:
        """Let the body read no other rows."""
        for register in self.read:
            if r[register].ndim:
                r[register] = r[register][kept]


class _Done:
    """The rows that have left a loop, with their variables, in the order in which they left."""

    def __init__(self, n: int, variables: int) -> None:
        self._n = n
        self._rows: list[Tensor] = []
        self._values: list[list[Tensor]] = [[] for _ in range(variables)]
        self._spoilt: list[Tensor] = []

    def add(self, rows: Tensor, values: Sequence[Tensor]) -> None:
        if self._rows and not len(rows):
            return
        self._rows.append(rows)
        for found, value in zip(self._values, values, strict=True):
            found.append(value if len(value) == len(rows) else value[rows])

    def spoil(self, rows: Tensor, bad: Tensor) -> None:
        if bad.any():
            self._spoilt.append(rows[bad])

    def values(self) -> list[Tensor]:
        """Each variable, [n], in the order of the rows."""
        order = torch.cat(self._rows).argsort()
        return [torch.cat(value)[order] for value in self._values]

    def poison(self, endless: Tensor) -> Tensor:
        """bool [n]: rows that were spoilt or never ended."""
        found = torch.zeros(self._n, dtype=torch.bool, device=endless.device)
        for rows in [*self._spoilt, endless]:
            found[rows] = True
        return found
