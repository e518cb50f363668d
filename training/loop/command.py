"""The command line of a training."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from cprograms.diagnostics import UsageError
from training.config import config_of, read_mapping
from training.loop.trainer import Config, Trainer, TrainingError


def command(doc: str, config_type: type[Config], trainer_type: type[Trainer[Config]]) -> int:
    """The command line of a training with one config a file: its exit code."""
    args = training_parser(doc).parse_args()

    def train() -> None:
        config = config_of(config_type, read_mapping(args.config), str(args.config))
        trainer_type(config, args.data, args.output).run()

    return exit_code(train)


def training_parser(doc: str) -> argparse.ArgumentParser:
    """The arguments that every training has; `doc` is its module's."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path, help="YAML, as in training/configs")
    parser.add_argument("--data", type=Path, required=True, help="examples, as scripts/data/encode.py writes them")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for checkpoints and log")
    return parser


def exit_code(train: Callable[[], None]) -> int:
    """Train, say in one line why it did not go on, and return 0, 1, 2 (wrong usage) or 130 (interrupted)."""
    try:
        train()
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    except (TrainingError, OSError) as e:
        print(f"error: {e}\nThe same command goes on from the last checkpoint.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
