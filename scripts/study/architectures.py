"""Compare architectures of the hypernetwork, each trained from scratch for as many processor seconds.

python scripts/study/architectures.py training/configs/packaged.yaml --stage default --data data/examples \\
    --validation data/examples --out docs/results/architectures

The same command again goes on where it was interrupted.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("config", type=Path, help="of the training whose settings hold where a variant has no other")
PARSER.add_argument("--stage", help="of a config in stages")
PARSER.add_argument("--data", type=Path, required=True, help="a folder of examples to train on")
PARSER.add_argument(
    "--validation", type=Path, nargs="+", required=True, help="folders whose validation split is measured"
)
PARSER.add_argument("--examples", type=int, default=384, help="validation examples of each folder (default 384)")
PARSER.add_argument("--budget", type=float, default=200, help="processor seconds of each training (default 200)")
PARSER.add_argument("--variants", nargs="+", metavar="NAME", help="all by default")
PARSER.add_argument("--work", type=Path, default=Path("runs/architectures"), help="folder of the trainings")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    import torch

    from cprograms.diagnostics import UsageError
    from training.hypernetwork.stages import read_settings
    from training.studies.architectures import VARIANTS, study

    torch.set_num_threads(1)
    known = [v.name for v in VARIANTS]
    names = args.variants or known
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"no variant '{unknown[0]}'; there are {', '.join(known)}")
    settings = read_settings(args.config, args.stage)
    for name in study(
        command_line(), settings, names, args.budget, args.data, args.validation, args.examples, args.out, args.work
    ):
        print(name)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
