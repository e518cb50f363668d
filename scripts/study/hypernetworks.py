"""Train briefly with some settings overridden, and say the zero-shot geometric means: how settings are compared.

python scripts/study/hypernetworks.py training/configs/packaged.yaml --stage continued --data data/examples \
    -o runs/old_floors \
    --set steps=300 learning_rate=0.0003 warmup=20 decay_from=0.0 text_share=0.4 floor=0.03 adapted_floor=0.03
"""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import yaml

from training.script import parser_of, run

EXECUTED_ROWS = (0, 4, 8, 32, 64)
COMPILE_STEPS = 6
"""Of Gauss–Newton, as the packaged weights run them."""

PARSER = parser_of(__doc__)
PARSER.add_argument("config", type=Path)
PARSER.add_argument("--stage", help="of a config in stages")
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--validation", type=Path, nargs="*", default=[], help="further examples to validate on")
PARSER.add_argument("--examples", type=int, default=384, help="validation examples of each folder")
PARSER.add_argument("--set", nargs="*", default=[], metavar="SETTING=VALUE", dest="settings")
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> None:
    import torch

    from training.config import config_of
    from training.errors import geometric_mean
    from training.examples.shards import ExampleStore
    from training.examples.zero_shot import zero_shot_errors
    from training.hypernetwork.stages import read_settings
    from training.hypernetwork.train import HypernetworkTrainer, TrainingConfig

    torch.set_num_threads(1)
    asked = {name: yaml.safe_load(value) for name, _, value in (s.partition("=") for s in args.settings)}
    config = config_of(TrainingConfig, read_settings(args.config, args.stage) | asked, "settings")
    trainer = HypernetworkTrainer(config, args.data, args.output)
    trainer.run()
    trainer.model.architecture = replace(trainer.model.architecture, gauss_newton_steps=COMPILE_STEPS)
    for folder in (args.data, *args.validation):
        examples = ExampleStore(folder, "validation").evenly_spaced(args.examples)
        errors = {str(k): zero_shot_errors(trainer.model, examples, k) for k in EXECUTED_ROWS}
        errors["0, predicted scale"] = zero_shot_errors(trainer.model, examples, 0, scale="predicted")
        geo = {rows: round(geometric_mean(e), 4) for rows, e in errors.items()}
        print(json.dumps({"settings": asked, "validation": str(folder), "seconds": trainer.seconds, "geo": geo}))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
