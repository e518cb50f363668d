"""What a step of learning a sketch costs, by part; and several restarts in one batch beside one alone.

OMP_NUM_THREADS=1 python scripts/bench/sketch.py --out docs/results/sketch_speed.md
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--family", choices=("add", "apply"), default="add")
PARSER.add_argument("--restarts", type=int, default=8)
PARSER.add_argument("--rounds", type=int, default=15, help="that medians are over (default 15)")
PARSER.add_argument("--out", type=Path, help="where the page goes (default: printed)")


def main(args: Namespace) -> None:
    from cprograms.files import replace_file
    from training.benchmarks.sketch import measure, report
    from training.sketches.grids import FAMILIES

    family = FAMILIES[args.family]
    text = "\n".join(report(family, measure(family, args.restarts, args.rounds), command_line()))
    if args.out is None:
        print(text)
    else:
        replace_file(args.out, text.encode())


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
