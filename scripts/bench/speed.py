"""Which functions are faster as surrogates than in C, by how much, and at which width: docs/speed.md.

python scripts/bench/speed.py --out docs/speed.md

Needs gcc. One thread; nanoseconds are the processor's, of the C program and its surrogates in one run.
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from cprograms.files import replace_json
from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="functions to measure; the expensive kernels and the library by default")
PARSER.add_argument("--steps", type=int, default=4, help="of fitting each width, half a second's work (default 4)")
PARSER.add_argument("--cflags", help="flags of the C compiler after -O3, in one word")
PARSER.add_argument("--resume", action="store_true", help="keep what an interrupted run has measured")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="the page; its figures go to results/NAME.json beside it")


def main(args: Namespace) -> None:
    from surrogate.replace.building import compiler
    from training.benchmarks.speed import EXPENSIVE, LIBRARY, Speed, measurable, measure, page
    from training.evaluation.library import versions

    results = args.out.parent / "results" / f"{args.out.stem}.json"
    results.parent.mkdir(exist_ok=True)
    kept = json.loads(results.read_text()) if args.resume and results.exists() else {}
    by = compiler(None, args.cflags)
    document = {
        "command": command_line().removesuffix(" --resume"),
        "compiler": by.name,
        "steps": args.steps,
        "seed": args.seed,
        "versions": versions(),
        "functions": len(list(LIBRARY.glob("*.c"))),
        "expensive": kept.get("expensive", []),
        "library": kept.get("library", []),
    }
    for name, folder in (("expensive", EXPENSIVE), ("library", LIBRARY)):
        there = {d["name"] for d in document[name]}
        for path in measurable(folder, args.names):
            if path.stem not in there:
                found: Speed = measure(path, args.steps, args.seed, by, folder == EXPENSIVE)
                document[name].append(found.as_dict())
                replace_json(results, document)
                print(f"{path.stem}: {found.nanoseconds:.1f} ns; {found.ratio:.3g} times faster", flush=True)
    args.out.write_text(page(document), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
