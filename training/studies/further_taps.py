"""What weights make of validation examples, by the rows and the taps that they are given: how trainings of taps are
compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.parts.taps import KINDS
from training.errors import geometric_mean
from training.examples.example import Example, with_first_taps
from training.examples.shards import ExampleStore
from training.examples.zero_shot import zero_shot_errors
from training.markdown import table_lines

GIVEN_ROWS = (0, 8, 64)
COMPILE_STEPS = 6
"""Of Gauss–Newton, as the packaged weights run them."""


def gates_alone(example: Example) -> Example:
    """The example with its gates alone, which are the first of its taps."""
    nodes = np.flatnonzero(example.graph.tap_kind == KINDS.index("node"))
    return with_first_taps(example, int(nodes[0])) if len(nodes) else example


def compare(command: str, compilers: Sequence[str], folders: Sequence[Path], count: int) -> str:
    """A page: geometric means of nMSE, the scale given, on at most so many validation examples of each folder."""
    lines = [f"Command: `{command}`.", ""]
    for folder in folders:
        examples = ExampleStore(folder, "validation").evenly_spaced(count)
        read = {
            "no taps": [with_first_taps(e, 0) for e in examples],
            "gates": [gates_alone(e) for e in examples],
            "24 taps": examples,
        }
        heading = ["weights", *(f"{name}, {rows} rows" for rows in GIVEN_ROWS for name in read)]
        rows = [[compiler, *_errors(compiler, read)] for compiler in compilers]
        lines += [f"{folder.name}: {len(examples)} results.", "", *table_lines(heading, rows), ""]
    return "\n".join(lines)


def _errors(compiler: str, read: dict[str, list[Example]]) -> list[str]:
    model = load_compiler(compiler).model
    model.architecture = replace(model.architecture, gauss_newton_steps=COMPILE_STEPS)
    errors = (zero_shot_errors(model, examples, rows) for rows in GIVEN_ROWS for examples in read.values())
    return [f"{geometric_mean(found):.3g}" for found in errors]
