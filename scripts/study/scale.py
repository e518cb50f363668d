"""Measure how far the scale of results is off that -O0 has without running anything, and what that costs.

python scripts/study/scale.py --data data/held_out --out docs/results/scale
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True, help="a corpus with train, validation and test splits")
PARSER.add_argument("--sets", nargs="+", help="names of sets that are measured; all by default")
PARSER.add_argument("--programs", type=int, help="of each set at most so many, the first; all by default")
PARSER.add_argument("--rows", type=int, default=2000, help="fresh rows (default 2000)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.files import replace_file, replace_json
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.studies.scale import document, markdown, measure, sets

    compiler = load_compiler(args.compiler)
    measured = [
        measure(args.compiler, name, programs()[: args.programs], args.rows, args.seed)
        for name, programs in sets(args.data)
        if args.sets is None or name in args.sets
    ]
    found = {
        "command": command_line(),
        "compiler": compiler.sha256,
        "rows": args.rows,
        "seed": args.seed,
        "sets": document(measured),
    }
    replace_json(args.out.with_suffix(".json"), found)
    replace_file(args.out.with_suffix(".md"), markdown(found).encode())


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
