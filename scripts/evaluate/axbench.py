"""Measure surrogates of the seven AxBench kernels at -O1, at -O2 and fine-tuned.

python scripts/evaluate/axbench.py --out docs/results/axbench
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from cprograms.files import replace_json
from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="kernels to measure; all by default")
PARSER.add_argument("--rows", type=int, default=2000, help="fresh rows of each check")
PARSER.add_argument("--seeds", type=int, default=3)
PARSER.add_argument("--steps", type=int, default=60, help="of fine-tuning, half a second's work each")
PARSER.add_argument("--compiler", help="a hypernetwork's directory, or the name of a packaged one")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from training.evaluation.axbench import AXBENCH, markdown, measure_all
    from training.evaluation.library import versions

    paths = [AXBENCH / f"{name}.c" for name in args.names] or sorted(AXBENCH.glob("*.c"))
    kernels, compiler = measure_all(paths, args.rows, args.seeds, args.steps, args.compiler)
    document = {
        "command": command_line(),
        "versions": versions(),
        "compiler": compiler,
        "rows": args.rows,
        "seeds": args.seeds,
        "steps": args.steps,
        "kernels": kernels,
    }
    replace_json(args.out.with_suffix(".json"), document)
    args.out.with_suffix(".md").write_text(markdown(document), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
