"""Time the sandbox, in processor time: rows a second against gcc -O2 (where present); compilation, cold, warm, batched.

python scripts/bench/sandbox.py [--json]
"""

from __future__ import annotations

import json
from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.benchmarks.sandbox import measure, table

    report = measure()
    print(json.dumps(report, indent=2) if args.json else table(report))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
