"""Measure emitted towers with taps beside plain ones, at -O0 and -O1, from no taps to 24.

python scripts/evaluate/taps.py --data data/held_out --out docs/results/taps
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--suites", nargs="+", default=["generated", "harvested", "library"])
PARSER.add_argument("--data", type=Path, required=True, help="the corpus whose test split is measured")
PARSER.add_argument("--programs", type=int, default=1000, help="at most so many of each suite (default 1000)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--compiler", help="a hypernetwork's directory, or the name of a packaged one")
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json and OUT.md")


def main(args: Namespace) -> None:
    import torch

    from training.evaluation.taps import measure_all

    torch.set_num_threads(1)
    print(measure_all(args.out, args.suites, args.data, args.programs, args.seed, args.compiler))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
