"""How long the inspection takes beside that of another checkout of this program, file by file, in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import cprograms
from cprograms.diagnostics import UsageError
from training.evaluation.foreign_c.repositories import ForeignFile

# Run in either tree: it asks for nothing that not both have.
_WORKER = """
import json, os, sys
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.loading import describe
for line in sys.stdin:
    file = json.loads(line)
    start = sum(os.times()[:4])
    try:
        found = describe(file["path"], include_dirs=file["include"], defines=file["defines"])
        accepted = sum(c.eligible for c in found.candidates)
    except Exception:
        accepted = 0
    print(json.dumps([sum(os.times()[:4]) - start, accepted]), flush=True)
"""


@dataclass(frozen=True)
class Pace:
    """Processor seconds of the inspection of the same files, and how many functions were accepted."""

    files: int
    seconds: float
    accepted: int
    before_seconds: float
    before_accepted: int

    @property
    def ratio(self) -> float:
        return self.seconds / self.before_seconds


def pace(files: Sequence[ForeignFile], baseline: Path) -> Pace:
    """This tree beside the one at `baseline`. Raises UsageError where there is none, or where it does not run."""
    if not (baseline / "cprograms").is_dir():
        raise UsageError(f"{baseline}: holds no checkout of this program")
    roots = (Path(cprograms.__file__).parent.parent, baseline)
    seconds, accepted = [0.0, 0.0], [0, 0]
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(root)) for root in roots]
        for k, file in enumerate(files):
            for side in (0, 1) if k % 2 else (1, 0):
                took, found = _ask(workers[side], file)
                seconds[side] += took
                accepted[side] += found
    return Pace(len(files), seconds[0], accepted[0], seconds[1], accepted[1])


@contextmanager
def _worker(root: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(root.resolve())}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", _WORKER]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root, env=environment) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _ask(worker: subprocess.Popen[str], file: ForeignFile) -> tuple[float, int]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    absolute = asdict(file) | {"path": os.path.abspath(file.path), "include": list(map(os.path.abspath, file.include))}
    worker.stdin.write(json.dumps(absolute) + "\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    if not answer:
        raise UsageError("the inspection ended early")
    seconds, accepted = json.loads(answer)
    return seconds, accepted
