"""Train the grid of learning to execute and write its page, learning_to_execute.md, with its plots and figures.

python scripts/train/learning_to_execute.py training/configs/learning_to_execute_cpu.yaml -o runs/execute --docs docs

The same command again continues where it was interrupted. With --report nothing is trained: the page is written from
the rounds that are complete. Without --docs the page goes to the folder of the run.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("plan", type=Path)
PARSER.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints and records")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--report", action="store_true", help="write the page without training")
PARSER.add_argument("--docs", type=Path, help="folder of the page; the run's own by default")


def main(args: Namespace) -> None:
    from training.learning_to_execute.grid import Plan, read_records, run_plan
    from training.learning_to_execute.report import write_report

    plan = Plan.read(args.plan, args.seed)
    records = read_records(args.output) if args.report else run_plan(plan, args.output)
    command = f"python scripts/train/learning_to_execute.py {args.plan} -o {args.output.name} --seed {args.seed}"
    write_report(plan, records, args.docs or args.output, command, args.seed)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
