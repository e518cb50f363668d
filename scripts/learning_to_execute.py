"""Train the grid of learning-to-execute and write its page: docs/learning_to_execute.md, plots and figures.

python scripts/learning_to_execute.py training/configs/learning_to_execute_cpu.yaml -o runs/execute

An interrupted command continues where it was; --report writes the page from the rounds that are complete.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cprograms.diagnostics import UsageError
from training.learning_to_execute.grid import Plan, run_plan


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints and records")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    try:
        args.output.mkdir(parents=True, exist_ok=True)
        run_plan(Plan.read(args.plan, args.seed), args.output)
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
