"""What -O2 may start from: the emitted weights, random ones, or those that held-out rows prefer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from surrogate.mlp.finetune import finetune, training_rows
from surrogate.mlp.hypernetwork import Hypernetwork
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.pipeline import LEVEL_ROWS as COMPILE_ROWS
from surrogate.mlp.pipeline import build_network, one_thread
from surrogate.mlp.pretrained import load_compiler
from training.errors import geometric_mean
from training.held_out import HeldOut, evenly_spaced_records, held_out_programs, network_error, scratch_network

LEVEL_ROWS = (8, 16, 64, 256)

Way = Callable[[Hypernetwork, HeldOut, int], SurrogateNetwork]
"""A network from a result's first rows."""


def emitted(model: Hypernetwork, held: HeldOut, rows: int) -> SurrogateNetwork:
    """As -O2, whose start reads as many rows as the hypernetwork was trained to, without the choice of a start."""
    early, network = (compiled(model, held, min(n, COMPILE_ROWS[1]), 1) for n in (training_rows(rows), rows))
    with one_thread():
        finetune(network, held.x[:rows], held.y[:rows], early)
    return network


def compiled(model: Hypernetwork, held: HeldOut, rows: int, opt_level: int) -> SurrogateNetwork:
    return build_network(model, held.program, held.graph, held.x[:rows], held.y[:rows], opt_level)


WAYS: dict[str, Way] = {
    "-O1": lambda model, held, rows: compiled(model, held, rows, 1),
    "from emitted weights": emitted,
    "from random weights": lambda model, held, rows: scratch_network(held, rows),
    "-O2": lambda model, held, rows: compiled(model, held, rows, 2),
}


def report(data: Path, count: int, compiler: str | None) -> Iterator[str]:
    """A line for each number of rows and way, on validation programs."""
    model = load_compiler(compiler).model
    held = held_out_programs([r.program() for r in evenly_spaced_records(data, "validation", count)])
    yield f"{len(held)} results: geometric mean | median of nMSE"
    for rows in LEVEL_ROWS:
        for name, way in WAYS.items():
            errors = np.array([network_error(h, way(model, h, rows)) for h in held])
            yield f"{rows:4} rows, {name:20} {geometric_mean(errors):.5f} | {np.median(errors):.5f}"
