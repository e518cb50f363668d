"""Compare numbers of Gauss–Newton steps at -O1: nMSE on validation views, with 64 uniform rows.

python scripts/study/steps.py --data data/views --views 1500
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from surrogate.mlp.pipeline import ROWS
from surrogate.mlp.pretrained import load_compiler
from training.examples.batches import ViewStore
from training.examples.zero_shot import summary, zero_step_errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--views", type=int, default=1500)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_compiler(args.compiler).model
    store = ViewStore(args.data, "validation")
    views = store.spread(args.views)
    for steps in (1, 2, 3, 4, 6, 8):
        model.architecture = replace(model.architecture, gauss_newton_steps=steps)
        figures = summary(zero_step_errors(model, views, ROWS[1]))
        print(f"{steps} steps: geometric mean {figures['geo']:.4f}, median {figures['median']:.4f}")


if __name__ == "__main__":
    main()
