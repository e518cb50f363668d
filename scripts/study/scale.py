"""Measure how far the scale of results is off that -O0 has without running anything, and what that costs.

python scripts/study/scale.py --data data/held_out --out docs/results/scale
"""

from __future__ import annotations

from argparse import Namespace

from training.script import run
from training.studies.arguments import sets_parser

PARSER = sets_parser(__doc__, rows=2000)


def main(args: Namespace) -> None:
    from training.studies.scale import document, markdown, measure
    from training.studies.sets import chosen, sets, write

    measured = [
        measure(args.compiler, name, programs, args.rows, args.seed) for name, programs in chosen(args, sets(args.data))
    ]
    write(args, document(measured), markdown)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
