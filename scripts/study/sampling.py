"""Compare how the executed rows of -O1 are placed: nMSE on validation programs, by method and number of rows.

python scripts/study/sampling.py --data data/corpus --programs 500
"""

from __future__ import annotations

from argparse import Namespace
from itertools import product
from pathlib import Path
from typing import get_args

from training.script import parser_of, run

EXECUTED_ROWS = (16, 64, 128)

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--programs", type=int, default=500)
PARSER.add_argument("--seeds", type=int, default=2)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")


def main(args: Namespace) -> None:
    import numpy as np

    from cprograms.sampling import Method
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.errors import geometric_mean
    from training.evaluation.levels import errors_at
    from training.held_out import evenly_spaced_records, held_out_programs

    model = load_compiler(args.compiler).model
    programs = [r.program() for r in evenly_spaced_records(args.data, "validation", args.programs)]
    print(f"{len(programs)} programs, {args.seeds} seeds: geometric mean | median of nMSE")
    for rows, method in product(EXECUTED_ROWS, get_args(Method)):
        held = (held_out_programs(programs, seed=seed, rows=rows, method=method) for seed in range(args.seeds))
        errors = np.concatenate([errors_at(model, h, 1, rows) for h in held])
        print(f"{rows:4} rows, {method:8} {geometric_mean(errors):.4f} | {np.median(errors):.4f}")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
