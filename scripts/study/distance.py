"""How far generated programs are from harvested ones: divergences, a classifier's score, and the shares of traits.

python scripts/study/distance.py data/harvested data/generated --programs 2000 [-o docs/results/distance.md]
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("harvested", type=Path)
PARSER.add_argument("generated", type=Path, nargs="+", help="one or more, a column each")
PARSER.add_argument("--programs", type=int, default=2000, help="drawn from each, at most")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--side", type=int, choices=(0, 1), help="harvested packages of one side only: 1 for figures")
PARSER.add_argument("-o", "--output", type=Path, help="a Markdown file for the tables")


def main(args: Namespace) -> None:
    from training.studies.distance import measure

    text = measure(command_line(), args.harvested, args.generated, args.programs, args.seed, args.side)
    print(text)
    if args.output:
        args.output.write_text(text)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
