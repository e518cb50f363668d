"""Time the making of a corpus, as ratios within one run, and compare numpy's rows with the sandbox's.

python scripts/bench/corpus.py [--programs 6000] [--singles 20] [--json]
"""

from __future__ import annotations

import json
from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--programs", type=int, default=6000)
PARSER.add_argument("--singles", type=int, default=20, help="programs that get a module each")
PARSER.add_argument("--seed", type=int, default=10**6)
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.benchmarks.corpus import measure, table

    report = measure(args.programs, args.singles, args.seed)
    print(json.dumps(report, indent=1) if args.json else table(report))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
