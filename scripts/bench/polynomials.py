"""Time surrogates with long polynomials in torch, C, ONNX Runtime and numpy, beside those of another checkout.

python scripts/bench/polynomials.py --beside ../before --out docs/results/polynomials

Needs gcc. One thread; nanoseconds are the processor's, of both checkouts by turns.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from cprograms.files import replace_file, replace_json
from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("names", nargs="*", help="functions of the library; six with long polynomials by default")
PARSER.add_argument("--beside", type=Path, metavar="CHECKOUT", help="measure another checkout's code by turns")
PARSER.add_argument("--turns", type=int, default=3, metavar="N", help="of which the least counts (default 3)")
PARSER.add_argument("--out", type=Path, required=True, help="the figures as NAME.json, the table as NAME.md")


def main(args: Namespace) -> None:
    from training.benchmarks.polynomials import NAMES, measure, measure_towers, page

    found = measure(args.names or NAMES, args.beside and args.beside.resolve(), args.turns)
    document = {"command": command_line(), "functions": found, "towers": measure_towers()}
    replace_json(args.out.with_suffix(".json"), document)
    replace_file(args.out.with_suffix(".md"), page(document).encode())
    print(page(document))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
