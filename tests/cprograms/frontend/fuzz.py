"""Coverage-guided fuzzing of the front end behind the preprocessor, and of the lowering; needs the extra `fuzz`.

python -m tests.cprograms.frontend.fuzz [--compiler] FOLDER [LIBFUZZER_OPTIONS]

FOLDER keeps what was found, so that the next run goes on from there; the corpus of the tests is read beside it.
With --compiler each input goes through the whole front end, the compiler's own check included: some ten a second.
Options of libFuzzer: -max_total_time=60, -runs=100000, -max_len=300, and others.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cprograms", "pycparser"]):
    from tests.cprograms.frontend.answers import CORPUS, SEED, TOKENS, answers


def main() -> None:
    options = [a for a in sys.argv[1:] if a.startswith("-") and a != "--compiler"]
    folder, *others = [Path(a) for a in sys.argv[1:] if not a.startswith("-")]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seed.c").write_text(SEED)
    words = folder.with_suffix(".dict")
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS))
    atheris.Setup(
        [sys.argv[0], f"-dict={words}", *options, *(str(f) for f in [folder, *others, CORPUS] if f.is_dir())],
        partial(answers, compiler="--compiler" in sys.argv),
    )
    atheris.Fuzz()


def _escaped(token: str) -> str:
    """A token in libFuzzer's notation, one a line."""
    return "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in token)


if __name__ == "__main__":
    main()
