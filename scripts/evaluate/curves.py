"""Draw the error of fine-tuning against time, for twelve functions of the library.

python scripts/evaluate/curves.py --out docs/results/curves
"""

from __future__ import annotations

from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("functions", nargs="*", help="of the library; twelve by default")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.svg")


def main(args: Namespace) -> None:
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.evaluation.curves import FUNCTIONS, measure, write

    document = {
        "command": command_line(),
        "seed": args.seed,
        "compiler": load_compiler().sha256,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
        "curves": measure(args.functions or FUNCTIONS, args.seed),
    }
    write(document, args.out)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
