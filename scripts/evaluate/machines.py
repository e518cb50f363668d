"""One table of all machines: tasks by what was compiled, adapted, or learned, from the results that are there.

python scripts/evaluate/machines.py --results docs/results
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--results", type=Path, required=True, help="folder of the results, where the table goes too")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from training.evaluation.machines import write

    if not args.results.is_dir():
        raise UsageError(f"{args.results}: there is no such folder")
    write(args.results, command_line())


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
