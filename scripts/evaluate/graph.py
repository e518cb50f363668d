"""Measure the target graph over the library: how exact it is, whether rows tell its constants, how fast it is.

python scripts/evaluate/graph.py --out docs/results/graph

What OUT.json has of other parts stays: the speed may be measured anew by itself, on a quiet machine.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cprograms.files import replace_json
from training.script import command_line, parser_of, run

PARTS = ("exactness", "constants", "speed")
PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="functions of the library; all by default")
PARSER.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
PARSER.add_argument("--rows", type=int, default=2000, help="fresh rows of each check")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from training.evaluation import graph

    measure: dict[str, Callable[[], list[Any]]] = {
        "exactness": lambda: graph.exactness(args.names, args.rows, args.seed),
        "constants": lambda: graph.constants(args.names, args.rows, args.seed),
        "speed": lambda: graph.speed(args.names, args.seed),
    }
    kept = args.out.with_suffix(".json")
    document = json.loads(kept.read_text()) if kept.exists() else {"commands": {}}
    document |= {
        "seed": args.seed,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
    }
    for part in args.parts:
        document[part] = measure[part]()
        document["commands"][part] = command_line()
    document["commands"] = {part: document["commands"][part] for part in PARTS if part in document["commands"]}
    replace_json(kept, document)
    args.out.with_suffix(".md").write_text(graph.markdown(document))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
