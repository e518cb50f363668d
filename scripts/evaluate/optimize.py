"""Measure how many runs of a C program it takes to find its best input, through a surrogate and by SciPy's methods.

python scripts/evaluate/optimize.py --out docs/results/optimize

What OUT.json has of other problems stays.
"""

from __future__ import annotations

import json
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from cprograms.files import replace_json
from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="problems; all by default")
PARSER.add_argument(
    "--levels", nargs="+", choices=("1", "2", "3", "plain", "graph"), default=["2", "1"], help="of the compile"
)
PARSER.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from training.evaluation.optimisation import measure, report
    from training.evaluation.optimisation.problems import CASES

    levels = [f"-O{level}" if level.isdigit() else level for level in args.levels]
    kept = args.out.with_suffix(".json")
    document = json.loads(kept.read_text()) if kept.exists() else {"problems": []}
    found = {p["name"]: p for p in document["problems"]}
    document = {
        "command": command_line(),
        "seeds": args.seeds,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "scipy")},
    }
    for case in CASES:
        if not args.names or case.name in args.names:
            found[case.name] = measure.measured(case, levels, args.seeds)
            print(report.line(found[case.name]), flush=True)
            document["problems"] = [found[c.name] for c in CASES if c.name in found]
            replace_json(kept, document)
    args.out.with_suffix(".md").write_text(report.markdown(document))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
