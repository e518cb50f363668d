"""Make pictures with surrogates in the place of two C kernels, and compare them with the exact program's pictures.

python scripts/evaluate/pictures.py --out docs/results/pictures

Colour quantisation by k-means (colour_distance) and Sobel edges (sobel), of scikit-image's sample pictures. Needs the
extras "analysis" and "plot".
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.metadata import version
from pathlib import Path

from rich.progress import track

from cprograms.diagnostics import UsageError
from surrogate.mlp.pretrained import load_compiler


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", help="as of `surrogate compile`")
    parser.add_argument("--baselines", type=Path, help="a folder of learned starts to compare with")
    parser.add_argument("--seed", type=int, default=0, help="the first seed: of executed rows and random starts")
    parser.add_argument("--seeds", type=int, default=3, help="how many, one after another")
    parser.add_argument("--side", type=int, default=96, help="pixels of a picture's longer side")
    parser.add_argument("--out", type=Path, required=True, help="folder of the page, figures and pictures")
    args = parser.parse_args()
    try:
        return run(args)
    except UsageError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2


def run(args: argparse.Namespace) -> int:
    # Here, as they raise UsageError where an extra is missing.
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
        "command": f"python {' '.join(sys.argv)}",
        "seed": args.seed,
        "compiler": compiler.sha256,
        "seconds": time.perf_counter() - started,
        "versions": {name: version(name) for name in ("surrogate-compiler", "torch", "numpy", "scikit-image")},
    }
    print(write_report(made, APPLICATIONS, entered, args.out, header))
    return 0


if __name__ == "__main__":
    sys.exit(main())
