"""Frames as numbers: the names of what steps do, and the tensors that a network is trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from cprograms.tape.traces import END, MOVE, WRITE, Action, Frame, Observation, TracedProgram, trace
from training.programmer_interpreter.config import InterpreterConfig
from training.programmer_interpreter.tasks import TASKS, traced


@dataclass(frozen=True)
class Codes:
    """What a network's numbers stand for: `pointers`, `values`, and the arguments that each program takes, by name.

    `WRITE` and `MOVE` come first. A program's number is its place.
    """

    pointers: int
    values: int
    programs: dict[str, int]

    @classmethod
    def of(cls, program: TracedProgram) -> Codes:
        return cls(program.pointers, program.values, {WRITE: 2, MOVE: 2} | program.subprograms)

    @cached_property
    def names(self) -> list[str]:
        return list(self.programs)

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.programs)}

    @property
    def most_arguments(self) -> int:
        return max(self.programs.values())

    def arguments(self, action: Action) -> list[int]:
        """The arguments of an action, -1 for each that it does not have."""
        return [*action.arguments, *[-1] * (self.most_arguments - len(action.arguments))]


@dataclass(frozen=True)
class Batch:
    """B frames of up to T steps. Where there is no program or argument, or no step, -1 stands.

    What is done in a step: `called` [B, T], the number of a program or -1 where the frame ends, and `given` [B, T, A].
    """

    program: Tensor  # int64 [B], whose frames they are
    arguments: Tensor  # int64 [B, A]
    seen: Tensor  # int64 [B, T, P]
    called: Tensor  # int64 [B, T]
    given: Tensor  # int64 [B, T, A]
    steps: Tensor  # bool [B, T], False behind a frame's end


Key = tuple[str, tuple[int, ...], tuple[tuple[Observation, Action], ...]]


@dataclass(frozen=True)
class FrameSet:
    """The frames of many traces: each different one once, and how often it occurs."""

    codes: Codes
    counts: Counter[Key] = field(repr=False)

    @cached_property
    def _batch(self) -> Batch:
        keys = list(self.counts)
        most = max(len(steps) for _, _, steps in keys)
        size, arguments = len(keys), self.codes.most_arguments
        seen = np.full((size, most, self.codes.pointers), 0)
        called, given = np.full((size, most), -1), np.full((size, most, arguments), -1)
        own = np.array([self.codes.arguments(Action(name, values)) for name, values, _ in keys]).reshape(size, -1)
        for k, (_, _, steps) in enumerate(keys):
            for t, (observation, action) in enumerate(steps):
                seen[k, t] = observation
                if action.name != END:
                    called[k, t] = self.codes.numbers[action.name]
                    given[k, t] = self.codes.arguments(action)
        lengths = np.array([len(steps) for _, _, steps in keys])
        program = np.array([self.codes.numbers[name] for name, _, _ in keys])
        real = np.arange(most) < lengths[:, None]
        return Batch(*(torch.from_numpy(a) for a in (program, own, seen, called, given, real)))

    @cached_property
    def _chances(self) -> np.ndarray:
        """That a drawn frame is this one: programs alike; one half as often as frames occur, one half each alike."""
        program = self._batch.program.numpy()
        chances = np.zeros(len(program))
        for weights in (np.array(list(self.counts.values())), np.ones(len(program))):
            totals = np.bincount(program, weights)
            chances += weights / totals[program] / np.count_nonzero(totals) / 2
        return chances

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        """A batch, cut to its longest frame."""
        return self.of(rng.choice(len(self.counts), size, p=self._chances))

    def of(self, which: np.ndarray | slice) -> Batch:
        """A batch of some frames."""
        b = self._batch
        chosen = b.steps[which]
        longest = int(chosen.sum(1).max())
        parts = (b.seen, b.called, b.given, b.steps)
        return Batch(b.program[which], b.arguments[which], *(part[which][:, :longest] for part in parts))

    def __len__(self) -> int:
        return len(self.counts)


def traced_frames(config: InterpreterConfig, codes: Codes, programs: Sequence[str] = ()) -> FrameSet:
    """The frames of about so many runs of a task's C program, on problems of the sizes that are trained on alike.

    With `programs`, those of the named ones.
    """
    counts: Counter[Key] = Counter()
    for frame in _frames(config):
        if not programs or frame.name in programs:
            counts[frame.name, frame.arguments, tuple((s.seen, s.action) for s in frame.steps)] += 1
    return FrameSet(codes, counts)


def _frames(config: InterpreterConfig) -> Iterable[Frame]:
    rng, program = np.random.default_rng(config.seed), traced(config.task, config.version)
    share = -(-config.traces // len(config.sizes))
    for size in config.sizes:
        for tape in TASKS[config.task].draw(rng, share, size).tapes:
            yield from trace(program, tape.tolist()).frames
