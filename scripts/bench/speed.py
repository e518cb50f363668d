"""Which functions are faster as surrogates than in C, by how much, and at which width: docs/speed.md.

python scripts/bench/speed.py --out docs/speed.md

Needs gcc. One thread; nanoseconds are the processor's, of the C program and its surrogates in one run.
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="functions to measure; the expensive kernels and the library by default")
PARSER.add_argument("--steps", type=int, default=4, help="of fitting each width, half a second's work (default 4)")
PARSER.add_argument("--cflags", help="flags of the C compiler after -O3, in one word")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="the page; its figures go to results/NAME.json beside it")


def main(args: Namespace) -> None:
    from surrogate.replace.building import compiler
    from training.benchmarks.speed import EXPENSIVE, Speed, measure_all, page
    from training.evaluation.library import versions
    from training.evaluation.suites import LIBRARY

    def told(s: Speed) -> None:
        best = "none is good" if s.best is None else f"{s.best.name} {s.best.nanoseconds:.1f} ns, {s.ratio:.3g} times"
        print(f"{s.name}: {s.nanoseconds:.1f} ns; {best}", flush=True)

    by, measured = compiler(None, args.cflags), []
    for folder in (EXPENSIVE, LIBRARY):
        paths = [p for p in sorted(folder.glob("*.c")) if not args.names or p.stem in args.names]
        measured.append(measure_all(paths, args.steps, args.seed, by, folder == EXPENSIVE, told))
    header = {
        "command": command_line(),
        "compiler": by.name,
        "steps": args.steps,
        "seed": args.seed,
        "versions": versions(),
    }
    args.out.write_text(page(*measured, header), encoding="utf-8")
    results = args.out.parent / "results"
    results.mkdir(exist_ok=True)
    document = header | {
        name: [s.as_dict() for s in found] for name, found in zip(("expensive", "library"), measured, strict=True)
    }
    (results / f"{args.out.stem}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
