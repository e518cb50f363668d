"""Generate programs with rows: parquet shards, resumable, byte for byte the same for the same seed.

python scripts/data/generate.py --programs 1000000 --rows 256 --seed 0 -o data/generated --num-proc 2
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from cprograms.corpus.format import ROWS
from cprograms.corpus.generated import SHARD, first_seed, write_generated_shard
from cprograms.corpus.rows import Evaluator
from cprograms.corpus.shards import make_shards
from cprograms.diagnostics import UsageError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, required=True, help=f"programs to try, {SHARD} a shard")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows a program")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluator", choices=get_args(Evaluator), default="numpy", help="what executes the programs")
    parser.add_argument("--num-proc", type=int, default=1, help="processes on this machine")
    parser.add_argument("--ray", metavar="ADDRESS", help='shards as Ray tasks: an address, "auto" or "local"')
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    how = (args.rows, args.evaluator)
    jobs = {
        args.output / f"{i:06d}.parquet": (first_seed(args.seed, i), min(SHARD, args.programs - i * SHARD), *how)
        for i in range(math.ceil(args.programs / SHARD))
    }
    settings = {
        "evaluator": args.evaluator,
        "rows": args.rows,
        "seed": args.seed,
        "programs of the last shard": (args.programs - 1) % SHARD + 1,
        "version": version("surrogate-compiler"),
    }
    try:
        report = make_shards(write_generated_shard, jobs, settings, processes=args.num_proc, ray_address=args.ray)
    except UsageError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report.as_dict(), indent=1))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
