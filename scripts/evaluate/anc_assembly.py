"""Compare the published hand-written programs with what the compiler makes of the same programs in C.

python scripts/evaluate/anc_assembly.py --out docs/anc_quality.md
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import give, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="tasks to compare; all by default")
PARSER.add_argument("--samples", type=int, default=1000, help="tapes of each distribution")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, help="write the table there, not to stdout")
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.evaluation.anc_assembly import document, measure, table

    rows = measure(args.names, args.samples, args.seed)
    give(args, document(rows, args.samples, args.seed), table(rows, args.samples, args.seed))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
