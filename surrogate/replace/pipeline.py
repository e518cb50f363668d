"""From a program and a function of it to the program with a surrogate in its place, a line a stage."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

import cprograms
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend.flags import Reading
from cprograms.frontend.given import Paths, sources
from cprograms.frontend.source import Source
from cprograms.program import Program, Signature
from surrogate.export.c import sources as exported
from surrogate.graph.artifact import GraphProgram
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.checking.errors import result_error
from surrogate.replace import profiling
from surrogate.replace.building import Compiler, build, preprocessed
from surrogate.replace.comparison import Comparison, compared, ensure_pictures, needs_pictures
from surrogate.replace.profiling import Profile
from surrogate.replace.rewriting import ORIGINAL, SURROGATE, Definition, definition, typed, with_wrapper
from surrogate.replace.running import Case, Run, run

RUNS = 5
Compiled = Surrogate | GraphProgram
"""What can stand in a program."""
Rows = npt.NDArray[np.float64]
Make = Callable[[Program, Rows], Compiled]
"""Compiles a program, whose domain is what its calls lie in. It gets half of the calls that were noted, [n, A]."""
Told = Callable[[str], None]


@dataclass(frozen=True)
class Timed:
    """Runs of one build: the median of their seconds by the clock, and of the processor; each of them."""

    seconds: float
    processor: float
    all: tuple[float, ...]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Timed:
        seconds = tuple(r.seconds for r in runs)
        return cls(median(seconds), median(r.processor for r in runs), seconds)


@dataclass(frozen=True)
class Replacement:
    """What came of it.

    `profile` is of the original's calls, `after` of those of the program with the surrogate, which are `outside` where
    they leave its domain. `own_nmse` is the greatest nMSE of a result on calls of the original that the surrogate was
    not fitted to, None where those say nothing. `files` are what the program was built from: the surrogate's C, and the
    texts that were rewritten. `given` are the original's outputs, `gives` those with the surrogate.
    """

    program: Program
    artifact: Compiled
    profile: Profile
    after: Profile | None
    own_nmse: float | None
    original: Timed
    replaced: Timed
    outputs: tuple[Comparison, ...]
    files: Mapping[str, str]
    given: Mapping[str, bytes]
    gives: Mapping[str, bytes]

    @property
    def ratio(self) -> float:
        """How many times faster the whole program is."""
        return self.original.seconds / self.replaced.seconds

    @property
    def share(self) -> float:
        """The function's share of the original's time, estimated from the calls that were timed."""
        spent = self.profile.calls * self.profile.nanoseconds * 1e-9
        return min(spent / self.original.processor, 1.0)


@dataclass(frozen=True)
class _Builds:
    """Where programs are built, and from what; each of them once."""

    folder: Path
    by: Compiler
    sources: Sequence[Source]
    found: Mapping[str, Definition]
    pointers: Mapping[str, str]

    def original(self) -> Path:
        return self._built("original", {}, {})

    def with_body(self, name: str, before: str, body: str, added: Mapping[str, str]) -> Path:
        """A build whose function is a wrapper with this body, together with files of our own."""
        return self._built(name, self.texts(before, body), added)

    def texts(self, before: str, body: str) -> dict[str, str]:
        return {n: with_wrapper(found, before, typed(found, self.pointers, body)) for n, found in self.found.items()}

    def _built(self, name: str, texts: Mapping[str, str], added: Mapping[str, str]) -> Path:
        room = self.folder / name
        room.mkdir()
        for file, text in added.items():
            (room / file).write_text(text, encoding="utf-8")
        units = [room / file for file in added if file.endswith(".c")]
        build(self.by, self.sources, texts, units, room / "program")
        return room / "program"


def replace(
    paths: Paths,
    function: str,
    surrogate: Make | Compiled,
    *,
    case: Case,
    by: Compiler,
    runs: int = RUNS,
    guard: bool = False,
    told: Told = lambda _: None,
    shape: Mapping[str, Any] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    **reading: Unpack[Reading],
) -> Replacement:
    """Build a program twice, with its function as it is and with a surrogate in its place, run both and compare them.

    The program runs natively, as its user would run it. `surrogate` is an artifact, or compiles one: its domain is then
    what `ranges` and the pragmas say, and of other arguments what the program calls the function with. With `guard`
    calls outside the domain go to the original function. `told` hears which stage begins.

    Raises ProgramError for a function that is refused and for a program that cannot be built, fails, or gives nothing;
    UsageError for a function that is not there, an artifact of another signature, and files that cannot be read.
    """
    program = cprograms.load(paths, entry=function, ranges=ranges, **(shape or {}), **reading)
    given = sources(paths, None, **reading)
    if isinstance(surrogate, Compiled):
        ensure_fits(surrogate, program)
    with tempfile.TemporaryDirectory(prefix="surrogate-replace-") as folder:
        told("building the program")
        definitions = _definitions(by, given, function)
        builds = _Builds(Path(folder), by, given, definitions, profiling.pointers(program))
        native = builds.original()
        told("running the program")
        before = [run(native, case, given[0].name) for _ in range(2)]
        _ensure_output(before[0], given[0].name)
        told(f"noting the calls of '{function}'")
        if isinstance(surrogate, Compiled):
            domain = _by_place(surrogate, program)
        else:
            domain = profiling.declared(program.arguments)
        profile = _profiled(builds, program, "profile", ORIGINAL, {}, domain, case)
        if profile is None:
            raise ProgramError([_uncalled(given[0].name, function)])
        told(f"compiling '{function}'")
        if isinstance(surrogate, Compiled):
            artifact = surrogate
        else:
            artifact = surrogate(_fitted(program, profile), _finite(profile.sample[::2]))
        if artifact.measured is None:
            artifact.check()
        told("exporting the surrogate")
        files = exported(artifact, name=SURROGATE.format(function))
        return _measured(builds, program, artifact, profile, before, files, case, runs, guard, told)


def _measured(
    builds: _Builds,
    program: Program,
    artifact: Compiled,
    profile: Profile,
    before: Sequence[Run],
    files: Mapping[str, str],
    case: Case,
    runs: int,
    guard: bool,
    told: Told,
) -> Replacement:
    body = profiling.plain(program, _by_place(artifact, program) if guard else None)
    told("building the program with the surrogate")
    native = builds.folder / "original" / "program"
    other = builds.with_body("replaced", "", body, files)
    what = f"{builds.sources[0].name} with the surrogate"
    told("running both")
    pairs = [(run(native, case, builds.sources[0].name), run(other, case, what)) for _ in range(runs)]
    after = _profiled(builds, program, "counted", SURROGATE, files, _by_place(artifact, program), case)
    replaced = pairs[0][1]
    return Replacement(
        program=program,
        artifact=artifact,
        profile=profile,
        after=after,
        own_nmse=nmse_on(artifact, _finite(profile.sample[1::2])),
        original=Timed.of([first for first, _ in pairs]),
        replaced=Timed.of([second for _, second in pairs]),
        outputs=tuple(compared(before[0].outputs, before[1].outputs, replaced.outputs)),
        files={**files, **{Path(n).stem + ".i": text for n, text in builds.texts("", body).items()}},
        given=before[0].outputs,
        gives=replaced.outputs,
    )


def ensure_fits(artifact: Compiled, program: Program) -> None:
    """Raises UsageError where an artifact takes or gives other types than a function, in their order."""
    own, wanted = artifact.signature, Signature.of(program)
    types = [([a.type for a in s.arguments], [r.type for r in s.results]) for s in (own, wanted)]
    if types[0] != types[1]:
        raise UsageError(f"the surrogate is of '{own}', and the function is '{wanted}'")


def _definitions(by: Compiler, given: Sequence[Source], function: str) -> dict[str, Definition]:
    """Where the files define the function, by the file. Raises ProgramError where none does."""
    texts = {source.name: preprocessed(by, source) for source in given}
    found = {name: where for name, text in texts.items() if (where := definition(text, function)) is not None}
    if not found:
        hint = "its definition begins as in 'double f(double x) {'"
        message = f"the definition of '{function}' is not found in what the preprocessor gives"
        raise ProgramError([Diagnostic(message, given[0].name, hint=hint)])
    return found


def _ensure_output(first: Run, file: str) -> None:
    """Raises ProgramError where a run gave nothing, and UsageError where pictures cannot be compared."""
    if not first.outputs:
        message = "the program prints nothing and writes no file: there is nothing to compare"
        raise ProgramError([Diagnostic(message, file, hint="--args gives it arguments")])
    if needs_pictures(first.outputs):
        ensure_pictures()


def _uncalled(file: str, function: str) -> Diagnostic:
    message = f"the program never calls '{function}', or does not end by returning from main or by exit()"
    return Diagnostic(message, file, hint="--args and --stdin say how it is run")


def _profiled(
    builds: _Builds,
    program: Program,
    name: str,
    of: str,
    files: Mapping[str, str],
    domain: Mapping[str, tuple[float, float]],
    case: Case,
) -> Profile | None:
    """A run of a build that notes its calls; None where it notes none."""
    added = {**files, "surrogate_profile.c": profiling.notes(program.arguments, domain)}
    built = builds.with_body(name, profiling.DECLARATIONS, profiling.wrapper(program, of), added)
    where = builds.folder / f"{name}.notes"
    run(built, case, f"{builds.sources[0].name}, noting its calls", {profiling.NOTE: str(where)})
    return profiling.read(where, len(program.arguments))


def _fitted(program: Program, profile: Profile) -> Program:
    """The program in the domain of its calls. Raises ProgramError where an argument never is a finite number."""
    unbounded = [a.name for a, low in zip(program.arguments, profile.least, strict=True) if not np.isfinite(low)]
    if unbounded:
        message = f"'{unbounded[0]}' is never a finite number in a call of '{program.entry}'"
        raise ProgramError([Diagnostic(message, program.path)])
    ranges = profiling.ranges(profile, program.arguments)
    return cprograms.load(source=program.portable_text, ranges=ranges, self_contained=True)


def _by_place(artifact: Compiled, program: Program) -> dict[str, tuple[float, float]]:
    """The domain of an artifact by the names of the program's arguments."""
    return {a.name: (own.low, own.high) for a, own in zip(program.arguments, artifact.arguments, strict=True)}


def _finite(rows: Rows) -> Rows:
    return rows[np.isfinite(rows).all(1)]


def nmse_on(artifact: Compiled, x: Rows) -> float | None:
    """The greatest nMSE of a result on rows; None where fewer than two give finite results."""
    y = artifact.program.run(x)
    kept = np.isfinite(y).all(1)
    if kept.sum() < 2:
        return None
    predicted = artifact.outputs(x[kept])
    errors = [result_error("", true, other).nmse for true, other in zip(y[kept].T, predicted.T, strict=True)]
    return float(max(errors))
