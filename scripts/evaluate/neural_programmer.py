"""Ask a trained Neural Programmer about a table, a CSV file of integers: its program, and what that answers.

python scripts/evaluate/neural_programmer.py runs/programmer/3-noise goods.csv "sum price where age greater 7"

The answer is that of the program's C in the sandbox. The exit code is 1 where the program is not what was asked.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("run", type=Path, help="a folder that scripts/train/neural_programmer.py made")
PARSER.add_argument("table", type=Path)
PARSER.add_argument("question")
PARSER.add_argument("--c", action="store_true", help="print the program as C as well")


def main(args: Namespace) -> int:
    from training.neural_programmer.asking import best_restart, read_question, read_table
    from training.neural_programmer.measure import sandboxed

    table = read_table(args.table)
    batch = read_question(args.question, table)
    [[program]] = best_restart(args.run).programs(batch.asked)
    print(program.text)
    print(f"  steps   {', '.join(step.text for step in program.steps)}")
    [answer] = sandboxed([program], [table])
    print(f"  answer  {' '.join(map(str, answer[1:] if program.printed else answer)) or 'no cells'}")
    if args.c:
        print(program.c(table))
    if program.text != (asked := batch.question(0).text):
        print(f"the program is wrong: the question asks {asked}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
