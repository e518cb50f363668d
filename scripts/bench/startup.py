"""Start-up times as ratios to `import torch`, from one interleaved run.

python scripts/bench/startup.py [--runs 9] [--json]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from training.script import parser_of, run

LIBRARY = Path(__file__).parents[2] / "cprograms" / "library"
BARS = {"help": 0.1, "version": 0.1, "compile": 1.8, "-O2": 2.2}


def commands(folder: Path, compiler: str | None) -> dict[str, list[str]]:
    surrogate = [sys.executable, "-m", "surrogate"]
    compile_ = [*surrogate, "compile", str(LIBRARY / "luminance.c"), "-o", str(folder / "luminance.surrogate")]
    # What no polynomial is exact on, so that the towers take all their steps.
    hard = [*surrogate, "compile", str(LIBRARY / "inverse_kinematics.c"), "-O2", "-o", str(folder / "hard.surrogate")]
    own = ["--compiler", compiler] if compiler else []
    return {
        "torch": [sys.executable, "-c", "import torch"],
        "help": [*surrogate, "--help"],
        "version": [*surrogate, "--version"],
        "compile": [*compile_, *own],
        "-O2": [*hard, *own],
    }


def measure(runs: int, compiler: str | None) -> dict[str, dict[str, float]]:
    """Medians in seconds and their ratios to `import torch`; the first, cold round is not counted."""
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs + 1):
            for name, command in commands(Path(folder), compiler).items():
                started = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                seconds.setdefault(name, []).append(time.perf_counter() - started)
    medians = {name: statistics.median(s[1:]) for name, s in seconds.items()}
    return {name: {"seconds": s, "ratio": s / medians["torch"]} for name, s in medians.items()}


PARSER = parser_of(__doc__)
PARSER.add_argument("--runs", type=int, default=9)
PARSER.add_argument("--compiler", help="as of `surrogate compile`")
PARSER.add_argument("--json", action="store_true")


def main(args: Namespace) -> int:
    found = measure(args.runs, args.compiler)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        for name, figures in found.items():
            bar = f", bar {BARS[name]}" if name in BARS else ""
            print(f"{name:8} {figures['seconds']:6.3f} s  {figures['ratio']:5.2f} × import torch{bar}")
    return 0 if all(found[name]["ratio"] <= bar for name, bar in BARS.items()) else 1


if __name__ == "__main__":
    raise SystemExit(run(PARSER, main))
