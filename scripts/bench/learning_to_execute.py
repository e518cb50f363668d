"""Time training to execute against `torch.nn.LSTM` alone on the same batch shape, and the program generator.

python scripts/bench/learning_to_execute.py [--preset published|cpu] [--json]

Times are processor seconds of this process, so that other work on the machine counts little; the shares of training
that generate programs and that the published way of batching would pad are reported beside.
"""

from __future__ import annotations

import json
from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--preset", choices=("published", "cpu"), default="published")
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from training.benchmarks.learning_to_execute import report

    found = report(args.preset)
    if args.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:40} {value:>14,.3f}" if isinstance(value, float) else f"{name:40} {value:>14}")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
