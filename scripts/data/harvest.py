"""Harvest numeric functions with their rows from C source trees: parquet shards of distinct programs, and a report.

python scripts/data/harvest.py PATH... --outline --num-proc 2 -o data/harvested

A PATH is a directory (a Debian source tree, a checkout) or a tar archive. The same command goes on where it was
interrupted; more PATHs add to what is there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from cprograms.corpus.format import ROWS
from cprograms.diagnostics import UsageError
from cprograms.harvest.harvest import HarvestSettings, harvest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows a program")
    parser.add_argument(
        "--outline", action="store_true", help="parts of larger functions as functions of their own, too"
    )
    parser.add_argument("--licence-file", metavar="NAME", help="the file in each tree that states its licence")
    parser.add_argument("--num-proc", type=int, default=1, help="processes on this machine")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    settings = HarvestSettings(args.rows, args.outline, args.licence_file)
    try:
        funnel = harvest(args.paths, args.output, settings, processes=args.num_proc)
    except (UsageError, OSError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    Console().print(funnel.rendered())
    for name, reason in funnel.shards.failures.items():
        print(f"{parser.prog}: {name} was not made: {reason}", file=sys.stderr)
    return 1 if funnel.shards.failures else 0


if __name__ == "__main__":
    sys.exit(main())
