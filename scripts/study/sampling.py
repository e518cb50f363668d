"""Compare how the executed rows of -O1 are placed: nMSE on validation programs, by method and number of rows.

python scripts/study/sampling.py --data data/corpus --programs 500
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import numpy as np

from cprograms.sampling import Method
from surrogate.mlp.pretrained import load_compiler
from training.errors import geometric_mean
from training.evaluation.levels import errors_at
from training.held_out import evenly_spaced_records, held_out_programs

ROWS = (16, 64, 128)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    args = parser.parse_args()
    model = load_compiler(args.compiler).model
    programs = [r.program() for r in evenly_spaced_records(args.data, "validation", args.programs)]
    print(f"{len(programs)} programs, {args.seeds} seeds: geometric mean | median of nMSE")
    for rows in ROWS:
        for method in get_args(Method):
            errors = np.concatenate(
                [
                    errors_at(model, held_out_programs(programs, seed=seed, rows=rows, method=method), 1, rows)
                    for seed in range(args.seeds)
                ]
            )
            print(f"{rows:4} rows, {method:8} {geometric_mean(errors):.4f} | {np.median(errors):.4f}")


if __name__ == "__main__":
    main()
