"""Measure surrogates against other starts: the protocol of docs/evaluation.md on one suite.

python scripts/evaluate/protocol.py --suite generated --data data/corpus --baselines runs/baselines --out docs/results/generated

Writes OUT.json, OUT.md and plots. Interrupted, the same command goes on where it was. Without sizes (`--sizes` alone),
only the compiler's own levels are measured.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cprograms.diagnostics import ProgramError, UsageError
from training.evaluation.protocol import SIZES, ProtocolConfig
from training.evaluation.protocol_run import evaluate
from training.evaluation.suites import SUITES
from training.finetuning import OPTIMISERS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", required=True, help=", ".join(SUITES))
    parser.add_argument("--out", type=Path, required=True, help="writes OUT.json, OUT.md, OUT_*.png and OUT_*.svg")
    parser.add_argument("--data", default="data/corpus", help="a corpus; its test and validation splits are used")
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--validation", type=int, default=32, help="programs that optimisers are chosen on")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="rows to fine-tune on")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--methods", nargs="+", help="starts to measure; all that can be had by default")
    parser.add_argument("--optimisers", nargs="+", default=OPTIMISERS, help="to choose from; all by default")
    parser.add_argument("--baselines", help="folder of learned starts (*.safetensors) and rows_only/")
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    parser.add_argument("--work", type=Path, default=Path("runs/evaluation"), help="folder of figures already measured")
    parser.add_argument("--num-proc", type=int, default=1)
    args = parser.parse_args()
    try:
        settings = ProtocolConfig(
            suite=args.suite,
            data=args.data,
            programs=args.programs,
            validation=args.validation,
            sizes=tuple(sorted(set(args.sizes))),
            seeds=args.seeds,
            seed=args.seed,
            compiler=args.compiler,
            baselines=args.baselines,
            optimisers=tuple(args.optimisers),
        )
        command = f"python {' '.join(sys.argv)}"
        print(evaluate(settings, args.methods, args.out, args.work, args.num_proc, command))
    except (UsageError, ProgramError) as e:
        print(e if isinstance(e, ProgramError) else f"error: {e}", file=sys.stderr)
        return 1 if isinstance(e, ProgramError) else 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where it was", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
