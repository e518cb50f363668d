"""The error of emitted towers that read taps, beside the plain ones: what the hypernetwork makes of them, and what the
Gauss–Newton steps alone make of columns that start at zero."""

from __future__ import annotations

import copy
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cprograms.files import replace_file, replace_json
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.scale import settle
from surrogate.mlp.fitting.start import known_scale
from surrogate.mlp.network import Scale, emitted_network
from surrogate.mlp.parts.taps import Choice, Taps, find_taps, operator_count
from surrogate.mlp.pipeline import LEVEL_ROWS, compile_program
from surrogate.numeric.checking.errors import result_error
from training.errors import geometric_mean
from training.evaluation.suites import suite_programs
from training.held_out import HeldOut, held_out_programs, varying
from training.markdown import table_lines
from training.script import command_line

LEVELS = ("-O0, scale given", "-O0", "-O1")
CHOICES: dict[str, Choice] = {"plain": "none", "gates": "gates", "4 taps": 4, "8 taps": 8, "24 taps": 24}
"""How many taps there may be: what `--taps` takes."""
MOST_TAPS = "24 taps"
UNREAD = "24 taps, columns of zero"
"""The same taps where the hypernetwork says nothing of them."""
COMPILED, COMPILED_PLAIN = "compile", "compile --plain"
"""What a compile gives, with all that it does beside a tower: polynomials of the text, and a choice by result."""
COMPILES = {"-O0, scale given": 0, "-O0": 0, "-O1": 1}
GATED = "results with gates"


@dataclass(frozen=True)
class Tapped:
    """One result: whether its own graph has gates, its nMSE by level and choice, and the operators of its program and
    those that the taps of a choice compute."""

    gated: bool
    errors: dict[str, dict[str, float]]
    program: int
    operators: dict[str, int]


def measure_all(out: Path, suites: Sequence[str], data: Path, programs: int, seed: int, compiler: str | None) -> str:
    """Measure the suites and write OUT.json and OUT.md; the Markdown is returned."""
    loaded = load_compiler(compiler)
    found = {suite: measure(loaded.model, held_of(suite, data, programs, seed), compiler) for suite in suites}
    report = {
        "command": command_line(),
        "seed": seed,
        "compiler": loaded.sha256,
        "suites": {suite: summary_of(measured) for suite, measured in found.items()},
    }
    text = page(report)
    replace_json(out.with_suffix(".json"), report)
    replace_file(out.with_suffix(".md"), text.encode())
    return text


def held_of(suite: str, data: Path, programs: int, seed: int) -> list[HeldOut]:
    """The results of a suite that vary on the test rows, with rows for -O1."""
    held = held_out_programs(suite_programs(suite, data, programs), seed=seed, rows=LEVEL_ROWS[1])
    return [h for results in varying(held, LEVEL_ROWS[1] // 2) for h in results]


def measure(model: Hypernetwork, held: Sequence[HeldOut], compiler: str | None = None) -> list[Tapped]:
    """Each result, measured by what a model emits for its program, and by what a compile by `compiler` gives."""
    by_program: dict[int, list[HeldOut]] = defaultdict(list)
    for h in held:
        by_program[id(h.program)].append(h)
    programs = list(by_program.values())
    unread = copy.copy(model)
    unread.architecture = replace(model.architecture, taps=False)
    found: dict[str, dict[str, list[float]]] = {level: {} for level in LEVELS}
    operators: dict[str, list[int]] = {}
    for name, choice in (*CHOICES.items(), (UNREAD, CHOICES[MOST_TAPS])):
        taps = [find_taps(own[0].program, own[0].graph, choice) for own in programs]
        operators[name] = [t.operators if t else 0 for t, own in zip(taps, programs, strict=True) for _ in own]
        for level in LEVELS:
            read_by = unread if name == UNREAD else model
            found[level][name] = _errors(read_by, programs, level, taps, plain=choice == "none")
    for level, opt_level in COMPILES.items():
        for name, plain in ((COMPILED_PLAIN, True), (COMPILED, False)):
            found[level][name] = _compiled(compiler, programs, opt_level, plain, level == LEVELS[0])
    return [
        Tapped(
            find_taps(h.program, h.graph.result(h.result), "gates") is not None,
            {level: {name: errors[k] for name, errors in found[level].items()} for level in LEVELS},
            operator_count(h.graph),
            {name: counts[k] for name, counts in operators.items()},
        )
        for k, h in enumerate(h for own in programs for h in own)
    ]


def _errors(
    model: Hypernetwork,
    programs: Sequence[Sequence[HeldOut]],
    level: str,
    taps: Sequence[Taps | None],
    *,
    plain: bool,
) -> list[float]:
    """The nMSE of each result, program by program; the scale at -O0 is that of a compile, `plain` or not."""
    rows = LEVEL_ROWS[1] if level == "-O1" else 0
    requests = []
    for (h, *_), own in zip(programs, taps, strict=True):
        given = Scale(h.y_test.mean(0), h.y_test.std(0)) if level == LEVELS[0] else None
        request = Request(h.graph, h.program.domain, scale=given, taps=own)
        requests.append(replace(request, x=h.x[:rows], y=h.y[:rows]) if rows else request)
    errors = []
    for results, request, (towers, scale) in zip(programs, requests, emit(model, requests), strict=True):
        h = results[0]
        if request.scale is None:
            scale = known_scale(scale, h.program.results, h.graph, h.y[:rows])
        network = emitted_network(towers, scale, h.program.domain, request.read_by(model))
        if level == "-O0":
            settle(network, h.program, h.graph, evaluated=not plain, read=[[] for _ in h.program.results])
        predicted = network.predict(h.x_test).T
        errors += [result_error("", h.y_test[:, h.result], predicted[h.result]).nmse for h in results]
    return errors


def _compiled(
    compiler: str | None, programs: Sequence[Sequence[HeldOut]], opt_level: int, plain: bool, scale_given: bool
) -> list[float]:
    """The nMSE of each result of a compile, program by program."""
    errors = []
    for results in programs:
        x, y = results[0].x_test, results[0].y_test
        network = compile_program(results[0].program, opt_level=opt_level, compiler=compiler, plain=plain).module
        if scale_given:
            network.mean[:], network.std[:] = torch.from_numpy(y.mean(0)), torch.from_numpy(y.std(0))
        predicted = network.predict(x)
        errors += [result_error("", y[:, h.result], predicted[:, h.result]).nmse for h in results]
    return errors


def summary_of(measured: Sequence[Tapped]) -> dict[str, Any]:
    """Of all results and of those with gates: their number, the mean number of operators of their programs and of the
    taps, and the geometric means of nMSE by level and choice."""
    classes = {"all results": measured, GATED: [m for m in measured if m.gated]}
    return {
        name: {
            "results": len(members),
            "program": statistics.mean(m.program for m in members),
            "operators": {choice: statistics.mean(m.operators[choice] for m in members) for choice in CHOICES},
        }
        | {
            level: {
                choice: geometric_mean(np.array([m.errors[level][choice] for m in members]))
                for choice in members[0].errors[level]
            }
            for level in LEVELS
        }
        for name, members in classes.items()
        if members
    }


def page(report: dict[str, Any]) -> str:
    """A table a class of results, a line a suite and level."""
    lines = [
        f"Command: `{report['command']}`, seed {report['seed']}, weights {report['compiler'][:12]}.",
        "",
        "Geometric mean of nMSE on 1,000 fresh rows, of emitted towers alone, but for the last two columns. `-O1`",
        "reads 64 rows, and is measured without the choice between taps and none that a compile makes by held-out",
        "rows. `-O0` has the scale of a compile: but for the plain ones that of the graph's values at points of the",
        "domain. *Compile* is what the command gives: there polynomials of the text stand beside the towers, or teach",
        "them where they are plain, and 256 held-out rows choose at `-O1`. An error below 1e-9 counts as that.",
        "*Operators* is how many the taps compute, in the mean, of those of the program.",
    ]
    names = [*CHOICES, UNREAD, COMPILED_PLAIN, COMPILED]
    for members in ("all results", GATED):
        rows = []
        for suite, classes in report["suites"].items():
            if members in classes:
                rows += _lines(suite, classes[members], names)
        lines += ["", f"## {members.capitalize()}", "", *table_lines(["suite", "results", "level", *names], rows, 0)]
    return "\n".join(lines) + "\n"


def _lines(suite: str, found: dict[str, Any], names: Sequence[str]) -> list[list[str]]:
    """A line a level, then one of the operators."""
    count = str(found["results"])
    lines = [
        [suite, count, level, *(f"{found[level][name]:.2g}" if name in found[level] else "" for name in names)]
        for level in LEVELS
    ]
    operators = [f"{found['operators'][name]:.1f}" for name in CHOICES]
    rest = [""] * (len(names) - len(operators))
    return [*lines, [suite, count, f"operators, of {found['program']:.0f}", *operators, *rest]]
