"""Measure surrogates against other starts: the protocol of docs/evaluation.md on one suite.

python scripts/evaluate/protocol.py --suite generated --data data/corpus --baselines runs/baselines \\
    --out docs/results/generated_protocol

Writes OUT.json, OUT.md and plots. Interrupted, the same command goes on where it was. Without sizes (`--sizes` alone),
only the compiler's own levels are measured.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--suite", required=True, help="generated, harvested, library or parrot")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json, OUT.md, OUT_*.png and OUT_*.svg")
PARSER.add_argument("--data", default="data/corpus", help="a corpus; its test and validation splits are used")
PARSER.add_argument("--validation-data", help="a corpus whose validation split is used instead")
PARSER.add_argument("--programs", type=int, default=200)
PARSER.add_argument("--validation", type=int, default=32, help="programs that optimisers are chosen on")
PARSER.add_argument("--sizes", type=int, nargs="*", help="rows to fine-tune on; the protocol's by default")
PARSER.add_argument("--seeds", type=int, default=3)
PARSER.add_argument("--seed", type=int, default=0, help="the first of them")
PARSER.add_argument("--methods", nargs="+", help="starts to measure; all that can be had by default")
PARSER.add_argument("--taps", action="store_true", help="every tower reads its program's taps beside the arguments")
PARSER.add_argument("--optimisers", nargs="+", help="to choose from; all by default")
PARSER.add_argument("--baselines", help="folder of learned starts (*.safetensors) and rows_only/")
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--work", type=Path, default=Path("runs/evaluation"), help="folder of figures already measured")
PARSER.add_argument("--num-proc", type=int, default=1)


def main(args: Namespace) -> None:
    from training.evaluation.protocol import SIZES, ProtocolConfig
    from training.evaluation.protocol_run import evaluate
    from training.finetuning import OPTIMISERS

    settings = ProtocolConfig(
        suite=args.suite,
        data=args.data,
        programs=args.programs,
        validation=args.validation,
        sizes=tuple(sorted(set(SIZES if args.sizes is None else args.sizes))),
        seeds=args.seeds,
        seed=args.seed,
        compiler=args.compiler,
        baselines=args.baselines,
        optimisers=tuple(args.optimisers or OPTIMISERS),
        taps=args.taps,
        validation_data=args.validation_data,
    )
    print(evaluate(settings, args.methods, args.out, args.work, args.num_proc, command_line()))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
