"""Measure what fine-tuning gains by its start: epochs and seconds from emitted weights against random ones, by Adam
and by Levenberg–Marquardt, until the error that the random ones end with.

python scripts/study/finetuning.py --data data/held_out --out docs/results/starts

Interrupted, the same command goes on where it was.
"""

from __future__ import annotations

from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--data", required=True, help="a corpus; its test and validation splits are used")
PARSER.add_argument("--suites", nargs="+", default=["library", "generated", "harvested"])
PARSER.add_argument("--programs", type=int, default=42, help="of each suite at most")
PARSER.add_argument("--validation", type=int, default=24, help="programs that strengths are chosen on")
PARSER.add_argument("--sizes", type=int, nargs="+", help="rows to fine-tune on (64 256 1000 2000)")
PARSER.add_argument("--optimisers", nargs="+", help="by their names; both by default")
PARSER.add_argument("--seeds", type=int, default=2)
PARSER.add_argument("--seed", type=int, default=0, help="the first of them")
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--num-proc", type=int, default=1)
PARSER.add_argument("--work", type=Path, default=Path("runs/evaluation"), help="folder of figures already measured")
PARSER.add_argument("--out", type=Path, required=True, help="writes OUT.json and OUT.md")


def main(args: Namespace) -> None:
    from cprograms.files import replace_file, replace_json
    from surrogate.mlp.emission.pretrained import load_compiler
    from training.evaluation.protocol import ProtocolConfig
    from training.finetuning import OPTIMISERS
    from training.studies.finetuning import SIZES, bars, markdown, study

    compiler = load_compiler(args.compiler).sha256
    suites = {}
    for suite in args.suites:
        config = ProtocolConfig(
            suite=suite,
            data=args.data,
            programs=args.programs,
            validation=args.validation,
            sizes=tuple(sorted(set(args.sizes or SIZES))),
            seeds=args.seeds,
            seed=args.seed,
            compiler=args.compiler,
            optimisers=tuple(args.optimisers or OPTIMISERS),
        )
        suites[suite] = study(config, compiler, args.work, args.num_proc)
    document = {
        "command": command_line(),
        "seed": args.seed,
        "seeds": args.seeds,
        "compiler": compiler,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy")},
        "bars": bars(suites),
        "suites": suites,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    replace_json(args.out.with_suffix(".json"), document)
    replace_file(args.out.with_suffix(".md"), markdown(document).encode())
    print(markdown(document))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
