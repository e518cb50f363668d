"""Compare the LSTM with surrogates on held-out programs: error, size, time, and the rows that each needs.

python scripts/evaluate/learning_to_execute.py training/configs/learning_to_execute_functions.yaml --data data/corpus \\
    -o runs/functions --results docs/results/learning_to_execute_functions.json

One LSTM is trained on all programs of the corpus's train split, and one on each of the first few held-out programs.
"""

from __future__ import annotations

import platform
from argparse import Namespace
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from cprograms.files import replace_json
from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("config", type=Path)
PARSER.add_argument("--data", type=Path, required=True, help="a corpus: its train and test splits are used")
PARSER.add_argument("--train-programs", type=int, default=20_000)
PARSER.add_argument("--programs", type=int, default=100, help="held-out programs")
PARSER.add_argument("--each", type=int, default=10, help="of these, so many get an LSTM of their own")
PARSER.add_argument("--each-blocks", type=int, default=20, help="blocks of training of such an LSTM")
PARSER.add_argument("--test-rows", type=int, default=100)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints")
PARSER.add_argument("--results", type=Path, required=True, help="the JSON document to write; a page goes beside it")


def main(args: Namespace) -> None:
    from training.learning_to_execute import comparison

    report = {
        "command": command_line(),
        "seed": args.seed,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
        "machine": platform.processor() or platform.machine(),
        **measure(args),
    }
    args.results.parent.mkdir(parents=True, exist_ok=True)
    replace_json(args.results, report)
    args.results.with_suffix(".md").write_text(comparison.markdown(report))


def measure(args: Namespace) -> dict[str, object]:
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.config import read_mapping
    from training.held_out import evenly_spaced_records, held_out_programs
    from training.learning_to_execute import comparison
    from training.learning_to_execute.config import ExecuteConfig

    settings = ExecuteConfig.of(read_mapping(args.config) | {"seed": args.seed}, str(args.config))
    functions = comparison.functions_of(evenly_spaced_records(args.data, "train", args.train_programs))
    programs = [r.program() for r in evenly_spaced_records(args.data, "test", args.programs)]
    held = held_out_programs(programs, args.test_rows, args.seed)
    lstm = comparison.trained_lstm(settings, functions, args.output / "all")
    compiler = load_compiler(args.compiler).model
    systems = {
        "compiled surrogate, -O1": comparison.compiled(compiler),
        "compiled surrogate, -O2": comparison.compiled(compiler, 2),
        "surrogate from scratch": comparison.from_scratch(args.seed),
        "nearest row": comparison.nearest,
        "LSTM, all programs": comparison.lstm_of_all(lstm),
    }
    each = comparison.lstm_of_each(replace(settings, blocks=args.each_blocks), args.output / "each")
    return {
        "all": comparison.compare(systems, held),
        "first": comparison.compare(systems | {"LSTM, this program": each}, held[: args.each]),
    }


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
