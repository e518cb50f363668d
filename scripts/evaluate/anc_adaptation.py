"""Adapt the six programs of the ANC paper to their biased inputs by both methods, and tabulate what came of it.

python scripts/evaluate/anc_adaptation.py --out docs/results/anc_adaptation
python scripts/evaluate/anc_adaptation.py --out docs/results/anc_adaptation --grid swap

The first makes the table, in about an hour on two cores; the second adds a grid of hyper-parameters.

Rows that the JSON file already holds are not run again, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("tasks", nargs="*", help="tasks; all six by default")
METHODS = ("hybrid", "published", "exact", "both")
PARSER.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS[:3], help="all but `both` by default")
PARSER.add_argument("--grid", nargs="*", default=[], help="tasks whose published hyper-parameters are varied")
PARSER.add_argument("--grid-seeds", type=int, default=20)
PARSER.add_argument("--seeds", type=int, default=100)
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from training.evaluation.anc_adaptation import measure_all

    measure_all(args.out, args.tasks, args.methods, args.grid, args.seeds, args.grid_seeds, args.seed)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
