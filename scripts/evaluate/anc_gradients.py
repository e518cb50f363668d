"""Draw both gradients of the ANC descent on a published program: how its lines are pulled towards STOP.

python scripts/evaluate/anc_gradients.py --out docs/results/anc_gradients.svg

Prints, for each of the paper's six programs at its published sharpness, the cosine of the two.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("task", nargs="?", default="access", help="one of the paper's six; access by default")
PARSER.add_argument("--sharpness", nargs="+", type=float, default=[2.0, 3.5], help="of the program (default 2 and 3.5)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="an .svg or a .png")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from cprograms.files import replace_file
    from surrogate.anc.adaptation.tasks import TASKS
    from training.evaluation.anc_gradients import both, draw
    from training.plots import image

    if args.task not in TASKS or TASKS[args.task].adaptation is None:
        raise UsageError(f"'{args.task}' is none of the paper's six tasks")
    figure = draw(TASKS[args.task], args.sharpness, args.seed)
    for name, task in TASKS.items():
        if task.adaptation is not None:
            print(f"{name:10} {both(task, task.adaptation.sharpness, args.seed).cosine:.3f}")
    replace_file(args.out, image(figure, args.out.suffix[1:]))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
