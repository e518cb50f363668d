"""Count how often people write what: the operators, operands and literals that the generator's shares were counted on.

python scripts/study/shares.py data/harvested_wide --programs 4000 [-o docs/results/shares.md]
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("harvested", type=Path, help="a folder of shards of harvested programs")
PARSER.add_argument("--programs", type=int, default=4000, help="drawn from it, at most (default 4000)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--side", type=int, choices=(0, 1), default=0, help="of the packages; the shares are of 0")
PARSER.add_argument("-o", "--output", type=Path, help="a Markdown file for the table")


def main(args: Namespace) -> None:
    from training.studies.shares import measure

    text = measure(command_line(), args.harvested, args.programs, args.seed, args.side)
    print(text, end="")
    if args.output:
        args.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
