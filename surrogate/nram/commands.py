"""What the command line does with learned controllers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError, did_you_mean
from cprograms.names import counted
from surrogate.anc.check import ExactReport
from surrogate.anc.commands import exit_code, mismatch_lines, show_run, steps_of, tape_of
from surrogate.anc.decompiler.listing import listing
from surrogate.anc.pictures.grids import Grid
from surrogate.anc.pictures.html import grids_page
from surrogate.anc.pictures.png import figure
from surrogate.container import ensure_free
from surrogate.nram.decompiler import DecompiledController
from surrogate.nram.learning import Learned, Settings, learn
from surrogate.nram.pictures import choice_grids, run_grid
from surrogate.nram.program import FILES, NramProgram
from surrogate.nram.search import SearchSettings, search
from surrogate.nram.settings import NRAM_TASKS
from surrogate.nram.tracing import trace_lines
from surrogate.terminal.console import OK, REJECTED, complain, print_json, report, warn, write_output
from surrogate.terminal.progress import progress_bar
from surrogate.terminal.starting import INTERRUPTED


def learn_command(options: argparse.Namespace) -> int:
    """`surrogate learn --machine nram`: from a task's tapes to an artifact."""
    name = _task(options.task)
    task = NRAM_TASKS[name]
    settings = (
        _search_settings(options, task.search) if options.method == "search" else _settings(options, task.settings)
    )
    output = Path(options.output or f"{name}.nram")
    ensure_free(output, FILES)
    with progress_bar(f"learning {name}", "right") as advance:
        from surrogate.anc.adaptation.tasks import TASKS

        def progress(done: int, total: int, accuracy: float) -> None:
            advance(done, total, right="…" if accuracy < 0 else f"{accuracy:.0%}")

        checkpoint = output.with_name(f".{output.name}.progress")
        how: dict[str, Any] = {"checkpoint": checkpoint, "progress": progress}
        if isinstance(settings, SearchSettings):
            found = search(TASKS[name], settings, options.seed, **how)
        else:
            found = learn(TASKS[name], settings, options.seed, **how)
    program = NramProgram(
        name, found.controller, settings.size, settings.steps, {**found.as_dict(), "seed": options.seed}
    )
    checked = program.check(seed=options.seed)
    program.save(output)
    if options.json:
        print_json({"artifact": str(output), **program.as_dict()})
    else:
        _print(name, output, program, found)
    if not found.finished:
        warn("interrupted; the best so far is kept, and the same command goes on")
        return INTERRUPTED
    share, least = checked[0].right / checked[0].tapes, options.least
    if share < (1 if least is None else least):
        wanted = "not all: --least X accepts a share" if least is None else f"which is below --least {least:g}"
        complain("surrogate", "error", f"right on {share:.1%} of the tapes, {wanted}")
        return REJECTED
    return OK


def _task(name: str | None) -> str:
    if name is None:
        raise UsageError("a machine learns a task: --task NAME")
    if name not in NRAM_TASKS:
        raise UsageError(f"no task '{name}'; {did_you_mean(name, NRAM_TASKS)}there are {', '.join(NRAM_TASKS)}")
    return name


def _settings(options: argparse.Namespace, settings: Settings) -> Settings:
    """Those of a task, with what the user says instead."""
    given: dict[str, Any] = {
        name: value
        for name, value in (
            ("kind", options.controller),
            ("rounds", options.rounds),
            ("restarts", options.restarts),
            ("updates", options.steps),
            ("batch", options.batch),
        )
        if value is not None
    }
    return replace(settings, **given)


def _search_settings(options: argparse.Namespace, settings: SearchSettings) -> SearchSettings:
    """As `_settings`. Raises UsageError for an option that a search does not have."""
    for name in ("controller", "restarts", "steps", "batch"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is of descent, and --method search begins each round at random circuits")
    return settings if options.rounds is None else replace(settings, rounds=options.rounds)


def _print(name: str, output: Path, program: NramProgram, found: Learned) -> None:
    rounds = counted(found.rounds, "round")
    by = f"{counted(found.restarts, 'restart')} in {rounds}" if found.drawn else f"{rounds} of search"
    lines = [
        f"learned   from {counted(found.tapes, 'tape')}, by {by}",
        *program.lines(),
        f"time      {found.seconds:.1f} s",
    ]
    report(f"{name} -> {output}", *(f"  {line}" for line in lines))


def run(options: argparse.Namespace, program: NramProgram) -> int:
    return show_run(options, program.run(tape_of(options), **steps_of(options)), "finished")


def trace(options: argparse.Namespace, program: NramProgram) -> int:
    steps = program.trace(tape_of(options), **steps_of(options))
    if options.json:
        document = {"artifact": options.artifact, "steps": [s.as_dict() for s in steps]}
        print_json({**document, "tape": list(steps[-1].tape), "stopped": steps[-1].stopped})
    else:
        print("\n".join(trace_lines(steps)))
        print(",".join(map(str, steps[-1].tape)))
    return exit_code(options, steps[-1].stopped, len(steps))


def check(options: argparse.Namespace, program: NramProgram) -> int:
    """On fresh tapes of the task, of the size that was learned and of twice that."""
    with announced(f"checking {options.artifact}"):
        checked = program.check(200 if options.tapes is None else options.tapes, options.seed, **steps_of(options))
    passed = all(r.passed for r in checked)
    if options.json:
        print_json({"artifact": options.artifact, "sizes": [r.as_dict() for r in checked], "passed": passed})
    else:
        report(options.artifact, *(f"  {line}" for line in program.lines()), *_first_mismatch(checked))
    return OK if passed else REJECTED


def _first_mismatch(checked: Sequence[ExactReport]) -> list[str]:
    found = [r.mismatch for r in checked if r.mismatch is not None]
    return mismatch_lines(found[0]) if found else []


def decompile(options: argparse.Namespace, program: NramProgram) -> int:
    """Circuits, assembly and C, and whether they agree; with -o the C, or the program of the exact target."""
    with announced(f"decompiling {options.artifact}"):
        found = program.decompile(options.artifact)
    if options.output is not None:
        if options.output.endswith(".anc"):
            found.program.check(100)
            found.program.save(options.output)
        else:
            write_output(options.output, _source(found, options.artifact))
    if options.json:
        print_json({"artifact": options.artifact, **_as_dict(found)})
    else:
        print("\n".join(found.lines()))
        print(f"\n{listing(found.decompiled, program.entry)}")
        if options.output is None:
            print(_source(found, options.artifact))
        print(_agreement_line(found))
    return OK if found.agreement.passed else REJECTED


def _source(found: DecompiledController, where: str) -> str:
    if found.decompiled.source is None:
        raise ProgramError([Diagnostic("there is no program that could be written as C", where)])
    return found.decompiled.source


def _agreement_line(found: DecompiledController) -> str:
    a = found.agreement
    share = "all" if a.passed else f"{a.same} of"
    tapes = f"{counted(a.tapes, 'tape')} of {counted(a.memory_size, 'cell')}"
    return f"controller, assembly and C leave the same tape on {share} {tapes}"


def _as_dict(found: DecompiledController) -> dict[str, Any]:
    return {
        "circuits": found.lines(),
        "assembly": str(found.program.program),
        "c": found.decompiled.source,
        "agreement": found.agreement.as_dict(),
    }


def show(options: argparse.Namespace, program: NramProgram) -> int:
    """The choices of every state that is used as a heat map, or a run."""
    suffix = Path(options.output).suffix.lower()
    if suffix not in (".html", ".png"):
        raise UsageError(f"{options.output}: a picture is a .png or an .html file")
    grids: list[Grid]
    if options.tape is None:
        grids = choice_grids(program, options.artifact)
        title = f"{program.entry}: the circuit of each state"
    else:
        steps = program.trace(options.tape, **steps_of(options))
        grids, title = [run_grid(steps)], f"{program.entry}: a run of {counted(len(steps), 'step')}"
    write_output(options.output, figure(title, grids) if suffix == ".png" else grids_page(title, grids))
    return OK
