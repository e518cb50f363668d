"""The arguments of studies that measure compiles on sets of programs. Nothing heavy is imported here."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from training.script import parser_of


def sets_parser(doc: str | None, rows: int = 1000) -> ArgumentParser:
    """A parser of all that such a study needs; `rows` is the default number of fresh rows."""
    parser = parser_of(doc)
    parser.add_argument("--data", type=Path, required=True, help="a corpus with train, validation and test splits")
    parser.add_argument("--sets", nargs="+", help="names of sets that are measured; all by default")
    parser.add_argument("--programs", type=int, help="of each set at most so many, the first; all by default")
    parser.add_argument("--rows", type=int, default=rows, help=f"fresh rows (default {rows})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    parser.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")
    return parser
