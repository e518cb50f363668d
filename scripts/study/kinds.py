"""Measure the error of -O0 and -O1, with taps and plain, by kinds of programs: loops, selects, remainders and so on.

python scripts/study/kinds.py --data data/held_out --harvested data/harvested_validation --out docs/results/kinds
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import run
from training.studies.arguments import sets_parser

PARSER = sets_parser(__doc__)
PARSER.add_argument("--harvested", type=Path, help="a corpus of further programs for validation")


def main(args: Namespace) -> None:
    from training.studies.kinds import kind_sets, markdown, measure, table
    from training.studies.sets import chosen, write

    found = {
        name: table(list(measure(args.compiler, programs, args.rows, args.seed)))
        for name, programs in chosen(args, kind_sets(args.data, args.harvested))
    }
    write(args, found, markdown)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
