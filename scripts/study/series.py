"""Measure what polynomials of the text are worth beside the tower, at -O0 and -O1.

python scripts/study/series.py --data data/held_out --out docs/results/series
"""

from __future__ import annotations

from argparse import Namespace

from training.script import run
from training.studies.arguments import sets_parser

PARSER = sets_parser(__doc__)


def main(args: Namespace) -> None:
    from training.studies.series import markdown, measure
    from training.studies.sets import chosen, sets, write

    found = {
        name: measure(args.compiler, programs, args.rows, args.seed) for name, programs in chosen(args, sets(args.data))
    }
    write(args, found, markdown)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
