"""Time the learning of the neural random-access machine: a batch of restarts against one, the search against numpy.

python scripts/bench/neural_ram.py [--task NAME] [--json]

Times are processor seconds of this process, so that other work on the machine counts little; the ratios are of times
taken in turns.
"""

from __future__ import annotations

import json
from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--task", default="reverse", help="whose tapes and sizes (default reverse)")
PARSER.add_argument("--json", action="store_true", help="one JSON document on stdout")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from surrogate.nram.settings import NRAM_TASKS
    from training.benchmarks.neural_ram import report

    if args.task not in NRAM_TASKS:
        raise UsageError(f"unknown task: {args.task}; there are {', '.join(NRAM_TASKS)}")
    found = report(args.task)
    if args.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:34} {value:>14,.2f}")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
