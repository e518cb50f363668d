"""Measure the compiler on held-out generated programs, at each -O level, split by what the programs hold.

python scripts/evaluate_held_out.py --data data/corpus --programs 1000 -o docs/results/held_out
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from rich.progress import track

from surrogate.compilers import load_compiler
from training.held_out import errors_at, held_out_programs, spread_records, table, text_errors_with_scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a corpus; its test split is used")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    parser.add_argument("--seed", type=int, default=0, help="of the executed rows")
    parser.add_argument("-o", "--output", type=Path, required=True, help="writes OUTPUT.json and OUTPUT.md")
    args = parser.parse_args()
    compiler = load_compiler(args.compiler)
    held = held_out_programs(spread_records(args.data, "test", args.programs), seed=args.seed)
    errors = {"-O0, scale given": text_errors_with_scale(compiler.model, held)}
    for level in track(range(3), description="levels"):
        errors[f"-O{level}"] = errors_at(compiler.model, held, level)
    report = {
        "command": f"python {' '.join(sys.argv)}",
        "seed": args.seed,
        "compiler": compiler.sha256,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
        "machine": platform.processor() or platform.machine(),
        "table": table(held, errors),
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    args.output.with_suffix(".md").write_text(markdown(report))
    print(markdown(report))


def markdown(report: dict) -> str:
    columns = [c for c in report["table"][0] if c not in ("class", "programs")]
    lines = [
        "| programs | number | " + " | ".join(f"{c}: geo | median" for c in columns) + " |",
        "|---|---|" + "---|---|" * len(columns),
    ]
    for row in report["table"]:
        cells = [f"{row[c]['geo']:.4f} | {row[c]['median']:.4f}" if row[c] else "– | –" for c in columns]
        lines.append(f"| {row['class']} | {row['programs']} | " + " | ".join(cells) + " |")
    return (
        f"Command: `{report['command']}`, seed {report['seed']}, weights {report['compiler'][:12]}.\n\n"
        + "\n".join(lines)
        + "\n"
    )


if __name__ == "__main__":
    main()
