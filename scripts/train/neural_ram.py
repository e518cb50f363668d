"""Learn the ten tasks of the neural random-access machine from several seeds, and tabulate what comes out.

python scripts/train/neural_ram.py --out docs/results/neural_ram
python scripts/train/neural_ram.py access increment --seeds 10 --rounds 20 --out docs/results/neural_ram

python scripts/train/neural_ram.py --method search --out docs/results/neural_ram

Seeds below 10 were looked at while the settings were chosen, so they are not measured.
Seeds that the JSON file already holds are not learned again, and a seed that was interrupted goes on where it was.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("tasks", nargs="*", help="tasks; all ten by default")
PARSER.add_argument("--controller", choices=("mlp", "lstm"), default="mlp")
PARSER.add_argument("--method", choices=("descent", "search"), default="descent")
PARSER.add_argument("--cells", type=int, help="of the tapes that are learned from (default: the task's)")
PARSER.add_argument("--seeds", type=int, default=10, help="of each task (default 10)")
PARSER.add_argument("--first", type=int, default=10, metavar="SEED", help="the first of them (default 10)")
PARSER.add_argument("--rounds", type=int, help="the most rounds of restarts for a seed (default: the task's)")
PARSER.add_argument("--out", type=Path, required=True, help="results go to OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.diagnostics import UsageError
    from surrogate.nram.settings import NRAM_TASKS
    from training.neural_ram.experiments import measure_all

    if unknown := set(args.tasks) - NRAM_TASKS.keys():
        raise UsageError(f"unknown tasks: {', '.join(sorted(unknown))}; there are {', '.join(NRAM_TASKS)}")
    if args.seeds < 1 or args.first < 0:
        raise UsageError(f"seeds are counted from 0, and there is at least one: not {args.seeds} from {args.first}")
    if args.method == "search" and args.controller != "mlp":
        raise UsageError("a search finds the circuits of an MLP: --controller is of descent")
    seeds = range(args.first, args.first + args.seeds)
    measure_all(args.out, args.tasks, seeds, args.rounds, args.method, args.controller, args.cells)


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
