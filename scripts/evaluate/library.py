"""Compile every library function at -O0, -O1 and -O2, measure the surrogates on fresh rows, and write the table.

python scripts/evaluate/library.py --out docs/library.md
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import give, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="functions to measure; all by default")
PARSER.add_argument("--rows", type=int, default=2000, help="fresh rows of each check")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--compiler", help="a hypernetwork's directory, or the name of a packaged one")
PARSER.add_argument("--out", type=Path, help="write the table there, not to stdout")
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.evaluation.library import document, measure_all, table

    functions = measure_all(args.names, args.rows, args.seed, args.compiler)
    give(args, document(functions, args.rows, args.seed), table(functions, args.rows, args.seed))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
