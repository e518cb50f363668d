"""The suites that the protocol runs on: results of programs with the rows that the sandbox gives for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

import cprograms
from cprograms.corpus.format import Record
from cprograms.diagnostics import UsageError
from cprograms.program import Program
from surrogate.mlp.parts.taps import Choice
from surrogate.mlp.parts.towers import Towers, outputs
from training.examples.example import ARGUMENTS
from training.finetuning import TowerRows
from training.held_out import HeldOut, evenly_spaced_records, held_out_programs
from training.starts.tasks import StartTask, make_task

LIBRARY = Path(cprograms.__file__).parent / "library"
PARROT = ("fft_twiddle", "inverse_kinematics", "colour_distance", "sobel")
"""The kernels of Esmaeilzadeh et al. 2012 that are numeric functions: fft, inversek2j, kmeans, sobel."""
SUITES = ("parrot", "library", "generated", "harvested")
SPARE = 1.25
"""Rows drawn for each row needed: some do not end well."""


def suite_programs(suite: str, data: Path, count: int, split: str = "test") -> list[Program]:
    """The programs of a suite, `count` at most.

    "generated" and "harvested" are of a split of the corpus `data`. The others are of the library; where another split
    than "test" is asked for, they have the corpus's programs of that split, of both kinds.

    Raises UsageError for another name and for a split without such programs.
    """
    if suite not in SUITES:
        raise UsageError(f"no suite '{suite}'; there are {', '.join(SUITES)}")
    if split == "test" and suite == "parrot":
        return [cprograms.load(LIBRARY / f"{name}.c") for name in PARROT]
    if split == "test" and suite == "library":
        paths = sorted(LIBRARY.glob("*.c"))
        return [cprograms.load(paths[i]) for i in np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)]
    records = evenly_spaced_records(data, split, count, lambda r: _belongs(r, suite))
    if not records:
        raise UsageError(f"the {split} split of {data} holds no {suite} program")
    return [r.program() for r in records]


def _belongs(record: Record, suite: str) -> bool:
    generated = record.origin.kind == "generated"
    return {"generated": generated, "harvested": not generated}.get(suite, True)


@dataclass(frozen=True)
class Suite:
    """Results of programs, each with as many rows as were asked for, by number of inputs.

    `x_test`, y_test are float64 [n, A], [n] a task, in C units.
    """

    tasks: list[StartTask]
    x_test: list[np.ndarray]
    y_test: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.tasks)

    def of(self, keys: set[int]) -> Suite:
        """The tasks of some keys."""
        places = [i for i, t in enumerate(self.tasks) if t.key in keys]
        return Suite(
            [self.tasks[i] for i in places], [self.x_test[i] for i in places], [self.y_test[i] for i in places]
        )

    @cached_property
    def rows(self) -> TowerRows:
        """The rows to compile and fine-tune from: [B, K, Z], [B, K]. Z is 16, or more where a task has more inputs."""
        x = _padded([t.x for t in self.tasks], self.tasks)
        return TowerRows(x, torch.from_numpy(np.stack([t.y for t in self.tasks])))

    @cached_property
    def test(self) -> TowerRows:
        return TowerRows(_padded(self.x_test, self.tasks), torch.from_numpy(np.stack(self.y_test)))

    @property
    def programs(self) -> np.ndarray:
        """The program of each task, as a number."""
        return np.array([t.program for t in self.tasks])


def _padded(x: Sequence[np.ndarray], tasks: Sequence[StartTask]) -> Tensor:
    """What towers read, with zeros for the inputs that a program does not have: [B, K, Z]."""
    width = max([ARGUMENTS, *(t.width for t in tasks)])
    return torch.stack([F.pad(t.inputs(a), (0, width - t.width)) for a, t in zip(x, tasks, strict=True)])


def nmse(towers: Towers, mean: Tensor, std: Tensor, test: TowerRows) -> Tensor:
    """The error [B] of towers whose outputs the moments [B, 1] take to C units, over the variance of the test rows."""
    centre = test.y.mean(1, keepdim=True)
    # In units of the largest deviation: squares of large doubles overflow, those of small ones vanish.
    unit = (test.y - centre).abs().amax(1, keepdim=True)
    error = (outputs(towers, test.x) * (std / unit) + (mean - test.y) / unit).square().mean(1)
    return error / ((test.y - centre) / unit).square().mean(1)


def make_suite(
    held: Sequence[HeldOut], rows: int, test_rows: int, taps: Choice | None = "none"
) -> tuple[Suite, list[HeldOut], list[str]]:
    """The suite of results that have enough rows and vary, all such results, and the names of those left out.

    Those of programs of more arguments than tensors have room for are not in the suite. `taps` are what its towers
    read beside the arguments. Raises UsageError where none is left in it.
    """
    kept, left_out = [], []
    for h in held:
        enough = len(h.x) >= rows and len(h.x_test) >= test_rows
        if enough and np.ptp(h.y_test[:test_rows, h.result]) > 0:
            kept.append(h)
        else:
            left_out.append(f"{h.program.entry}: {h.program.results[h.result].name}")
    kept.sort(key=lambda h: len(h.program.arguments))
    fit = [(make_task(h, taps).first(rows), h) for h in kept if len(h.program.arguments) <= ARGUMENTS]
    if not fit:
        raise UsageError(f"none of {len(held)} results has {rows} + {test_rows} rows that end well and vary")
    fit.sort(key=lambda pair: pair[0].width)
    suite = Suite(
        [task for task, _ in fit],
        [h.x_test[:test_rows] for _, h in fit],
        [h.y_test[:test_rows, h.result] for _, h in fit],
    )
    return suite, kept, left_out


def executed(programs: Sequence[Program], rows: int, test_rows: int, seed: int) -> list[HeldOut]:
    """Run programs on `rows` Sobol' rows, whose first n are the rows of size n, and on uniform ones; more are drawn."""
    return held_out_programs(programs, round(SPARE * test_rows), seed, round(SPARE * rows))
