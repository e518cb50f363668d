"""Compare what -O2 starts from: nMSE on validation results fine-tuned from the emitted weights, from random ones, or
from those that held-out rows prefer, which is what a compile does.

python scripts/study/finetuning.py --data data/corpus --programs 150
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from surrogate.mlp.finetune import finetune, training_rows
from surrogate.mlp.hypernetwork import Hypernetwork
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.pipeline import ROWS as COMPILE_ROWS
from surrogate.mlp.pipeline import build_network, one_thread
from surrogate.mlp.pretrained import load_compiler
from training.errors import geometric_mean
from training.held_out import HeldOut, evenly_spaced_records, held_out_programs, network_error, scratch_network

ROWS = (8, 16, 64, 256)

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--programs", type=int, default=150)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    args = parser.parse_args()
    model = load_compiler(args.compiler).model
    programs = [r.program() for r in evenly_spaced_records(args.data, "validation", args.programs)]
    held = held_out_programs(programs)
    print(f"{len(held)} results: geometric mean | median of nMSE")
    for rows in ROWS:
        for name, way in WAYS.items():
            errors = np.array([network_error(h, way(model, h, rows)) for h in held])
            print(f"{rows:4} rows, {name:20} {geometric_mean(errors):.5f} | {np.median(errors):.5f}", flush=True)


if __name__ == "__main__":
    main()
