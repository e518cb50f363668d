"""Compare what -O2 starts from: nMSE on validation results fine-tuned from the emitted weights, from random ones, or
from those that held-out rows prefer, which is what a compile does.

python scripts/study/finetuning.py --data data/corpus --programs 150
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--programs", type=int, default=150)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")


def main(args: Namespace) -> None:
    from training.studies.finetuning import report

    for line in report(args.data, args.programs, args.compiler):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
