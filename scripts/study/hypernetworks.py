"""Train briefly with some settings overridden, and say the zero-step geometric means: how settings are compared.

python scripts/study/hypernetworks.py training/configs/continued.yaml --data data/views -o runs/old_floors \
    --set steps=300 learning_rate=0.0003 warmup=20 decay_from=0.0 text_share=0.4 floor=0.03 adapted_floor=0.03
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
import yaml

from cprograms.diagnostics import UsageError
from training.examples.batches import ViewStore
from training.examples.zero_shot import geometric_mean, zero_step_errors
from training.hypernetwork.train import HypernetworkTrainer, TrainingConfig
from training.settings import read_mapping, settings_of

ROWS = (0, 4, 8, 32, 64)
COMPILE_STEPS = 6
"""Of Gauss–Newton, as the packaged weights run them."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--validation", type=Path, nargs="*", default=[], help="further views to validate on")
    parser.add_argument("--views", type=int, default=384, help="validation views of each folder")
    parser.add_argument("--set", nargs="*", default=[], metavar="SETTING=VALUE", dest="settings")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        asked = {name: yaml.safe_load(value) for name, _, value in (s.partition("=") for s in args.settings)}
        config = settings_of(TrainingConfig, read_mapping(args.config) | asked, "settings")
        trainer = HypernetworkTrainer(config, args.data, args.output)
        trainer.run()
        trainer.model.architecture = replace(trainer.model.architecture, gauss_newton_steps=COMPILE_STEPS)
        for folder in (args.data, *args.validation):
            views = ViewStore(folder, "validation").spread(args.views)
            errors = {str(k): zero_step_errors(trainer.model, views, k) for k in ROWS}
            errors["0, predicted scale"] = zero_step_errors(trainer.model, views, 0, scale="predicted")
            geo = {rows: round(geometric_mean(e), 4) for rows, e in errors.items()}
            print(json.dumps({"settings": asked, "validation": str(folder), "seconds": trainer.seconds, "geo": geo}))
    except UsageError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
