"""How fast the exact target's machine is, as ratios within one run.

python scripts/bench/anc.py [--compile]
"""

from __future__ import annotations

from argparse import Namespace

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--compile", action="store_true", help="also measure the step under torch.compile")
PARSER.add_argument("--device", default="cpu")


def main(args: Namespace) -> None:
    from training.benchmarks.anc import report

    for line in report(args.device, args.compile):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
