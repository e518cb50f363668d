"""Measure the error of surrogates by the number of arguments, up to 64, on freshly generated programs.

python scripts/study/wide.py --programs 40
"""

from __future__ import annotations

from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--programs", type=int, default=40, help="of each number of arguments (default 40)")
PARSER.add_argument("--arguments", type=int, nargs="+", help="numbers of arguments (default 2 4 8 16 24 32 48 64)")
PARSER.add_argument("--seed", type=int, default=0)


def main(args: Namespace) -> None:
    import torch

    from training.studies.wide import COUNTS, measure, table

    torch.set_num_threads(1)
    print(table(list(measure(args.arguments or COUNTS, programs=args.programs, seed=args.seed))))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
