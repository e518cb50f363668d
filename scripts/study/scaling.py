"""Fit how a hypernetwork's validation errors fall with views and width, from the logs of training runs.

python scripts/study/scaling.py runs/default=64x7000,128 -o docs/results/scaling.json

That run saw 64 views a step for 7,000 steps, then 128. With runs of several widths, what is predicted is the widest.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from training.hypernetwork.scaling import Leg, points_of, report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN=LEGS", help="a run's folder and its views a step")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    try:
        points = []
        for run in args.runs:
            folder, equals, legs = run.rpartition("=")
            if not equals:
                raise UsageError(f"RUN=LEGS is needed, such as runs/default=128, not {run!r}")
            points += points_of(Path(folder), [Leg.parse(leg) for leg in legs.split(",")])
        found = report(points)
    except UsageError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    replace_file(args.output, (json.dumps(found, indent=1) + "\n").encode())
    for rows, law in found["laws"].items():
        print(
            f"{rows} rows: {law['factor']:.4g} views^-{law['by_views']:.3f} width^-{law['by_width']:.3f};"
            f" {law['hidden_size']} wide after {law['views']} views predicted {law['predicted']:.4f},"
            f" measured {law['measured']:.4f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
