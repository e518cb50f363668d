"""One run of the protocol: from settings to the finished page."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from surrogate.mlp.emission.pretrained import Compiler, load_compiler
from surrogate.mlp.parts.taps import operator_count
from surrogate.mlp.pipeline import LEVEL_ROWS
from training.evaluation import protocol_report
from training.evaluation.levels import errors_at, level_rows, text_errors_with_scale
from training.evaluation.protocol import (
    BASELINE,
    Measured,
    ProtocolConfig,
    job_count,
    make_bench,
    measure,
    prepare,
    prepare_validation,
    work_folder,
)
from training.evaluation.suites import Suite
from training.examples.example import ARGUMENTS
from training.held_out import HeldOut
from training.starts.table import STARTS, Need

PACKAGES = ("surrogate-compiler", "torch", "numpy", "wasmtime", "ziglang")


def evaluate(
    config: ProtocolConfig, methods: Sequence[str] | None, output: Path, work: Path, processes: int, command: str
) -> str:
    """Run what `work` has no figures of, write the report, and return its page.

    Raises UsageError for a suite, method, baseline or compiler that there is not.
    """
    started = time.perf_counter()
    compiler = load_compiler(config.compiler)
    folder = work_folder(work, config, compiler.sha256)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        running = bar.add_task("rows", total=None)
        prepared = prepare(config)
        suite = prepared.suites[0]
        measured = None
        if config.sizes:
            bench = make_bench(prepared.suites, prepare_validation(config), config)
            chosen = _methods(methods, list(bench.starts), config.taps)
            bar.update(running, description="starts", total=job_count(config, chosen))
            measured = measure(bench, config, chosen, folder, processes, lambda n: bar.advance(running, n))
        bar.update(running, description="levels")
        levels = None if config.taps else _levels(compiler, prepared.held, folder)
    document = {
        "command": command,
        "seconds": round(time.perf_counter() - started),
        "seed": config.seed,
        "seeds": config.seeds,
        "versions": {name: version(name) for name in PACKAGES},
        "machine": platform.processor() or platform.machine(),
        "compiler": compiler.sha256,
        "suite": config.suite,
        "programs": len(np.unique(suite.programs)),
        "results": len(suite),
        "left_out": prepared.left_out,
        **(_taps(suite) if config.taps else {"wide": sum(len(h.program.arguments) > ARGUMENTS for h in prepared.held)}),
        **_figures(config, measured, levels),
    }
    return protocol_report.write(document, output)


def _taps(suite: Suite) -> dict[str, Any]:
    """What is read beside the arguments: how many results have taps, how many these are, and what they compute."""
    taps = [t.taps for t in suite.tasks if t.taps]
    return {
        "taps": {
            "results": len(taps),
            "number": sum(map(len, taps)) / len(suite),
            "operators": sum(t.operators for t in taps) / len(suite),
            "of": sum(operator_count(t.graph) for t in suite.tasks) / len(suite),
            "without": [row.name for row in STARTS if not row.taps and row.need is not Need.TOWER],
        }
    }


def _methods(asked: Sequence[str] | None, there: Sequence[str], taps: bool) -> list[str]:
    """The methods asked for in the table's order, with the one that others are compared with."""
    if unknown := [name for name in asked or [] if name not in there]:
        hint = "others read no taps" if taps else "learned ones need --baselines"
        raise UsageError(f"no start '{unknown[0]}'; there are {', '.join(there)} ({hint})")
    return [name for name in there if asked is None or name in asked or name == BASELINE]


def _figures(config: ProtocolConfig, measured: Measured | None, levels: dict[str, Any] | None) -> dict[str, Any]:
    tables = protocol_report.figures(measured) if measured else {}
    compiled = {} if levels is None else {"table": levels["table"]}
    if levels is not None and config.suite == "parrot":
        compiled["programs_table"] = levels["programs"]
    return {"bars": protocol_report.bars(config, levels, measured, tables), **compiled, **tables}


def _levels(compiler: Compiler, held: list[HeldOut], folder: Path) -> dict[str, Any]:
    """What a compile at each level comes to: by classes of programs, and by program in the mean over its results."""
    path = folder / "levels.json"
    if not path.exists():
        errors = {"-O0, scale given": text_errors_with_scale(compiler.model, held)}
        errors |= {f"-O{level}": errors_at(compiler.model, held, level) for level in LEVEL_ROWS}
        names = np.array([h.program.entry for h in held])
        programs = {
            name: {level: float(e[names == name].mean()) for level, e in errors.items()} for name in np.unique(names)
        }
        replace_file(path, json.dumps({"table": level_rows(held, errors), "programs": programs}).encode())
    figures: dict[str, Any] = json.loads(path.read_bytes())
    return figures
