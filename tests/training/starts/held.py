"""Results of programs, as those that are held out."""

from __future__ import annotations

import numpy as np

import cprograms
from cprograms.lowering import lower
from training.held_out import HeldOut


def held(source: str, result: int = 0, rows: int = 40) -> HeldOut:
    """A result on uniform rows, to compile from and to test on."""
    program = cprograms.load(source=source)
    x = np.random.default_rng(0).uniform(*program.domain.T, (rows, len(program.arguments)))
    y = cprograms.run(program, x)
    return HeldOut(program, result, lower(program), x, y, x, y)
