"""Choose the settings of a start shared by all programs on the validation split, and compare it with random starts.

python scripts/train/tune_meta.py training/configs/maml.yaml --data data/views --steps 150 -o runs/tune
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from training.config import config_of, read_mapping
from training.starts.meta import MetaConfig
from training.starts.tuning import Measure, tune


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150, help="of each training")
    parser.add_argument("--views", type=int, default=128, help="of the validation split")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        config = config_of(MetaConfig, read_mapping(args.config), str(args.config))
        short = replace(config, steps=args.steps, checkpoint_every=args.steps)
        measure = Measure.on(args.data, args.views)
        chosen, records = tune(short, args.data, args.output, measure)
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    random = measure.random(config.seed)
    print(f"chosen: {asdict(chosen)}\nrandom starts: {random}")
    report = {"command": " ".join(sys.argv), "chosen": asdict(chosen), "random": random, "trainings": records}
    replace_file(args.output / f"{config.name}.json", (json.dumps(report, indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
