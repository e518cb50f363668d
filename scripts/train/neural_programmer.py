"""Train the Neural Programmer on synthetic tables, without and with gradient noise, and write the table of the runs.

python scripts/train/neural_programmer.py training/configs/neural_programmer.yaml -o runs/programmer \\
    --out docs/results/neural_programmer

The same command again continues where it was interrupted. With --report nothing is trained, and with --only one of the
runs: the table is of what they have come to.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("plan", type=Path)
PARSER.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints, one for each run")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--report", action="store_true", help="write the table without training")
PARSER.add_argument("--only", metavar="RUN", help="train this run alone, as 3-noise, and write no table")
PARSER.add_argument("--out", type=Path, help="the table goes to OUT.json, OUT.md and OUT.svg; by default to the runs")


def main(args: Namespace) -> None:
    import torch

    from training.neural_programmer.report import write_report
    from training.neural_programmer.runs import chosen, read_plan, records_of, train

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    plan = read_plan(args.plan, args.seed)
    if not args.report:
        train(chosen(plan, args.only), args.output)
    if args.only:
        return
    records = records_of(plan, args.output)
    command = f"python scripts/train/neural_programmer.py {args.plan} -o {args.output} --seed {args.seed}"
    write_report(args.out or args.output / "table", plan, records, command)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
