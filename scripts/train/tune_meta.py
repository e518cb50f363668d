"""Choose the settings of a start shared by all programs on the validation split, and compare it with random starts.

python scripts/train/tune_meta.py training/configs/maml.yaml --data data/examples --steps 150 -o runs/tune
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, replace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("config", type=Path)
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--steps", type=int, default=150, help="of each training")
PARSER.add_argument("--examples", type=int, default=128, help="of the validation split")
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> None:
    import torch

    from cprograms.files import replace_json
    from training.config import config_of, read_mapping
    from training.starts.meta import MetaConfig
    from training.starts.tuning import Measure, tune

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    config = config_of(MetaConfig, read_mapping(args.config), str(args.config))
    short = replace(config, steps=args.steps, checkpoint_every=args.steps)
    measure = Measure.on(args.data, args.examples)
    chosen, records = tune(short, args.data, args.output, measure)
    random = measure.random(config.seed)
    print(f"chosen: {asdict(chosen)}\nrandom starts: {random}")
    report = {"command": command_line(), "chosen": asdict(chosen), "random": random, "trainings": records}
    replace_json(args.output / f"{config.name}.json", report)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
