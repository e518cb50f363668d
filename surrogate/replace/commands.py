"""The command `surrogate replace`, and what it says."""

from __future__ import annotations

import argparse
import json
import math
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, UsageError
from cprograms.files import write_directory
from cprograms.names import counted, listed
from cprograms.options import MANY, whole
from cprograms.program import Argument, Program
from surrogate import driver
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import MOST_HIDDEN
from surrogate.mlp.pipeline import compile_program
from surrogate.numeric.commands import domain_lines
from surrogate.numeric.words import number
from surrogate.replace.building import Compiler, compiler
from surrogate.replace.options import MAKING, UNIFORM, WIDTH
from surrogate.replace.pipeline import Compiled, Make, Replacement, Rows, nmse_on, replace
from surrogate.replace.running import Case, checked
from surrogate.target import Option
from surrogate.terminal.console import OK, in_one_line, print_diagnostics, print_json, report, warn

REPORT = "replacement.json"
_NARROW = 0.2
"""Where 98 % of the calls lie in less than this share of an argument's range, that is said."""
_OUTSIDE = 1e-3
"""Above this share, calls outside the domain are warned of."""
_EVEN = 1.03
"""Times that differ by less are called the same."""
_STEPS, _MIX = 10, 0.7
"""Of the fine-tuning on the program's own calls: steps of half a second's work, and their share of the rows."""
_LITTLE, _FEWEST = 1e-4, 64
"""An nMSE on its own calls that is good enough; and the rows of them that a fine-tuning takes at least."""


def run(options: argparse.Namespace, paths: str | list[str], reading: dict[str, Any]) -> int:
    """`reading` says how the files are read, and which function of them is meant."""
    case, by = _case(options), compiler(options.cc, options.cflags)
    whole("--runs", options.runs, 1, MANY)
    if "-" in options.files:
        raise UsageError("the program must be files: one from standard input cannot be built twice")
    output = None if options.output is None else _free(Path(options.output))
    surrogate = _surrogate(options)
    function = reading.pop("entry")
    shape = {o.dest: getattr(options, o.dest) for o in MAKING if o.dest in ("sizes", "fixed") and o.given(options)}
    with _stages() as told:
        found = replace(
            paths,
            function,
            surrogate,
            case=case,
            by=by,
            runs=options.runs,
            guard=options.guard,
            told=told,
            shape=shape,
            ranges=options.ranges,
            **{name: value for name, value in reading.items() if name != "limit"},
        )
    facts, warnings = facts_of(found, by), _warnings(found)
    if output is not None:
        _write(output, found, facts)
    if options.json:
        print_json(facts | {"warnings": [in_one_line(w) for w in warnings]})
        return OK
    report(f"{' '.join(options.files)}: '{function}' replaced", *(f"  {line}" for line in lines_of(found, by)))
    for warning in warnings:
        if isinstance(warning, Diagnostic):
            print_diagnostics([warning])
        else:
            warn(warning)
    return OK


def _case(options: argparse.Namespace) -> Case:
    try:
        words = tuple(shlex.split(options.args))
    except ValueError as e:
        raise UsageError(f"--args takes words as a shell does: {e}") from None
    stdin = None if options.stdin is None else Path(options.stdin)
    return checked(Case(words, stdin, tuple(Path(p) for p in options.beside), options.timeout))


@contextmanager
def _stages() -> Iterator[Callable[[str], None]]:
    """Says on a terminal which stage it is."""
    current: list[Any] = []

    def leave() -> None:
        if current:
            current.pop().__exit__(None, None, None)

    def told(stage: str) -> None:
        leave()
        current.append(announced(stage))
        current[-1].__enter__()

    try:
        yield told
    finally:
        leave()


# --- The surrogate ---


def _surrogate(options: argparse.Namespace) -> Compiled | Make:
    """The artifact that is given, or what compiles one. Raises UsageError for options that do not go together."""
    if options.surrogate is None:
        return maker(
            {o.dest: getattr(options, o.dest) for o in MAKING if o.given(options)}, options.width, bool(options.uniform)
        )
    own: Option | None = next((o for o in (*MAKING, WIDTH, UNIFORM) if o.given(options)), None)
    if own is not None:
        raise UsageError(f"{own.spelling} says how a surrogate is compiled, and --surrogate gives one")
    target, artifact = driver.load_with_target(options.surrogate)
    if not isinstance(artifact, Compiled):
        raise UsageError(
            f"{options.surrogate}: {target.one} cannot stand in a program; it is {target.described(artifact)}"
        )
    return artifact


def maker(given: Mapping[str, Any], width: int | None, uniform: bool) -> Make:
    """Compiles at -O2, or as the options say, and goes on from there on the program's own calls.

    It does so for a width, and where the surrogate errs more on those than is little and than over its domain, unless
    all of the domain is to count alike, `uniform`.
    """
    if width is not None:
        whole("--width", width, 1, MOST_HIDDEN)
    settings = {"opt_level": 2} | {n: v for n, v in given.items() if n not in ("ranges", "sizes", "fixed")}
    budget = {n: settings[n] for n in ("seconds", "steps") if n in settings} or {"steps": _STEPS}
    if settings["opt_level"] < 3 and (width is not None or not uniform):
        settings = {n: v for n, v in settings.items() if n not in budget}  # it is the fine-tuning's
    further: dict[str, Any] = {**budget, "plain": bool(given.get("plain")), "seed": given.get("seed") or 0}

    def make(program: Program, calls: Rows) -> Surrogate:
        made = compile_program(program, **settings)
        rows = None if uniform else _own_rows(program, calls)
        if width is not None:
            return made.finetune(
                rows, mix=None if rows is None else _MIX, **(further | {"width": width, "plain": True})
            )
        if rows is None or made.opt_level == 0:
            return made
        own, over = nmse_on(made, rows[0]), made.check().worst.nmse
        if own is None or own <= max(over, _LITTLE):
            return made
        return made.finetune(rows, mix=_MIX, **further)

    return make


def _own_rows(program: Program, calls: Rows) -> tuple[Rows, Rows] | None:
    """Calls and what the program gives for them; None where nearly none gives finite results."""
    y = program.run(calls)
    kept = np.isfinite(y).all(1)
    return (calls[kept], y[kept]) if kept.sum() >= _FEWEST else None


# --- The report ---


def lines_of(found: Replacement, by: Compiler) -> list[str]:
    """What came of it, to read."""
    return [
        f"function  {found.artifact.signature}",
        f"calls     {counted(found.profile.calls, 'call')} in a run of the original",
        *domain_lines(found.artifact.signature),
        *_outside_lines(found),
        *_surrogate_lines(found),
        *_time_lines(found, by),
        *(f"{'output' if not k else '':9} {_output(c.name, c.line)}" for k, c in enumerate(found.outputs)),
    ]


def _outside_lines(found: Replacement) -> list[str]:
    before, after = found.profile, found.after
    parts = []
    if before.outside:
        parts.append(f"{before.outside:,} of the original's calls")
    if after is not None and after.outside:
        parts.append(f"{after.outside:,} of {after.calls:,} with the surrogate")
    return [f"outside   {' and '.join(parts)} leave the domain"] if parts else []


def _surrogate_lines(found: Replacement) -> list[str]:
    measured = found.artifact.measured
    parts = [f"nMSE {number(measured.worst.nmse)} over the domain"] if measured is not None else []
    if found.own_nmse is not None:
        tuned = isinstance(found.artifact, Surrogate) and found.artifact.measured_data
        own = "the program's own calls, which it was tuned to" if tuned else "the program's own calls"
        parts.append(f"nMSE {number(found.own_nmse)} on {own}")
    lines = [f"error     {', '.join(parts)}"] if parts else []
    if found.after is not None:
        before, now = found.profile.nanoseconds, found.after.nanoseconds
        lines.append(f"speed     {_duration(before)} → {_duration(now)} a call{_times(before, now)}")
    return lines


def _time_lines(found: Replacement, by: Compiler) -> list[str]:
    before, now = found.original.seconds, found.replaced.seconds
    runs = len(found.original.all)
    median = f"median of {runs} runs each" if runs > 1 else "one run each"
    of = f"; '{found.program.entry}' took {100 * found.share:.0f} % of it" if found.share > 0.005 else ""
    return [f"time      {before:.3f} s → {now:.3f} s of the program{_times(before, now)} ({median}, {by.name}{of})"]


def _duration(nanoseconds: float) -> str:
    return f"{nanoseconds / 1000:,.1f} µs" if nanoseconds >= 10_000 else f"{nanoseconds:,.0f} ns"


def _times(before: float, now: float) -> str:
    if not (before > 0 and now > 0):
        return ""
    ratio = before / now
    if 1 / _EVEN < ratio < _EVEN:
        return ": the same"
    return f": {_ratio(ratio)} times faster" if ratio > 1 else f": {_ratio(1 / ratio)} times slower"


def _ratio(v: float) -> str:
    return f"{v:.2f}" if v < 10 else f"{v:.0f}"


def _output(name: str, line: str) -> str:
    return f"{name}: {line}"


def _warnings(found: Replacement) -> list[str | Diagnostic]:
    warnings: list[str | Diagnostic] = list(found.program.warnings)
    warnings += [w for a, k in _numbered(found.program) if (w := _crowded(found, a, k))]
    for profile, whose in ((found.profile, "the original's"), (found.after, "the surrogate's")):
        if profile is not None and profile.outside > _OUTSIDE * profile.calls:
            share = 100 * profile.outside / profile.calls
            warnings.append(
                f"{share:.2g} % of {whose} calls leave the domain, where the surrogate is not compiled for them;"
                " a wider --range holds them, --guard calls the original"
            )
    unsteady = [c.name for c in found.outputs if c.unsteady]
    if unsteady:
        plain = "differs" if len(unsteady) == 1 else "differ"
        warnings.append(f"the original is not deterministic: {listed(unsteady)} {plain} between two runs of it")
    if found.after is None:
        warnings.append(f"with the surrogate the program never calls '{found.program.entry}' to its end")
    if found.ratio < _EVEN:
        warnings.append(_slower(found))
    return warnings


def _numbered(program: Program) -> list[tuple[Argument, int]]:
    return [(a, k) for k, a in enumerate(program.arguments)]


def _crowded(found: Replacement, argument: Argument, k: int) -> str | None:
    """That nearly all calls lie in a small part of an argument's range, if so."""
    own = found.artifact.arguments[k]
    low, _, high = found.profile.quantiles(k)
    if not own.high - own.low > 0 or (high - low) / (own.high - own.low) >= _NARROW:
        return None
    return (
        f"98 % of the calls have '{argument.name}' in [{low:.4g}, {high:.4g}], a small part of its domain:"
        f" --range {argument.name}={low:.4g}:{high:.4g} fits them better, with --guard for the others"
    )


def _slower(found: Replacement) -> str:
    """That the program became slower, and what would help."""
    after = found.after.nanoseconds if found.after is not None else math.inf
    if after > found.profile.nanoseconds:
        return (
            f"the surrogate is slower than '{found.program.entry}' itself: a function of few operations is no gain;"
            " --width 8 or --plain may be faster"
        )
    return "the program is not faster: the function takes too little of its time"


def facts_of(found: Replacement, by: Compiler) -> dict[str, Any]:
    """The same for JSON."""
    after = found.after
    return {
        "function": found.program.entry,
        "signature": found.artifact.signature.as_dict(),
        "compiler": by.name,
        "calls": found.profile.calls,
        "outside": found.profile.outside,
        "not_finite": found.profile.unbounded,
        "calls_replaced": None if after is None else after.calls,
        "outside_replaced": None if after is None else after.outside,
        "profile": _profile_facts(found),
        "share": found.share,
        "nmse": None if found.artifact.measured is None else _plain(found.artifact.measured.worst.nmse),
        "nmse_own_calls": None if found.own_nmse is None else _plain(found.own_nmse),
        "nanoseconds": found.profile.nanoseconds,
        "nanoseconds_replaced": None if after is None else after.nanoseconds,
        "seconds": found.original.seconds,
        "seconds_replaced": found.replaced.seconds,
        "processor_seconds": found.original.processor,
        "processor_seconds_replaced": found.replaced.processor,
        "ratio": found.ratio,
        "runs": {"original": list(found.original.all), "replaced": list(found.replaced.all)},
        "deterministic": not any(c.unsteady for c in found.outputs),
        "outputs": [c.as_dict() for c in found.outputs],
    }


def _profile_facts(found: Replacement) -> list[dict[str, Any]]:
    profile = found.profile
    facts = []
    for argument, k in _numbered(found.program):
        low, middle, high = profile.quantiles(k)
        bounds = {"least": _plain(float(profile.least[k])), "greatest": _plain(float(profile.greatest[k]))}
        facts.append({"name": argument.name, **bounds, "p1": low, "median": middle, "p99": high})
    return facts


def _plain(v: float) -> float | None:
    return v if math.isfinite(v) else None


# --- The folder ---


def _free(folder: Path) -> Path:
    """Before long work: raises UsageError where something else than such a folder is there, or no place for one."""
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"{folder}: cannot be written: there is no folder {folder.parent}")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: exists and is no folder; it will not be overwritten")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / REPORT).is_file():
        raise UsageError(f"{folder}: exists and is not of `surrogate replace`; it will not be overwritten")
    return folder


def _write(folder: Path, found: Replacement, facts: Mapping[str, Any]) -> None:
    """The surrogate's C, the program's text, both outputs, the report; and the artifact, in a folder of it."""
    files = {name: text.encode() for name, text in found.files.items()}
    for prefix, outputs in (("original", found.given), ("replaced", found.gives)):
        files |= {f"{prefix}.{name.replace('/', '_')}": content for name, content in outputs.items()}
    files[REPORT] = (json.dumps(facts, indent=2) + "\n").encode()
    try:
        write_directory(folder, files)
    except OSError as e:
        raise UsageError(f"{folder}: cannot be written: {e.strerror or e}") from e
    found.artifact.save(folder / f"{found.program.entry}.surrogate")
