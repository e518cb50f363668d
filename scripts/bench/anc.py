"""How fast the exact target is: its machine, soft and exact, and its compiler.

OMP_NUM_THREADS=1 python scripts/bench/anc.py [batching] [exactness] [growth] [compilation] [execution] [compiled]
"""

from __future__ import annotations

from argparse import Namespace

from training.script import parser_of, run

MEASURES = ("batching", "exactness", "growth", "compilation", "execution")
PARSER = parser_of(__doc__)
PARSER.add_argument(
    "measures",
    nargs="*",
    metavar="MEASURE",
    help=f"of {', '.join(MEASURES)} (default: all of them), and compiled, the soft step under torch.compile",
)
PARSER.add_argument("--device", default="cpu")


def main(args: Namespace) -> None:
    from training.benchmarks.anc import report

    for line in report(args.measures or MEASURES, args.device):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
