"""Exported C beside ONNX Runtime, both on one thread: nanoseconds a row, alone and in a batch, and their ratios."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

import cprograms
from surrogate.export.c import sources
from surrogate.export.native import batch_of, compiled
from surrogate.export.onnx.model import model
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import Scale, emitted_network, random_towers
from training.markdown import table_lines

ROWS = 10_000
SHAPES = ((2, 1, 16), (3, 1, 64), (6, 1, 64), (6, 1, 128), (3, 4, 64))
"""Arguments, results and hidden units of the networks that are timed."""
FLAGS = {"-O3": ("-O3",), "-O3 -march=native": ("-O3", "-march=native")}
_ALONE = """\
#include "f.h"
double alone(size_t n)
{{
    double sum = 0, x[{arguments}] = {{0}};
    for (size_t i = 0; i < n; ++i) {{
        x[0] = (double)(i % 64) / 64; /* so that no call can be left out */
        sum += {call};
    }}
    return sum;
}}
"""


@dataclass(frozen=True)
class Timed:
    """A network, flags of gcc, and nanoseconds a row: of C and of ONNX Runtime, in a batch of ROWS and alone."""

    arguments: int
    results: int
    hidden: int
    flags: str
    c_batch: float
    onnx_batch: float
    c_alone: float
    onnx_alone: float

    @property
    def batch_ratio(self) -> float:
        return self.onnx_batch / self.c_batch

    @property
    def alone_ratio(self) -> float:
        return self.onnx_alone / self.c_alone


def measure(repeats: int = 15) -> list[Timed]:
    """The best of so many turns, in which both take turns. Weights are random: speed does not depend on them."""
    found = []
    for shape in SHAPES:
        artifact = _artifact(*shape)
        content = model(artifact).SerializeToString()
        for name, flags in FLAGS.items():
            with tempfile.TemporaryDirectory(prefix="surrogate-bench-") as folder:
                found.append(_timed(artifact, content, shape, name, flags, Path(folder), repeats))
    return found


def _timed(
    artifact: Surrogate,
    content: bytes,
    shape: tuple[int, int, int],
    name: str,
    flags: Sequence[str],
    folder: Path,
    repeats: int,
) -> Timed:
    arguments, results, _ = shape
    field = ".r0" if results > 1 else ""
    call = f"f({', '.join(f'x[{k}]' for k in range(arguments))}){field}"
    files = {**sources(artifact, name="f"), "alone.c": _ALONE.format(arguments=arguments, call=call)}
    library = compiled(files, folder, ["-std=gnu99", "-fPIC", *flags], ["gcc"])
    batch = batch_of(library, "f_batch", results)
    alone = ctypes.CDLL(str(library)).alone
    alone.argtypes, alone.restype = [ctypes.c_size_t], ctypes.c_double
    x = np.random.default_rng(0).uniform(-1, 1, (ROWS, arguments))
    many, one = _session_calls(content, x)
    kinds: list[tuple[Callable[[], Any], int]] = [
        (lambda: batch(x), ROWS),
        (many, ROWS),
        (lambda: alone(2000), 2000),
        (lambda: [one() for _ in range(200)], 200),
    ]
    for run, _ in kinds:
        run()
    turns = [[_seconds(run) / rows * 1e9 for run, rows in kinds] for _ in range(repeats)]
    return Timed(*shape, name, *np.min(turns, axis=0).tolist())


def _session_calls(content: bytes, x: np.ndarray) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """ONNX Runtime on all rows, and on one, its inputs and outputs bound before, which saves it what can be saved."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    given = {name: np.ascontiguousarray(column) for name, column in zip(names, x.T, strict=True)}
    bound = session.io_binding()
    for name in names:
        bound.bind_cpu_input(name, given[name][:1].copy())
    for output in session.get_outputs():
        bound.bind_output(output.name, "cpu")
    return lambda: session.run(None, given), lambda: session.run_with_iobinding(bound)


def _seconds(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _artifact(arguments: int, results: int, hidden: int) -> Surrogate:
    names = [f"x{k}" for k in range(arguments)]
    takes = ", ".join(f"double {n}" for n in names)
    if results == 1:
        source = f"double f({takes}) {{ return {' + '.join(names)}; }}"
    else:
        fields, values = (" ".join(f"double r{k};" for k in range(results)), ", ".join(["x0"] * results))
        source = f"struct r {{ {fields} }}; struct r f({takes}) {{ struct r r = {{ {values} }}; return r; }}"
    program = cprograms.load(source=source)
    towers = random_towers(arguments, results, np.random.default_rng(0), hidden)
    module = emitted_network(towers, Scale(np.zeros(results), np.ones(results)), program.domain)
    return Surrogate(
        entry=program.entry,
        arguments=program.arguments,
        results=program.results,
        text=program.portable_text,
        module=module,
        opt_level=1,
        seed=0,
        rows=64,
        compiler="",
    )


def facts(found: Sequence[Timed]) -> list[dict[str, Any]]:
    """For JSON."""
    return [asdict(t) | {"batch_ratio": t.batch_ratio, "alone_ratio": t.alone_ratio} for t in found]


def table(found: Sequence[Timed]) -> str:
    """A row a network and flags."""
    head = ["network", "gcc", "C, batch", "ORT, batch", "ORT / C", "C, alone", "ORT, alone", "ORT / C"]
    rows = [
        [
            f"{t.arguments} → {t.hidden} → {t.hidden} → 1{f', {t.results} results' if t.results > 1 else ''}",
            f"`{t.flags}`",
            f"{t.c_batch:.0f} ns",
            f"{t.onnx_batch:.0f} ns",
            f"{t.batch_ratio:.1f}",
            f"{t.c_alone:.0f} ns",
            f"{t.onnx_alone:,.0f} ns",
            f"{t.alone_ratio:.0f}",
        ]
        for t in found
    ]
    return "\n".join(table_lines(head, rows, numbers=6))
