"""Measure how much public C is accepted, and the sandbox and the graph on it beside gcc.

python scripts/evaluate/foreign_c.py --sources SOURCES --out docs/foreign_c.md

SOURCES holds a folder `owner+name` for each repository of training/evaluation/foreign_c/repositories.yaml, checked out
at the commit that it names.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

SETS = ("studied", "held_out")
PARSER = parser_of(__doc__)
PARSER.add_argument("--sources", type=Path, required=True, help="where the repositories are checked out")
PARSER.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
PARSER.add_argument("--rows", type=int, default=200, help="rows of each accepted function; 0 asks for acceptance alone")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--sample", type=int, help="so many files of a set, at random")
PARSER.add_argument("--processes", type=int, default=1)
PARSER.add_argument("--baseline", type=Path, help="another checkout, whose inspection is timed beside this one's")
PARSER.add_argument("--work", type=Path, default=Path("runs/foreign_c"), help="keeps what is known between runs")
PARSER.add_argument("--fresh", action="store_true", help="do everything anew")
PARSER.add_argument("--examples", type=Path, help="a folder for lists of refusals and faults, a file a kind")
PARSER.add_argument("--out", type=Path, help="write the page there, not to stdout")


def main(args: Namespace) -> None:
    from training.evaluation.foreign_c import report
    from training.evaluation.foreign_c.measure import Measurement, sampled
    from training.evaluation.foreign_c.pace import pace
    from training.evaluation.foreign_c.repositories import files_of, read_repositories

    repositories = read_repositories()
    files = {name: files_of(repositories[name], args.sources, args.work) for name in args.sets}
    if args.sample is not None:
        files = {name: sampled(found, args.sample, args.seed) for name, found in files.items()}
    measurement = Measurement(args.rows, args.seed, args.processes, args.work, args.fresh)
    sets = {name: measurement.measure(found) for name, found in files.items()}
    paced = pace([f for found in files.values() for f in found], args.baseline) if args.baseline else None
    if args.examples:
        report.write_examples([file for found in sets.values() for file in found], args.examples)
    text = report.page(sets, command_line(), paced)
    if args.out:
        args.out.write_text(text, encoding="utf-8")
        print(report.summary(sets))
    else:
        print(text, end="")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
