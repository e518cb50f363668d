"""Fit how a hypernetwork's validation errors fall with examples and width, from the logs of training runs.

python scripts/study/scaling.py runs/default=64x7000,128 -o docs/results/scaling.json

That run saw 64 examples a step for 7,000 steps, then 128. With runs of several widths, what is predicted is the widest.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("runs", nargs="+", metavar="RUN=LEGS", help="a run's folder and its examples a step")
PARSER.add_argument("-o", "--output", type=Path, required=True)


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from cprograms.files import replace_json
    from training.hypernetwork.scaling import Leg, points_of, report

    points = []
    for run_of_legs in args.runs:
        folder, equals, legs = run_of_legs.rpartition("=")
        if not equals:
            raise UsageError(f"RUN=LEGS is needed, such as runs/default=128, not {run_of_legs!r}")
        points += points_of(Path(folder), [Leg.parse(leg) for leg in legs.split(",")])
    found = report(points)
    replace_json(args.output, found)
    for rows, law in found["laws"].items():
        print(
            f"{rows} rows: {law['factor']:.4g} examples^-{law['by_views']:.3f} width^-{law['by_width']:.3f};"
            f" {law['hidden_size']} wide after {law['views']} examples predicted {law['predicted']:.4f},"
            f" measured {law['measured']:.4f}"
        )


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
