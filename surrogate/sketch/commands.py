"""What the command line does with sketches."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.announcements import announced
from cprograms.diagnostics import UsageError
from cprograms.frontend.sketching import Sketch, read_sketch
from cprograms.names import counted
from surrogate.container import ensure_free
from surrogate.graph.fit import Fit, constant_line
from surrogate.numeric.words import number
from surrogate.sketch.artifact import FILES, SketchProgram
from surrogate.sketch.calibration import calibrate
from surrogate.sketch.data import Examples, read_examples
from surrogate.sketch.kernels import Compiled, Kernels
from surrogate.sketch.learning import Learning, Settings, learn
from surrogate.sketch.model import Model
from surrogate.target import Artifact
from surrogate.terminal.console import OK, REJECTED, complain, print_diagnostics, print_json, report, warn, write_output
from surrogate.terminal.progress import progress_bar
from surrogate.terminal.starting import INTERRUPTED


def learn_command(
    options: argparse.Namespace,
    path: str | list[str],
    reading: dict[str, Any],
    library: Sequence[tuple[str, Artifact]],
) -> int:
    """`surrogate learn`: a C file and examples, to an artifact. `library` are artifacts, and where they are: sketches
    whose networks it begins with, and compiled programs that stand for functions."""
    if options.data is None:
        raise UsageError("a sketch is learned from examples: --data FILE")
    names = ("restarts", "steps", "batch", "rate", "entropy", "freeze", "curriculum", "revise", "seed")
    settings = Settings(**{name: value for name in names if (value := getattr(options, name)) is not None})
    for flag in ("freeze", "finetune"):
        if getattr(options, flag) and not library:
            raise UsageError(f"--{flag} needs what is learned already: --library DIR")
    first = path if isinstance(path, str) else path[0]
    output = Path(options.output or ("sketch" if first == "-" else Path(first).stem) + ".sketch")
    ensure_free(output, FILES)
    sketch = read_sketch(path, **reading)
    examples = read_examples(sketch, options.data)
    starts, kernels = _library(sketch, library, bool(options.finetune))
    print_diagnostics(sketch.program.warnings)
    standing = set(kernels.programs) if not kernels.tuned else set()
    if sketch.constants and not sketch.choices and {f.name for f in sketch.learned} <= standing:
        return _calibrated(options, sketch, kernels, examples, settings, output, first)
    checkpoint = output.with_name(f".{output.name}.progress")
    with progress_bar(f"learning {sketch.program.entry}", "loss", "accuracy") as advance:

        def progress(done: int, total: int, loss: float, accuracy: float) -> None:
            advance(done, total, loss=number(loss), accuracy=number(accuracy))

        found = learn(
            sketch, examples, settings, starts=starts, kernels=kernels, checkpoint=checkpoint, progress=progress
        )
    made = SketchProgram(sketch=sketch, model=found.model, learned=_told(found, settings))
    made.save(output)
    best = found.restarts[found.best]
    if options.json:
        print_json({"artifact": str(output), "accuracy": best.accuracy, **found.as_dict(), **made.config()})
    else:
        _print(first, output, made, found)
    if not found.finished:
        warn(f"interrupted after {counted(found.steps, 'step')}; the best so far is kept, and the same command goes on")
        return INTERRUPTED
    return _enough(options, best.accuracy)


def _library(sketch: Sketch, library: Sequence[tuple[str, Artifact]], finetune: bool) -> tuple[list[Model], Kernels]:
    """The sketches of a library, and the compiled programs of it. Raises UsageError for what is neither, or of use."""
    names = {f.name for f in sketch.learned}
    starts: list[Model] = []
    programs: dict[str, Compiled] = {}
    for path, artifact in library:
        if isinstance(artifact, SketchProgram):
            theirs = set(artifact.model.networks)
            starts.append(artifact.model)
        elif isinstance(artifact, Compiled):
            theirs = {artifact.entry}
            programs[artifact.entry] = artifact
        else:
            raise UsageError(f"{path}: only sketches and compiled numeric programs stand for functions")
        if not names & theirs:
            known, needed = (", ".join(sorted(some)) or "none" for some in (theirs, names))
            raise UsageError(f"{path}: a library of other functions: it has {known}, not {needed}")
    if finetune and not programs:
        raise UsageError("--finetune is of compiled programs, and the library has none")
    return starts, Kernels(programs, finetune)


def _told(found: Learning, settings: Settings) -> dict[str, Any]:
    best = found.restarts[found.best]
    return {
        "accuracy": best.accuracy,
        "held_back": found.held_back,
        "examples": found.examples,
        "restarts": settings.restarts,
        "steps": found.steps,
        "seed": settings.seed,
        "undecided": list(best.undecided),
    }


def _print(source: str, output: Path, made: SketchProgram, found: Learning) -> None:
    best = found.restarts[found.best]
    right = sum(r.accuracy >= best.accuracy - 0.05 for r in found.restarts)
    score = "1 - nMSE" if made.model.real else "right"
    lines = [f"learned   {line}" if not k else f"          {line}" for k, line in enumerate(made.lines())]
    lines += [
        f"accuracy  {number(best.accuracy)} {score} on {found.held_back:,} examples held back, of "
        f"{found.examples + found.held_back:,}",
        f"restarts  {right} of {len(found.restarts)} come within 0.05 of the best, number {found.best}",
    ]
    if found.revised:
        lines.append(f"revised   {counted(found.revised, 'choice')} of all restarts, after the gradients")
    if best.undecided:
        lines.append(f"undecided half in two programs: {'; '.join(best.undecided)}")
    report(f"{source} -> {output}", *(f"  {line}" for line in lines), f"  time      {found.seconds:.1f} s")


def _calibrated(
    options: argparse.Namespace,
    sketch: Sketch,
    kernels: Kernels,
    examples: Examples,
    settings: Settings,
    output: Path,
    source: str,
) -> int:
    model = Model(sketch, 1, settings.seed, kernels=kernels)
    with announced(f"fitting the constants of {sketch.program.entry}"):
        found, evaluations = calibrate(model, examples, settings)
    told = found.as_dict() | {"evaluations": evaluations, "seed": settings.seed, "restarts": settings.restarts}
    made = SketchProgram(sketch=sketch, model=model, learned=told)
    made.save(output)
    if options.json:
        print_json({"artifact": str(output), **told, "chosen": made.chosen})
    else:
        report(f"{source} -> {output}", *(f"  {line}" for line in _fit_lines(found, evaluations)))
    return _enough(options, 1 - found.after)


def _fit_lines(found: Fit, evaluations: int) -> list[str]:
    lines = [f"rows      {found.rows:,}: nMSE {number(found.before)} before, {number(found.after)} after"]
    lines += [f"{'' if k else 'constants':9} {constant_line(c)}" for k, c in enumerate(found.constants)]
    return [*lines, f"work      the program was evaluated {counted(evaluations, 'time')} on all rows"]


def _enough(options: argparse.Namespace, accuracy: float) -> int:
    if options.least is None or accuracy >= options.least:
        return OK
    complain("surrogate", "error", f"the accuracy, {number(accuracy)}, is below --least {options.least:g}")
    return REJECTED


def run(options: argparse.Namespace, program: SketchProgram) -> int:
    """Print the results for examples, a row each."""
    if options.input is None:
        raise UsageError("a sketch needs examples to run: --input FILE.npz")
    given = read_examples(program.sketch, options.input, with_results=False)
    y = program.run(given)
    names = [r.name for r in program.sketch.program.results]
    if options.json:
        rows = [[None if np.isnan(v) else v for v in row] for row in y.tolist()]
        print_json({"artifact": options.artifact, "results": names, "rows": rows})
        return OK
    text = io.StringIO()
    rows_out = csv.writer(text, lineterminator="\n")
    rows_out.writerow(names)
    for row in y:
        rows_out.writerow([f"{v:.17g}" for v in row])
    write_output(options.output, text.getvalue())
    return OK


def check(options: argparse.Namespace, program: SketchProgram) -> int:
    """How often a sketch is right on examples that it was not learned from."""
    if options.data is None:
        raise UsageError("a sketch is checked on examples: --data FILE.npz")
    examples = read_examples(program.sketch, options.data)
    accuracy = program.check(examples)
    if options.json:
        print_json({"artifact": options.artifact, "examples": len(examples), "accuracy": accuracy})
    else:
        score = "1 - nMSE" if program.model.real else "right"
        report(f"{options.artifact}", f"  accuracy  {number(accuracy)} {score} on {counted(len(examples), 'example')}")
    return _enough(options, accuracy)


def decompile(options: argparse.Namespace, program: SketchProgram) -> int:
    """The C program with every choice filled in."""
    text = program.decompile()
    if options.json:
        print_json({"artifact": options.artifact, "c": text, "chosen": program.chosen, "networks": program.networks()})
    else:
        write_output(options.output, text)
    return OK
