"""How reading and lowering a program grow with its length, construct by construct, in processor time.

python scripts/bench/scaling.py [--most 3200] [CONSTRUCT ...]
"""

from __future__ import annotations

from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("constructs", nargs="*", metavar="CONSTRUCT", help='such as gotos, or "nested ifs" (default: all)')
PARSER.add_argument("--most", type=int, default=3200, metavar="LINES", help="the longest programs (default 3200)")


def main(args: Namespace) -> None:
    from training.benchmarks.scaling import CONSTRUCTS, report

    for line in report(args.constructs or tuple(CONSTRUCTS), args.most):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
