"""Harvest numeric functions with their rows from C source trees: parquet shards of distinct programs, and a report.

python scripts/data/harvest.py PATH... --outline --num-proc 2 -o data/harvested

A PATH is a directory (a Debian source tree, a checkout) or a tar archive. The same command goes on where it was
interrupted; more PATHs add to what is there.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("paths", type=Path, nargs="+", metavar="PATH")
PARSER.add_argument("--rows", type=int, help="rows a program (256)")
PARSER.add_argument("--outline", action="store_true", help="parts of larger functions as functions of their own, too")
PARSER.add_argument("--parts", type=int, default=0, metavar="N", help="of a larger tree, so many portions (all)")
PARSER.add_argument("--licence-file", metavar="NAME", help="the file in each tree that states its licence")
PARSER.add_argument("--num-proc", type=int, default=1, help="processes on this machine")
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> int:
    from rich.console import Console

    from cprograms.corpus.format import PROGRAM_ROWS
    from cprograms.diagnostics import UsageError
    from cprograms.harvest.harvest import HarvestSettings, harvest

    if args.parts < 0:
        raise UsageError("--parts is 1 or more")
    settings = HarvestSettings(args.rows or PROGRAM_ROWS, args.outline, args.licence_file, args.parts)
    funnel = harvest(args.paths, args.output, settings, processes=args.num_proc)
    Console().print(funnel.rendered())
    for name, reason in funnel.shards.failures.items():
        print(f"{PARSER.prog}: {name} was not made: {reason}", file=sys.stderr)
    return 1 if funnel.shards.failures else 0


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
