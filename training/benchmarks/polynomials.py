"""How long surrogates with long polynomials take a row, in every runtime, beside those of another checkout.

This file measures in processes of its own, which import `surrogate` from one checkout or the other: it uses only what
both have. A figure is the least of several turns, in which the checkouts take turns.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import numpy as np
import torch

import cprograms
import surrogate
from cprograms.sampling import sample
from surrogate.export import module as numpy_module
from surrogate.export.c import sources
from surrogate.export.native import batch_of, compiled
from surrogate.export.onnx.model import model
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import HIDDEN, Scale, emitted_network, pruned, random_towers
from surrogate.mlp.parts.polynomial import Chebyshev, total_degree
from training.markdown import table_lines

TREE = Path(__file__).parents[2]
LIBRARY = Path(cprograms.__file__).parent / "library"
NAMES = ("dew_point", "black_scholes_call", "fresnel_schlick", "gray_code", "bond_price", "median5")
"""Of the library: from 150 to 1,143 terms, of 2 to 27 inputs, of degrees from 6 to 40."""
ROWS = (1, 256, 100_000)
MOST_OF_GRADIENTS = 256
"""Rows: the graph of a hundred thousand would take the memory's time."""
BESIDE_TOWERS, MOST_TERMS = (2, 3, 6, 12), (100, 500)
"""Arguments, and terms at most, of polynomials that are timed beside a tower."""
SECONDS, MOST_CALLS = 0.1, 200
_ALONE = """\
#include "f.h"
void alone(const double *x, double *y, size_t n)
{{
    for (size_t i = 0; i < n; ++i) f_batch(x + i * {arguments}, y, 1);
}}
"""
Figures = dict[str, float]
"""By what is measured, such as "torch, 256": nanoseconds a row."""


def measure(names: Sequence[str], beside: Path | None, turns: int) -> list[dict[str, Any]]:
    """The figures of each function, compiled at -O1 in this checkout: of this one, and of the other where there is."""
    found = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="surrogate-bench-") as folder:
            made = surrogate.compile(str(LIBRARY / f"{name}.c"))
            assert isinstance(made, Surrogate)
            assert made.module.polynomial is not None
            made.save(Path(folder) / "made")
            trees = {"after": TREE} | ({} if beside is None else {"before": beside})
            ran: dict[str, list[Figures]] = {tree: [] for tree in trees}
            for _ in range(turns):
                for tree, place in trees.items():
                    ran[tree].append(_in_checkout(place, Path(folder) / "made"))
        figures = {tree: {k: min(turn[k] for turn in own) for k in own[0]} for tree, own in ran.items()}
        terms = len(made.module.polynomial.exponents)
        found.append({"name": name, "terms": terms, "inputs": made.module.w1.shape[2], **figures})
    return found


def _in_checkout(tree: Path, artifact: Path) -> Figures:
    """What a process finds that imports from a checkout."""
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-P", __file__, str(artifact)]
    done = subprocess.run(command, env=environment, cwd=tree, check=True, stdout=subprocess.PIPE, text=True)
    found: Figures = json.loads(done.stdout)
    return found


def measure_towers() -> list[dict[str, float]]:
    """Polynomials of all terms up to a degree beside a tower of the usual width, of the same arguments.

    How many times as long they take a row, in batches of torch and of C.
    """
    torch.set_num_threads(1)
    found = []
    for arguments, most in itertools.product(BESIDE_TOWERS, MOST_TERMS):
        tower, polynomial, terms = _pair(arguments, most)
        x = np.random.default_rng(0).uniform(-1, 1, (max(ROWS), arguments))
        ratios = [_least(lambda: polynomial.predict(x)) / _least(lambda: tower.predict(x))]  # noqa: B023
        took = [_c(artifact, x)[f"C, {len(x):,}"] for artifact in (polynomial, tower)]
        found.append({"arguments": arguments, "terms": terms, "torch": ratios[0], "C": took[0] / took[1]})
    return found


def _pair(arguments: int, most: int) -> tuple[Surrogate, Surrogate, int]:
    """Surrogates of random numbers: one that is a tower, one that is a polynomial, and its number of terms."""
    names = [f"x{k}" for k in range(arguments)]
    source = f"double f({', '.join(f'double {n}' for n in names)}) {{ return {' + '.join(names)}; }}"
    blank = surrogate.compile(source=source, opt_level=0, plain=True)
    assert isinstance(blank, Surrogate)
    rng, scale = np.random.default_rng(0), Scale(np.zeros(1), np.ones(1))
    exponents = total_degree(arguments, list(range(arguments)), set(), most)
    part = Chebyshev(torch.from_numpy(exponents), torch.from_numpy(rng.standard_normal((1, len(exponents)))))
    towers = random_towers(arguments, 1, rng)
    alone = emitted_network(towers.map(torch.zeros_like), scale, blank.domain, polynomial=part)
    made = emitted_network(towers, scale, blank.domain), pruned(alone)
    tower, polynomial = (replace(blank, module=module) for module in made)
    return tower, polynomial, len(exponents)


# --- In the process ---


def timed(artifact: Surrogate) -> Figures:
    """All runtimes on rows of the domain: nanoseconds a row, on one thread."""
    x = sample(artifact.program, max(ROWS), 0)
    torch.set_num_threads(1)
    found = {}
    runtimes = {"torch": artifact.predict, "ONNX Runtime": _onnx(artifact), "numpy": _numpy(artifact)}
    for name, run in runtimes.items():
        for n in ROWS:
            found[f"{name}, {n:,}"] = _least(lambda run=run, n=n: run(x[:n])) / n  # type: ignore[misc]
    for n in (n for n in ROWS if n <= MOST_OF_GRADIENTS):
        given = torch.from_numpy(x[:n]).requires_grad_()
        slopes = lambda given=given: torch.autograd.grad(artifact.module(given).sum(), given)  # noqa: E731
        found[f"torch with gradient, {n:,}"] = _least(slopes) / n
    return found | _c(artifact, x)


def _least(run: Callable[[], Any]) -> float:
    """Nanoseconds of the fastest of several calls after a first one, or of that where it takes long."""
    least, spent = _seconds(run), 0.0
    if least < SECONDS:
        least = np.inf
        for _ in range(MOST_CALLS):
            took = _seconds(run)
            least, spent = min(least, took), spent + took
            if spent > SECONDS:
                break
    return 1e9 * least


def _seconds(run: Callable[[], Any]) -> float:
    started = time.thread_time()
    run()
    return time.thread_time() - started


def _onnx(artifact: Surrogate) -> Callable[[np.ndarray], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    content = model(artifact).SerializeToString()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    return lambda x: session.run(None, dict(zip(names, map(np.ascontiguousarray, x.T), strict=True)))


def _numpy(artifact: Surrogate) -> Callable[[np.ndarray], Any]:
    names: dict[str, Any] = {}
    exec(compile(numpy_module.text(artifact), "exported", "exec"), names)
    run: Callable[[np.ndarray], Any] = names["predict"]
    return run


def _c(artifact: Surrogate, x: np.ndarray) -> Figures:
    """gcc's seconds and the library's kilobytes as well."""
    files = {**sources(artifact, name="f"), "alone.c": _ALONE.format(arguments=x.shape[1])}
    with tempfile.TemporaryDirectory(prefix="surrogate-bench-") as folder:
        before = os.times().children_user
        library = compiled(files, Path(folder), ["-std=gnu99", "-fPIC", "-O3"], ["gcc"])
        found = {"gcc, seconds": os.times().children_user - before, "C, kilobytes": library.stat().st_size / 1000}
        batch, alone = batch_of(library, "f_batch", len(artifact.results)), ctypes.CDLL(str(library)).alone
        alone.argtypes, alone.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t], None
        ones, y = np.ascontiguousarray(x[:1000]), np.zeros(len(artifact.results))
        found["C, 1"] = _least(lambda: alone(ones.ctypes.data, y.ctypes.data, len(ones))) / len(ones)
        for n in ROWS[1:]:
            rows = np.ascontiguousarray(x[:n])
            found[f"C, {n:,}"] = _least(lambda rows=rows: batch(rows)) / n  # type: ignore[misc]
    return found


# --- The page ---


def page(document: Mapping[str, Any]) -> str:
    """A table: a line a runtime and number of rows, a column a function."""
    found = document["functions"]
    compared = "before" in found[0]
    lines = [
        "# Long polynomials",
        "",
        f"`{document['command']}`",
        "",
        "Nanoseconds a row on one thread, for surrogates of the library at `-O1` with long polynomials. The whole",
        "surrogate is timed, its taps with it. Times of different columns were not measured in one run.",
    ]
    if compared:
        lines += ["In brackets: how many times faster than the checkout that it is beside, in the same run."]
    head = ["runtime, rows", *(f"`{f['name']}`, {f['terms']:,} terms" for f in found)]
    head += ["times faster"] if compared else []
    rows = []
    for what in found[0]["after"]:
        ratios = [f["before"][what] / f["after"][what] for f in found] if compared else []
        cells = [_figure(f["after"][what]) for f in found]
        cells = [f"{c} ({r:.3g})" for c, r in zip(cells, ratios, strict=True)] if compared else cells
        mean = [f"{geometric_mean(ratios):.3g}"] if compared else []
        rows.append([what, *cells, *mean])
    lines += ["", *table_lines(head, rows, len(head) - 1), ""]
    lines += [
        "## Beside a tower",
        "",
        f"How many times as long a polynomial takes as a tower of {HIDDEN} hidden units, in batches, in one run.",
        "",
    ]
    others = [
        [*(str(t[k]) for k in ("arguments", "terms")), f"{t['torch']:.2g}", f"{t['C']:.2g}"] for t in document["towers"]
    ]
    lines += table_lines(["arguments", "terms", "torch", "C"], others, 4)
    return "\n".join(lines) + "\n"


def _figure(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    loaded = surrogate.load(sys.argv[1])
    assert isinstance(loaded, Surrogate)
    print(json.dumps(timed(loaded)))
