"""Put a training run's weights into the package, with a card that says where they come from and how good they are.

python scripts/train/package_weights.py runs/sixth --config training/configs/packaged.yaml --data data/examples
python scripts/evaluate/protocol.py ...                 # measures the packaged weights
python scripts/train/package_weights.py runs/sixth --config ... --data ... --results OUT.json
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml
from safetensors.numpy import load_file, save

from training.script import parser_of, run

WEIGHTS = Path(__file__).resolve().parents[2] / "surrogate" / "mlp" / "weights"


PARSER = parser_of(__doc__)
PARSER.add_argument("run", type=Path, help="the output folder of training.hypernetwork")
PARSER.add_argument("--config", type=Path, required=True, help="the YAML file that it was trained with")
PARSER.add_argument("--data", type=Path, required=True, help="the examples that it was trained on")
PARSER.add_argument("--steps", type=int, help="Gauss–Newton steps to run, where not those of the training")
PARSER.add_argument("--note", default="", help="what else a reader should know of the run")
PARSER.add_argument("--results", type=Path, help="JSON of scripts/evaluate/protocol.py, for the card")
PARSER.add_argument("--name", default="default")


def main(args: Namespace) -> None:
    checkpoint, package = args.run / "checkpoint", WEIGHTS / args.name
    package.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoint / "model" / "model.safetensors", package / "model.safetensors")
    config = json.loads((checkpoint / "model" / "config.json").read_text())
    config["gauss_newton_steps"] = args.steps or config["gauss_newton_steps"]
    (package / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (package / "README.md").write_text(card(args, checkpoint, package))


def card(args: Namespace, checkpoint: Path, package: Path) -> str:
    progress = yaml.safe_load((checkpoint / "progress.yaml").read_text())
    examples = sum(pq.read_metadata(p).num_rows for p in args.data.glob("train-*.parquet"))
    tensors = load_file(package / "model.safetensors")
    plain = {name: tensor for name, tensor in tensors.items() if not name.startswith("taps.")}
    lines = [
        f"# The `{args.name}` hypernetwork",
        "",
        "Weights of `surrogate.mlp.emission.hypernetwork`.",
        "",
        "| what | |",
        "|---|---|",
        f"| parameters | {sum(t.size for t in tensors.values()):,} |",
        *([without_taps(plain)] if len(plain) < len(tensors) else []),
        f"| data | {examples:,} examples (one result of one program, 192 rows each) |",
        f"| steps | {progress['step']:,} |",
        f"| seconds | {progress['seconds']:,.0f} |",
        f"| machine | {os.cpu_count()} CPU cores, {platform.machine()}, no GPU |",
        f"| config | `{args.config}` |",
        "",
        *([args.note, ""] if args.note else []),
    ]
    if args.results:
        report = json.loads(args.results.read_text())
        everything = report["table"][0]
        lines += [
            f"Held out: {everything['programs']:,} results of generated programs of skeletons never trained on. nMSE:",
            "",
        ]
        lines += ["| level | geometric mean | median |", "|---|---|---|"]
        lines += [
            f"| {level} | {errors['geo']:.4f} | {errors['median']:.4f} |"
            for level, errors in everything.items()
            if isinstance(errors, dict)
        ]
        lines += ["", f"Command: `{report['command']}`, seed {report['seed']}."]
    return "\n".join(lines) + "\n"


def without_taps(plain: dict[str, np.ndarray]) -> str:
    """A row of the card: by which weights figures of plain surrogates were measured."""
    count, content = sum(t.size for t in plain.values()), save(plain, metadata={"format": "pt"})
    return f"| without those that read taps | {count:,}, a file of SHA-256 {hashlib.sha256(content).hexdigest()} |"


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
