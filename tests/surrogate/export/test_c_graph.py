"""Graphs as C against `cprograms.graph.evaluate` and the torch module."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.ops import OPS, UNEVALUABLE
from cprograms.types import FLOAT
from surrogate.export.c.graph import function
from surrogate.export.native import batch_of, compiled
from surrogate.graph.module import GraphModule
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of, rows_of
from tests.surrogate.graph.test_module import same

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
LOOPS = {
    "newton": (
        "double f(double a) { double r = a; while (r * r - a > 1e-9) r = (r + a / r) / 2; return r; }",
        [(1, 9)],
    ),
    "nested": (
        "int f(int n, int m) { int s = 0; for (int i = 0; i < n; i++) for (int j = i; j < m; j++) s += j % 3;"
        " return s; }",
        [(0, 20), (0, 20)],
    ),
    "a loop in a branch": (
        "int f(int n, int m) { int s = m; if (m > 3) while (s < n) s = 2 * s + 1; else s -= n; return s; }",
        [(0, 900), (0, 9)],
    ),
    "overflow in a pass": ("int f(int n) { int s = n; for (int i = 0; i < n; i++) s *= 3; return s; }", [(0, 40)]),
    "a value of before": (
        "double f(double a, int n) { double b = a * 2, s = 0; for (int i = 0; i < n; i++) s += b / (i + a);"
        " return s; }",
        [(1, 2), (0, 50)],
    ),
}


def test_every_case_is_what_the_graph_says_and_all_operators_occur(tmp_path: Path) -> None:
    graphs = {}
    for name, case in CASES.items():
        if case.exact:
            program = program_of(case.source, case.ranges)
            graphs[name] = (program, lower(program))
    parts = ["#include <math.h>", "#include <stddef.h>"]
    for k, (program, graph) in enumerate(graphs.values()):
        parts.append(function(f"$nodes{k}", graph, len(program.arguments)))
        parts.append(_batch(k, len(program.arguments), len(graph.roots)))
    library = compiled({"all.c": "\n".join(parts).replace("$", "own_")}, tmp_path, ["-std=gnu99", "-O0", "-fPIC"])
    wrong = []
    for k, (name, (program, graph)) in enumerate(graphs.items()):
        x = rows_of(program, 300)
        loose = any(n.type == FLOAT or n.op in ("tgamma", "lgamma") for n in graph.nodes)
        if not same(batch_of(library, f"batch{k}", len(graph.roots))(x), evaluate(graph, x), 1e-5 if loose else 1e-12):
            wrong.append(name)
    assert wrong == []
    used = {n.op for _, graph in graphs.values() for n in graph.nodes}
    assert {op.name for op in OPS} - used - UNEVALUABLE == set()


def test_loops_are_what_torch_makes_of_them(tmp_path: Path) -> None:
    parts, modules = ["#include <math.h>", "#include <stddef.h>"], []
    for k, (source, ranges) in enumerate(LOOPS.values()):
        program = program_of(source, ranges)
        module = GraphModule(lower(program, executable=True), [a.name for a in program.arguments])
        assert not module.graph.exact or any(n.op == "repeat" for n in module.graph.nodes)
        parts += [function(f"$nodes{k}", module.graph, len(ranges)), _batch(k, len(ranges), 1)]
        modules.append((program, module))
    library = compiled({"all.c": "\n".join(parts).replace("$", "own_")}, tmp_path, ["-std=gnu99", "-O0", "-fPIC"])
    for k, (name, (program, module)) in enumerate(zip(LOOPS, modules, strict=True)):
        x = rows_of(program, 60)
        got, expected = batch_of(library, f"batch{k}", 1)(x), module.predict(x)
        assert same(got, expected, 1e-12), name
        if name == "overflow in a pass":
            assert 0 < np.isnan(got).sum() < len(got)


def test_a_loop_without_end_is_undefined(tmp_path: Path) -> None:
    source = "int f(int n) { int s = n; while (s != 0) s = s > 0 ? s - 2 : s + 2; return s; }"
    text = function("$nodes0", lower(program_of(source, [(0, 9)]), executable=True), 1)
    unit = "\n".join(["#include <math.h>", "#include <stddef.h>", text, _batch(0, 1, 1)]).replace("$", "own_")
    library = compiled({"all.c": unit}, tmp_path)
    assert same(batch_of(library, "batch0", 1)(np.arange(6.0)[:, None])[:, 0], np.array([0, np.nan] * 3))


def _batch(k: int, arguments: int, results: int) -> str:
    return (
        f"void batch{k}(const double *x, double *y, size_t n)"
        f" {{ for (size_t i = 0; i < n; ++i) $nodes{k}(x + i * {arguments}, y + i * {results}); }}"
    )
