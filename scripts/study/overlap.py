"""Name the results of the library whose dataflow graph, constants masked, is that of an example that was trained on.

python scripts/study/overlap.py data/examples
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("examples", type=Path, nargs="+", help="folders of encoded examples")


def main(args: Namespace) -> None:
    from training.studies.overlap import report

    print(report(args.examples))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
