"""How much faster the protocol's batches are than one program at a time, on a part of a suite, in one run.

python scripts/bench/evaluation.py --data data/corpus --programs 200 --alone 4

Both sides do the same: execution of the rows; then, for each size, the starts "random" and "text + rows", fine-tuned
with the same steps, checkpoints and rows. One at a time, a program is executed by a module of its own, started by
itself, and fine-tuned by torch's modules, autograd and optimiser (Adam), or by the same steps on one tower
(Levenberg–Marquardt).
Figures are of the processor, one core.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--programs", type=int, default=200, help="in batches")
PARSER.add_argument("--alone", type=int, default=4, help="of these, so many one at a time")
PARSER.add_argument("--sizes", type=int, nargs="+", help="rows to fine-tune on; the protocol's by default")
PARSER.add_argument("--compiler", help="as of `surrogate compile`")


def main(args: Namespace) -> None:
    from training.benchmarks.evaluation import measure

    measure(args.data, args.programs, args.alone, args.sizes, args.compiler)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
