"""Keeps of what fuzzing found a small corpus: the shortest inputs that reach, together, all the code that all reach.

python -m tests.cprograms.frontend.keep FOLDER...
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.cprograms.frontend.answers import CORPUS, answers

_LONGEST = 1000
_OURS = ("cprograms", "pycparser")


def lines(data: bytes) -> set[tuple[str, int]]:
    """The lines of the front end, the lowering and the parser that run with one input."""
    found: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if event == "call":
            return trace if any(f"/{folder}/" in name for folder in _OURS) and "/tests/" not in name else None
        if event == "line":
            found.add((name, frame.f_lineno))
        return trace

    sys.settrace(trace)
    try:
        answers(data, compiler=False)
    finally:
        sys.settrace(None)
    return found


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    files = {path.read_bytes() for folder in [*map(Path, sys.argv[1:]), CORPUS] for path in folder.iterdir()}
    reached: set[tuple[str, int]] = set()
    kept = []
    for data in sorted((d for d in files if len(d) <= _LONGEST), key=lambda d: (len(d), d)):
        new = lines(data) - reached
        reached |= new
        kept += [data] * bool(new)
    for path in CORPUS.iterdir():
        path.unlink()
    for data in kept:
        (CORPUS / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{len(kept)} of {len(files)} inputs, {sum(map(len, kept))} bytes, {len(reached)} lines")


if __name__ == "__main__":
    main()
