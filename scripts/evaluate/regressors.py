"""Compare surrogates with a Gaussian process, boosting, an MLP and the nearest row, all of the same rows.

python scripts/evaluate/regressors.py --data data/corpus --programs 200 --rows 64 --out docs/results/regressors

An interrupted comparison goes on where it was: its shards are kept in --work. Needs the extra "analysis".
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from surrogate.mlp.pretrained import load_compiler


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a corpus")
    parser.add_argument("--split", default="test")
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="+", default=[64], help="executed rows that every system reads")
    parser.add_argument("--seed", type=int, default=0, help="of the executed rows and the regressors")
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    parser.add_argument("--num-proc", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("runs/regressors"), help="folder of the shards")
    parser.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")
    args = parser.parse_args()
    try:
        return run(args)
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2


def run(args: argparse.Namespace) -> int:
    # Here, as it raises UsageError where the extra is missing.
    from training.evaluation.regressor_comparison import ComparisonConfig, compare, markdown, summary

    comparison = ComparisonConfig(args.data, args.programs, tuple(args.rows), args.seed, args.compiler, args.split)
    lines = compare(comparison, args.work, args.num_proc)
    report = {
        "command": f"python {' '.join(sys.argv)}",
        "seed": args.seed,
        "compiler": load_compiler(args.compiler).sha256,
        "versions": {name: version(name) for name in ("surrogate-compiler", "scikit-learn", "torch", "numpy")},
        "rows": summary(lines),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(args.out.with_suffix(".json"), (json.dumps(report, indent=1) + "\n").encode())
    replace_file(args.out.with_suffix(".md"), markdown(report).encode())
    print(markdown(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
