"""Coverage-guided fuzzing of the front end behind the preprocessor.

python tests/cprograms/frontend/fuzz.py -max_total_time=60 CORPUS_DIRECTORY
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cprograms", "pycparser"]):
    from test_fuzz_front_end import SEED, answers

if __name__ == "__main__":
    folders = [a for a in sys.argv[1:] if not a.startswith("-")]
    for folder in folders:
        (Path(folder) / "seed.c").write_text(SEED)
    atheris.Setup(sys.argv, lambda data: answers(data, compiler=False))
    atheris.Fuzz()
