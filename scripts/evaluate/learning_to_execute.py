"""Compare the LSTM with surrogates on held-out programs: error, size, time, and the rows that each needs.

python scripts/evaluate/learning_to_execute.py training/configs/learning_to_execute_functions.yaml --data data/corpus \\
    -o runs/functions --results docs/results/learning_to_execute_functions.json

One LSTM is trained on all programs of the corpus's train split, and one on each of the first few held-out programs.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from cprograms.diagnostics import UsageError
from surrogate.mlp.pretrained import load_compiler
from training.config import read_mapping
from training.held_out import evenly_spaced_records, held_out_programs
from training.learning_to_execute import comparison
from training.learning_to_execute.config import ExecuteConfig


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="a corpus: its train and test splits are used")
    parser.add_argument("--train-programs", type=int, default=20_000)
    parser.add_argument("--programs", type=int, default=100, help="held-out programs")
    parser.add_argument("--each", type=int, default=10, help="of these, so many get an LSTM of their own")
    parser.add_argument("--each-blocks", type=int, default=20, help="blocks of training of such an LSTM")
    parser.add_argument("--test-rows", type=int, default=100)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--results", type=Path, required=True, help="the JSON document to write; a page goes beside it")
    args = parser.parse_args()
    try:
        report = {
            "command": f"python {' '.join(sys.argv)}",
            "seed": args.seed,
            "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
            "machine": platform.processor() or platform.machine(),
            **measure(args),
        }
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    args.results.parent.mkdir(parents=True, exist_ok=True)
    args.results.write_text(json.dumps(report, indent=1) + "\n")
    args.results.with_suffix(".md").write_text(comparison.markdown(report))
    return 0


def measure(args: argparse.Namespace) -> dict[str, object]:
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
    sys.exit(main())
