"""Fit the constants of five physical models to noisy rows, beside scipy's least squares on the C program.

python scripts/evaluate/calibration.py --out docs/results/calibration
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--rows", type=int, default=20000, help="rows of each model (default 20000)")
PARSER.add_argument("--noise", type=float, default=0.02, help="of the results' deviation (default 0.02)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from training.sketches.calibration import measure_all

    for found in measure_all(args.out, args.rows, args.noise, args.seed):
        print(found)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
