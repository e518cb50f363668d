"""Run three whole programs with a surrogate in the place of one function, and compare them with the originals.

python scripts/evaluate/replace.py --out docs/results/replace

The programs run natively, one thread each. Needs a C compiler (gcc, else that of ziglang) and the extra "analysis".
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from cprograms.files import replace_json
from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="programs to run; all three by default")
PARSER.add_argument("--runs", type=int, default=7, help="of each program (default 7)")
PARSER.add_argument("--cflags", help="flags of the C compiler after -O3, in one word")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json, OUT.md and OUT_PROGRAM.png")


def main(args: Namespace) -> None:
    from surrogate.replace.building import compiler
    from training.evaluation.library import versions
    from training.evaluation.replace import APPLICATIONS, facts, measure, page, side_by_side

    by, rows = compiler(None, args.cflags), []
    for application in APPLICATIONS:
        if args.names and application.name not in args.names:
            continue
        found = measure(application, by, args.runs, args.seed)
        rows.append(facts(application, found, by))
        if (picture := side_by_side(found)) is not None:
            name = f"{args.out.name}_{application.name}.png"
            args.out.with_name(name).write_bytes(picture)
            rows[-1]["picture"] = name
        print(f"{application.name}: {rows[-1]['ratio']:.3g} times faster; {rows[-1]['outputs']}", flush=True)
    header = {"command": command_line(), "versions": versions(), "runs": args.runs, "seed": args.seed}
    replace_json(args.out.with_suffix(".json"), header | {"programs": rows})
    args.out.with_suffix(".md").write_text(page(rows, header), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
