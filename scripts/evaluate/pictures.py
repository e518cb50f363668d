"""Make pictures with surrogates in the place of two C kernels, and compare them with the exact program's pictures.

python scripts/evaluate/pictures.py --out docs/results/pictures

Colour quantisation by k-means (colour_distance) and Sobel edges (sobel), of scikit-image's sample pictures. Needs the
extras "analysis" and "plot".
"""

from __future__ import annotations

import time
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

from training.script import command_line, parser_of, run

PARSER = parser_of(__doc__)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--baselines", type=Path, help="a folder of learned starts to compare with")
PARSER.add_argument("--seed", type=int, default=0, help="the first seed: of executed rows and random starts")
PARSER.add_argument("--seeds", type=int, default=3, help="how many, one after another")
PARSER.add_argument("--side", type=int, default=96, help="pixels of a picture's longer side")
PARSER.add_argument("--out", type=Path, required=True, help="folder of the page, figures and pictures")


def main(args: Namespace) -> None:
    from rich.progress import track

    from surrogate.mlp.emission.pretrained import load_compiler
    from training.evaluation.picture_report import write_report
    from training.evaluation.pictures import APPLICATIONS, contenders, renderings

    started = time.perf_counter()
    compiler = load_compiler(args.compiler)
    entered = contenders(compiler.model, args.baselines)
    seeds = range(args.seed, args.seed + args.seeds)
    made = {}
    for application in APPLICATIONS:
        pictures = application.pictures(args.side)
        total = len(pictures) * (len(entered) * len(seeds) + 1)
        made[application.name] = list(
            track(renderings(application, pictures, entered, seeds), application.name, total=total)
        )
    header = {
        "command": command_line(),
        "seed": args.seed,
        "compiler": compiler.sha256,
        "seconds": time.perf_counter() - started,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy", "scikit-image")},
    }
    print(write_report(made, APPLICATIONS, entered, args.out, header))


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
