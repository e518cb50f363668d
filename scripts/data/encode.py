"""Encode a corpus for training the hypernetwork: a shard of views for each of its shards, resumable.

python scripts/data/encode.py data/corpus -o data/views --num-proc 2
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cprograms.corpus.shards import corpus_paths, make_shards
from cprograms.diagnostics import UsageError
from training.examples.example import EXAMPLE_ROWS
from training.examples.shards import write_examples


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="as build_dataset.py writes it")
    parser.add_argument("--num-proc", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    try:
        paths = corpus_paths([args.corpus])
        settings = {"rows": EXAMPLE_ROWS, **{path.name: path.stat().st_size for path in paths}}
        jobs = {args.output / path.name: (path,) for path in paths}
        report = make_shards(write_examples, jobs, settings, processes=args.num_proc)
    except UsageError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    print(f"{report.made} new shards, {report.present} already there")
    for name, failure in report.failures.items():
        print(f"{name}: {failure}", file=sys.stderr)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
