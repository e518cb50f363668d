"""Which functions of a file are accepted as entries, and why the others are not."""

from __future__ import annotations

import json
import os
import traceback
from dataclasses import asdict, dataclass, replace

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend.loading import describe
from cprograms.frontend.parse import Unit
from cprograms.frontend.preprocess import expand
from cprograms.frontend.source import read
from training.evaluation.foreign_c.repositories import ForeignFile


@dataclass(frozen=True)
class Refusal:
    """A diagnostic of a function: its message, its hint and its place."""

    message: str
    hint: str
    place: str

    @classmethod
    def of(cls, diagnostic: Diagnostic) -> Refusal:
        return cls(diagnostic.message, diagnostic.hint, diagnostic.place)


@dataclass(frozen=True)
class Function:
    """A function that a file defines itself; accepted where there is no refusal."""

    name: str
    line: int
    refusals: tuple[Refusal, ...]

    @property
    def accepted(self) -> bool:
        return not self.refusals


@dataclass(frozen=True)
class Inspected:
    """A file with its functions, the processor time that it took, and the traceback where the front end broke down."""

    file: ForeignFile
    functions: tuple[Function, ...]
    seconds: float
    crash: str = ""

    def as_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Inspected:
        """The inverse of `as_json`."""
        values = json.loads(text)
        file = values["file"]
        given = (tuple(file["include"]), tuple(file["defines"]))
        functions = tuple(
            Function(f["name"], f["line"], tuple(Refusal(**r) for r in f["refusals"])) for f in values["functions"]
        )
        return cls(
            ForeignFile(file["repository"], file["name"], file["path"], *given),
            functions,
            values["seconds"],
            values["crash"],
        )


def processor_time() -> float:
    """Seconds that this process, and the children that it waited for, have computed."""
    return sum(os.times()[:4])


def inspect(file: ForeignFile) -> Inspected:
    """What the front end says of every function of a file, whatever it does over it.

    Where it says nothing of the functions one by one, because a header is missing or because it breaks down, each
    is refused for that.
    """
    start = processor_time()
    crash = ""
    try:
        found = describe(file.path, include_dirs=file.include, defines=file.defines)
    except (ProgramError, UsageError) as error:
        functions = _all_refused(file, _refusals(error))
    except Exception:  # the measurement is of whatever happens
        crash = traceback.format_exc()
        functions = _all_refused(file, (Refusal("the front end broke down", "", file.path),))
    else:
        functions = tuple(Function(c.name, c.line, tuple(map(Refusal.of, c.diagnostics))) for c in found.candidates)
    return Inspected(file, functions, processor_time() - start, crash)


def _refusals(error: ProgramError | UsageError) -> tuple[Refusal, ...]:
    if isinstance(error, ProgramError):
        return tuple(map(Refusal.of, error.diagnostics))
    return (Refusal(str(error), "", ""),)


def _all_refused(file: ForeignFile, refusals: tuple[Refusal, ...]) -> tuple[Function, ...]:
    return tuple(Function(name, line, refusals) for name, line in _functions_of(file))


def _functions_of(file: ForeignFile) -> list[tuple[str, int]]:
    """The functions that a file defines itself, with their lines, found although includes are missing."""
    flags = [*(f"-I{folder}" for folder in file.include), *(f"-D{macro}" for macro in file.defines)]
    source = read(file.path, None)
    try:
        chunks = Unit(expand(source, flags)).functions
    except ProgramError:  # too long with its includes
        chunks = Unit(expand(replace(source, directory="/"))).functions
    return [(name, chunk.coord.line) for name, chunk in chunks.items() if not chunk.included]
