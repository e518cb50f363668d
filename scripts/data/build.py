"""Build a corpus from folders of shards: drop duplicates, keep the splits apart, write the card.

python scripts/data/build.py data/generated data/harvested -o data/corpus
python scripts/data/build.py data/more --extend data/corpus -o data/larger    # the same programs are held out
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cprograms.corpus.build import build
from cprograms.corpus.splits import DEFAULT, Shares
from cprograms.diagnostics import UsageError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, help="shards of generate_dataset.py or harvest_dataset.py")
    parser.add_argument("--generated-share", type=float, default=DEFAULT.generated, help="held out, for each split")
    parser.add_argument("--harvested-share", type=float, default=DEFAULT.harvested, help="held out, in whole packages")
    parser.add_argument("--extend", type=Path, metavar="CORPUS", help="keep its splits, add to what is trained on")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    shares = Shares(args.generated_share, args.harvested_share)
    if args.extend and shares != DEFAULT:
        parser.error("--extend keeps the splits of its corpus: there is no share to give")
    try:
        statistics = build(args.folders, args.output, shares, base=args.extend)
    except (UsageError, OSError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    for outcome, count in sorted(statistics.outcomes.items()):
        print(f"{outcome:12} {count:9}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
