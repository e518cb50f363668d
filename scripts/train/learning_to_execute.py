"""Train the grid of learning to execute and write its page, docs/learning_to_execute.md, with its plots and figures.

python scripts/train/learning_to_execute.py training/configs/learning_to_execute_cpu.yaml -o runs/execute

The same command again continues where it was interrupted. With --report nothing is trained: the page is written from
the rounds that are complete.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cprograms.diagnostics import UsageError
from training.learning_to_execute.grid import Plan, read_records, run_plan
from training.learning_to_execute.report import write_report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints and records")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", action="store_true", help="write the page without training")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the page")
    args = parser.parse_args()
    try:
        plan = Plan.read(args.plan, args.seed)
        records = read_records(args.output) if args.report else run_plan(plan, args.output)
        command = f"python scripts/train/learning_to_execute.py {args.plan} -o {args.output.name} --seed {args.seed}"
        write_report(plan, records, args.docs, command, args.seed)
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
