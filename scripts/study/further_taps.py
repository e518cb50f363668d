"""Compare weights that say other things of taps: errors on validation examples by rows and taps, as a page.

python scripts/study/further_taps.py default runs/taps_harvested/checkpoint/model --data data/examples --out OUT.md
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("compilers", nargs="+", help="directories of hypernetworks, or names of packaged ones")
PARSER.add_argument("--data", type=Path, nargs="+", required=True, help="folders of examples")
PARSER.add_argument("--examples", type=int, default=1000, help="of each folder, at most")
PARSER.add_argument("--out", type=Path, required=True)


def main(args: Namespace) -> None:
    import torch

    from training.studies.further_taps import compare

    torch.set_num_threads(1)
    text = compare(command_line(), args.compilers, args.data, args.examples)
    print(text)
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
