"""Compare surrogates with a Gaussian process, boosting, an MLP and the nearest row, all of the same rows.

python scripts/evaluate/regressors.py --data data/corpus --programs 200 --rows 64 --out docs/results/regressors

An interrupted comparison goes on where it was: its shards are kept in --work. Needs the extra "analysis".
"""

from __future__ import annotations

import json
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True, help="a corpus")
PARSER.add_argument("--split", default="test")
PARSER.add_argument("--programs", type=int, default=200)
PARSER.add_argument("--rows", type=int, nargs="+", default=[64], help="executed rows that every system reads")
PARSER.add_argument("--seed", type=int, default=0, help="of the executed rows and the regressors")
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--num-proc", type=int, default=1)
PARSER.add_argument("--work", type=Path, default=Path("runs/regressors"), help="folder of the shards")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.files import replace_file
    from surrogate.mlp.pretrained import load_compiler
    from training.evaluation.regressor_comparison import ComparisonConfig, compare, markdown, summary

    comparison = ComparisonConfig(args.data, args.programs, tuple(args.rows), args.seed, args.compiler, args.split)
    lines = compare(comparison, args.work, args.num_proc)
    report = {
        "command": command_line(),
        "seed": args.seed,
        "compiler": load_compiler(args.compiler).sha256,
        "versions": {name: version(name) for name in ("surrogate-compiler", "scikit-learn", "torch", "numpy")},
        "rows": summary(lines),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(args.out.with_suffix(".json"), (json.dumps(report, indent=1) + "\n").encode())
    replace_file(args.out.with_suffix(".md"), markdown(report).encode())
    print(markdown(report))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
