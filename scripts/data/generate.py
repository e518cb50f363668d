"""Generate programs with rows: parquet shards, resumable, byte for byte the same for the same seed.

python scripts/data/generate.py --programs 1000000 --rows 256 --seed 0 -o data/generated --num-proc 2
"""

from __future__ import annotations

import json
import math
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--programs", type=int, required=True, help="programs to try")
PARSER.add_argument("--rows", type=int, help="rows a program (256)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--arguments", type=int, nargs="+", metavar="N", help="of a program, instead of the usual numbers")
PARSER.add_argument("--evaluator", choices=("numpy", "sandbox"), default="numpy", help="what executes the programs")
PARSER.add_argument("--num-proc", type=int, default=1, help="processes on this machine")
PARSER.add_argument("--ray", metavar="ADDRESS", help='shards as Ray tasks: an address, "auto" or "local"')
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> int:
    from cprograms.corpus.format import PROGRAM_ROWS
    from cprograms.corpus.generated import SHARD, first_seed, write_generated_shard
    from cprograms.corpus.shards import make_shards
    from cprograms.generate.distribution import DEFAULT, of_arguments

    grammar = of_arguments(args.arguments) if args.arguments else DEFAULT
    rows = args.rows or PROGRAM_ROWS
    jobs = {
        args.output / f"{i:06d}.parquet": (
            first_seed(args.seed, i),
            min(SHARD, args.programs - i * SHARD),
            rows,
            args.evaluator,
            grammar,
        )
        for i in range(math.ceil(args.programs / SHARD))
    }
    settings = {
        "evaluator": args.evaluator,
        "rows": rows,
        "seed": args.seed,
        "programs of the last shard": (args.programs - 1) % SHARD + 1,
        "version": version("surrogate-compiler"),
        **({"arguments": args.arguments} if args.arguments else {}),
    }
    report = make_shards(write_generated_shard, jobs, settings, processes=args.num_proc, ray_address=args.ray)
    print(json.dumps(report.as_dict(), indent=1))
    return 1 if report.failures else 0


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
