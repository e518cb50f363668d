"""Time the hypernetwork, warm: batches against one program at a time, -O1 emission against the sandbox's compilation.

python scripts/bench/hypernetwork.py [--programs 300] [--json]
"""

from __future__ import annotations

import json
from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--programs", type=int, default=300)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.benchmarks.hypernetwork import measure

    report = measure(args.programs, args.compiler)
    if args.json:
        print(json.dumps(report, indent=2))
        return
    for name, value in report.items():
        print(f"{name:32} {value:10.3f}")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
