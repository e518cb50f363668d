"""Build a corpus from folders of shards: drop duplicates, keep the splits apart, write the card.

python scripts/data/build.py data/generated data/harvested -o data/corpus
python scripts/data/build.py data/more --extend data/corpus -o data/larger    # the same programs are held out
python scripts/data/build.py data/more --extend data/corpus --test grace bristol -o data/larger    # and two packages
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("folders", nargs="+", type=Path, help="shards of generate.py or harvest.py")
PARSER.add_argument("--generated-share", type=float, metavar="S", help="held out, for each split (0.05)")
PARSER.add_argument("--harvested-share", type=float, metavar="S", help="held out, in whole packages (0.1)")
PARSER.add_argument(
    "--extend", nargs="+", type=Path, default=[], metavar="CORPUS", help="keep its splits, add to what is trained on"
)
PARSER.add_argument("--validation", nargs="+", default=[], metavar="PACKAGE", help="held out beside those of --extend")
PARSER.add_argument("--test", nargs="+", default=[], metavar="PACKAGE", help="likewise")
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> None:
    from cprograms.corpus.build import build
    from cprograms.corpus.splits import DEFAULT, TEST, VALIDATION, Shares
    from cprograms.diagnostics import UsageError

    given = (args.generated_share, args.harvested_share)
    if args.extend and given != (None, None):
        raise UsageError("--extend keeps the splits of its corpus: there is no share to give")
    held = dict.fromkeys(args.validation, VALIDATION) | dict.fromkeys(args.test, TEST)
    if held and not args.extend:
        raise UsageError("packages are held out by name beside those of a corpus: --extend names it")
    if both := {*args.validation} & {*args.test}:
        raise UsageError(f"{', '.join(sorted(both))}: one split or the other")
    defaults = (DEFAULT.generated, DEFAULT.harvested)
    shares = Shares(*(d if g is None else g for g, d in zip(given, defaults, strict=True)))
    statistics = build(args.folders, args.output, shares, bases=args.extend, held=held)
    for outcome, count in sorted(statistics.outcomes.items()):
        print(f"{outcome:12} {count:9}")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
