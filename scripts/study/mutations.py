"""Put each small fault of a fixed list into a copy of the tree and say whether tests catch it.

python scripts/study/mutations.py --out docs/results/mutations.json --num-proc 2

The list is training/studies/mutation_list.py. The same command goes on where it was; remove the file to start afresh.
The exit code is 1 where a mutation survives, and where one is stale: its old text is no longer in its file just once.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--out", type=Path, required=True, help="a JSON file; a page is written beside it")
PARSER.add_argument("--only", action="append", default=[], metavar="NAME", help="a mutation to run; may be repeated")
PARSER.add_argument("--num-proc", type=int, default=1, help="test runs at a time")


def main(args: Namespace) -> int:
    from training.studies.mutations import measure

    return measure(Path(__file__).parents[2], args.only, args.out, args.num_proc)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
