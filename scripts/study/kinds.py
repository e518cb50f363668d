"""Measure the error of -O0 and -O1, with taps and plain, by kinds of programs: loops, selects, remainders and so on.

python scripts/study/kinds.py --data data/held_out --harvested data/harvested_validation --out docs/results/kinds
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", type=Path, required=True, help="a corpus with train, validation and test splits")
PARSER.add_argument("--harvested", type=Path, help="a corpus of further programs for validation")
PARSER.add_argument("--sets", nargs="+", help="names of sets that are measured; all by default")
PARSER.add_argument("--programs", type=int, help="of each set at most so many, the first; all by default")
PARSER.add_argument("--rows", type=int, default=1000, help="fresh rows (default 1000)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.files import replace_file, replace_json
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.studies.kinds import kind_sets, markdown, measure, table

    found = {
        "command": command_line(),
        "compiler": load_compiler(args.compiler).sha256,
        "rows": args.rows,
        "seed": args.seed,
        "sets": {
            name: table(list(measure(args.compiler, programs()[: args.programs], args.rows, args.seed)))
            for name, programs in kind_sets(args.data, args.harvested)
            if args.sets is None or name in args.sets
        },
    }
    replace_json(args.out.with_suffix(".json"), found)
    replace_file(args.out.with_suffix(".md"), markdown(found).encode())


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
