"""Encode a corpus for training the hypernetwork: a shard of examples for each of its shards, resumable.

python scripts/data/encode.py data/corpus -o data/examples --num-proc 2
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("corpus", type=Path, help="as build.py writes it")
PARSER.add_argument("--num-proc", type=int, default=1)
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> int:
    from cprograms.corpus.shards import corpus_paths, make_shards
    from training.examples.example import EXAMPLE_ROWS
    from training.examples.shards import write_examples

    paths = corpus_paths([args.corpus])
    settings = {"rows": EXAMPLE_ROWS, **{path.name: path.stat().st_size for path in paths}}
    jobs = {args.output / path.name: (path,) for path in paths}
    report = make_shards(write_examples, jobs, settings, processes=args.num_proc)
    print(f"{report.made} new shards, {report.present} already there")
    for name, failure in report.failures.items():
        print(f"{name}: {failure}", file=sys.stderr)
    return 1 if report.failures else 0


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
