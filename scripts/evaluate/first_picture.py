"""Draw the picture of the README: a slow C function beside its surrogates.

python scripts/evaluate/first_picture.py --out docs/results/pictures/flight.svg
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="an SVG")


def main(args: Namespace) -> None:
    from cprograms.files import replace_file
    from surrogate.demo.session import KERNEL
    from training.evaluation.first_picture import draw
    from training.plots import image

    replace_file(args.out, image(draw(KERNEL, args.seed), "svg"))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
