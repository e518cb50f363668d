"""Compare numbers of Gauss–Newton steps at -O1: nMSE on validation examples, with 64 uniform rows.

python scripts/study/steps.py --data data/examples --examples 1500
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--examples", type=int, default=1500)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")


def main(args: Namespace) -> None:
    import torch

    from surrogate.mlp.emission.pretrained import load_compiler
    from surrogate.mlp.pipeline import LEVEL_ROWS
    from training.errors import summary
    from training.examples.shards import ExampleStore
    from training.examples.zero_shot import zero_shot_errors

    torch.set_num_threads(1)
    model = load_compiler(args.compiler).model
    examples = ExampleStore(args.data, "validation").evenly_spaced(args.examples)
    for steps in (1, 2, 3, 4, 6, 8):
        model.architecture = replace(model.architecture, gauss_newton_steps=steps)
        figures = summary(zero_shot_errors(model, examples, LEVEL_ROWS[1]))
        print(f"{steps} steps: geometric mean {figures['geo']:.4f}, median {figures['median']:.4f}")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
