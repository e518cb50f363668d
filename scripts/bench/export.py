"""Time exported C beside ONNX Runtime, both on one thread: nanoseconds a row, alone and in batches of 10,000.

OMP_NUM_THREADS=1 python scripts/bench/export.py [--json]
"""

from __future__ import annotations

import json
from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--repeats", type=int, default=15, metavar="N", help="turns to take the best of (default 15)")
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.benchmarks.export import facts, measure, table

    found = measure(args.repeats)
    print(json.dumps(facts(found), indent=2) if args.json else table(found))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
