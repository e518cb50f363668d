"""Compare surrogates with a Gaussian process, boosting, an MLP and the nearest row, on held-out programs.

python scripts/evaluate/regressors.py --data data/held_out --out docs/results/regressors

An interrupted comparison goes on where it was: what was measured is kept in --work, a folder a system. Systems are
named as in the page, without a first dash: --systems O1 "O2, 64 rows". Needs the extra "analysis".
"""

from __future__ import annotations

from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True, help="a corpus, whose test split is measured")
PARSER.add_argument("--suites", nargs="+", default=["library", "generated", "harvested"])
PARSER.add_argument("--programs", type=int, nargs="+", default=[66, 42, 42], help="of each suite at most, or of all")
PARSER.add_argument("--rows", type=int, nargs="+", default=[64, 1000], help="executed rows that the regressors read")
PARSER.add_argument("--systems", nargs="+", metavar="NAME", help="those to measure; all by default")
PARSER.add_argument("--fresh", nargs="+", default=[], metavar="NAME", help="systems to measure anew")
PARSER.add_argument("--seed", type=int, default=0, help="of the executed rows and the regressors")
PARSER.add_argument("--limit", type=float, help="processor seconds that a regressor may take a result (20)")
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--num-proc", type=int, default=1)
PARSER.add_argument("--work", type=Path, default=Path("runs/regressors"), help="folder of what was measured")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from cprograms.files import replace_file, replace_json
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.evaluation.regressor_comparison import LIMIT, Comparison, chosen_systems, compare
    from training.evaluation.regressor_report import markdown, summary

    programs = args.programs * len(args.suites) if len(args.programs) == 1 else args.programs
    if len(programs) != len(args.suites):
        raise UsageError(f"--programs is one number, or one for each of {len(args.suites)} suites")
    comparison = Comparison(
        args.data,
        tuple(args.suites),
        tuple(programs),
        tuple(args.rows),
        args.seed,
        limit=LIMIT if args.limit is None else args.limit,
        compiler=args.compiler,
    )
    systems = chosen_systems(comparison, args.systems)
    lines = compare(comparison, systems, args.work, args.num_proc, args.fresh)
    report = {
        "command": command_line(),
        "seed": args.seed,
        "compiler": load_compiler(args.compiler).sha256,
        "versions": {name: version(name) for name in ("surrogate-compiler", "scikit-learn", "torch", "numpy")},
        "test_rows": comparison.test_rows,
        "limit": comparison.limit,
        **summary(lines, systems),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    replace_json(args.out.with_suffix(".json"), report)
    replace_file(args.out.with_suffix(".md"), markdown(report).encode())
    print(markdown(report))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
