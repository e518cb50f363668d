"""Measure programs on the exact target that others show compiled into networks.

python scripts/bench/exact_targets.py --out docs/results/exact_targets.md
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--seed", type=int, default=0, help="of the costs of the matching")
PARSER.add_argument("--out", type=Path, required=True)


def main(args: Namespace) -> None:
    import torch

    from cprograms.files import replace_file
    from training.benchmarks.exact_targets.measure import measure, page
    from training.benchmarks.exact_targets.programs import shown

    torch.set_num_threads(1)
    text = page([measure(program) for program in shown(args.seed)], command_line())
    replace_file(args.out, text.encode())
    print(text, end="")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
