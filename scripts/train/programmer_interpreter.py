"""Train neural programmer-interpreters on traces of C programs, prove them, run them, and write the table.

python scripts/train/programmer_interpreter.py training/configs/programmer_interpreter.yaml -o runs/npi \
    --results docs/results

The same command again continues where it was interrupted. With --report nothing is trained: the table is of the runs
that have come to their end.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("plan", type=Path)
PARSER.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints and records")
PARSER.add_argument("--seed", type=int, default=0, help="the first seed")
PARSER.add_argument("--report", action="store_true", help="write the table without training")
PARSER.add_argument("--results", type=Path, help="folder of the table; the run's own by default")


def main(args: Namespace) -> None:
    import torch

    from training.programmer_interpreter.experiment import Plan, records_of, run_plan
    from training.programmer_interpreter.report import write_report

    torch.set_num_threads(1)
    plan = Plan.read(args.plan, args.seed)
    records = (records_of if args.report else run_plan)(plan, args.output)
    write_report(plan, records, args.results or args.output, command_line().replace(" --report", ""))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
