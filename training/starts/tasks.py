"""What a start is made for: a task is one result of a program with its rows."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from cprograms.graph import Graph
from cprograms.program import Program, Result
from surrogate.mlp.emission.emit import scale_inputs
from surrogate.mlp.parts.taps import Choice, Taps, find_taps
from training.arrays import Array
from training.held_out import HeldOut


@dataclass(frozen=True)
class StartTask:
    """One result of a program with its rows in C units: x [K, A], y [K].

    `alone` is the program as if it had no other result, `graph` is of that result, `used` are the arguments that it
    reads. `program` and `key` are numbers that depend on the program's text, and on that and the result. `taps` are
    what its towers read beside the arguments.
    """

    program: int
    key: int
    alone: Program
    graph: Graph
    used: tuple[int, ...]
    x: Array
    y: Array
    taps: Taps | None = None

    @property
    def domain(self) -> Array:
        """float64 [A, 2]"""
        return self.alone.domain

    @property
    def result(self) -> Result:
        return self.alone.results[0]

    @property
    def arguments(self) -> int:
        return len(self.alone.arguments)

    @property
    def width(self) -> int:
        """How many inputs its towers have: the arguments and the taps."""
        return self.arguments + (len(self.taps) if self.taps else 0)

    def inputs(self, x: Array) -> Tensor:
        """What its towers read, the scaled arguments and then the taps: [n, A] in C units -> float32 [n, width]."""
        scaled = torch.from_numpy(scale_inputs(x, self.domain))
        return (scaled if self.taps is None else torch.cat([scaled, self.taps(torch.from_numpy(x))], dim=1)).float()

    def first(self, rows: int) -> StartTask:
        return replace(self, x=self.x[:rows], y=self.y[:rows])


def make_task(held: HeldOut, taps: Choice | None = "none") -> StartTask:
    """The task of a held-out result, with all its rows for compiling, and which taps of its own graph are read."""
    graph = held.graph.result(held.result)
    alone = replace(held.program, results=(held.program.results[held.result],))
    text = held.program.text.encode()
    return StartTask(
        program=zlib.crc32(text),
        key=zlib.crc32(b"%d" % held.result, zlib.crc32(text)),
        alone=alone,
        graph=graph,
        used=tuple(graph.arguments),
        x=held.x,
        y=held.y[:, held.result],
        taps=find_taps(alone, graph, taps),
    )
