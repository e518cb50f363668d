"""Set harvests of the same trees beside each other: what became of whole functions, as a page.

python scripts/data/funnel.py before=data/harvested_before after=data/harvested --out docs/results/harvest_objects.md
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from training.script import command_line, parser_of, run


def named(text: str) -> tuple[str, Path]:
    """A harvest as NAME=FOLDER."""
    name, separator, folder = text.partition("=")
    if not (name and separator and folder):
        raise ArgumentTypeError(f"'{text}' is not NAME=FOLDER")
    return name, Path(folder)


PARSER = parser_of(__doc__)
PARSER.add_argument("harvests", type=named, nargs="+", metavar="NAME=FOLDER", help="what harvest.py wrote")
PARSER.add_argument("--out", type=Path, help="write the page there, not to stdout")


def main(args: Namespace) -> None:
    from cprograms.harvest.comparison import Saved, page

    text = page([Saved.of(name, folder) for name, folder in args.harvests], command_line())
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
