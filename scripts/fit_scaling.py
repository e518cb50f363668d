"""Fit how a hypernetwork's validation errors fall with views and width, from the logs of training runs.

python scripts/fit_scaling.py runs/default=128 runs/narrow=64 -o docs/results/scaling.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from training.scaling import points_of, report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN=VIEWS", help="a run's folder and its views a step")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    try:
        points = []
        for run in args.runs:
            folder, _, views = run.rpartition("=")
            if not folder or not views.isdecimal():
                raise UsageError(f"RUN=VIEWS is needed, such as runs/default=128, not {run}")
            points += points_of(Path(folder), int(views))
        found = report(points)
    except UsageError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    replace_file(args.output, (json.dumps(found, indent=1) + "\n").encode())
    for rows, law in found["laws"].items():
        print(
            f"{rows} rows: {law['factor']:.4g} views^-{law['by_views']:.3f} width^-{law['by_width']:.3f};"
            f" after {law['views']} views predicted {law['predicted']:.4f}, measured {law['measured']:.4f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
