"""What a start is made for: a task is one result of a program with its rows."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from cprograms.graph import Graph
from cprograms.program import Result
from training.arrays import Array
from training.held_out import HeldOut


@dataclass(frozen=True)
class StartTask:
    """One result of a program with its rows in C units: x [K, A], y [K].

    `domain` is float64 [A, 2]; `graph` is of that result alone, `used` are the arguments that it reads. `program` and
    `key` are numbers that depend on the program's text, and on that and the result.
    """

    program: int
    key: int
    domain: Array
    result: Result
    graph: Graph
    used: tuple[int, ...]
    x: Array
    y: Array

    @property
    def arguments(self) -> int:
        return len(self.domain)

    def first(self, rows: int) -> StartTask:
        return replace(self, x=self.x[:rows], y=self.y[:rows])


def make_task(held: HeldOut) -> StartTask:
    """The task of a held-out result, with all its rows for compiling."""
    alone = held.graph.result(held.result)
    text = held.program.text.encode()
    return StartTask(
        program=zlib.crc32(text),
        key=zlib.crc32(b"%d" % held.result, zlib.crc32(text)),
        domain=held.program.domain,
        result=held.program.results[held.result],
        graph=alone,
        used=tuple(alone.arguments),
        x=held.x,
        y=held.y[:, held.result],
    )
