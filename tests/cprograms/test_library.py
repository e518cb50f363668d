"""The library's functions: they load, run, agree with gcc and with their graphs, and compute what they say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import run_many
from tests.cprograms.native import GCC, run_native

LIBRARY = Path(cprograms.__path__[0]) / "library"
NAMES = sorted(path.stem for path in LIBRARY.glob("*.c"))
FIELDS = {
    "Geometry", "Graphics", "Physics", "Finance", "Signal processing", "Statistics", "Control", "Numerics"
}  # fmt: skip
PARROT = {"fft_twiddle", "inverse_kinematics", "colour_distance", "sobel"}
NOT_DATAFLOW = {
    "ackermann",
    "bessel_j0",
    "collatz_steps",
    "cube_root",
    "fibonacci",
    "friction_factor",
    "kepler_anomaly",
}
# Loops until convergence, recursion and goto, and loops too long to unroll: lowering need not follow these to the end.
LOOPS = {
    "ackermann", "collatz_steps", "cube_root", "fibonacci", "friction_factor", "greatest_common_divisor",
    "integer_power", "kepler_anomaly", "lambert_w", "mandelbrot_escape", "yield_to_maturity",
}  # fmt: skip
ROWS = 400


@pytest.fixture(scope="module")
def inputs(library) -> dict[str, np.ndarray]:
    """Random rows of each domain, with its corners for a start."""
    rows = {name: sample(program, ROWS, seed=11) for name, program in library.items()}
    corners = np.random.default_rng(12)
    for name, program in library.items():
        low, high = program.domain.T
        rows[name][:40] = np.where(corners.random((40, len(low))) < 0.5, low, high)
    return rows


@pytest.fixture(scope="module")
def outputs(library, inputs) -> dict[str, np.ndarray]:
    results = run_many([library[name] for name in NAMES], [inputs[name] for name in NAMES])
    return {name: result.y for name, result in zip(NAMES, results, strict=True)}


def tolerance(program: Program, y: np.ndarray) -> float:
    """How far two correct implementations may be apart: rounding in the widest type that the file computes in."""
    single = re.search(r"\bfloat\b", program.source)
    return (1e-6 if single else 1e-11) * max(float(np.abs(y).max()), 1e-30)


def test_there_are_enough_functions_of_every_kind(library):
    assert len(NAMES) >= 50
    assert set(NAMES) >= PARROT
    assert {len(p.arguments) for p in library.values()} >= {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16}
    assert {len(p.results) for p in library.values()} == {1, 2, 3, 4}
    codes = {a.type.code for p in library.values() for a in p.arguments}
    assert codes >= {
        "f64",
        "f32",
        "i64",
        "i32",
        "u32",
        "i16",
        "u16",
        "u8",
        "bool",
    }
    assert {opening_field(p) for p in library.values()} == FIELDS


def opening_field(program: Program) -> str:
    comment = re.match(r"/\*\s+(?:\* )?([A-Z][a-z ]+): ", program.source)
    assert comment, f"{program.path} does not begin with '/* Field: …'"
    return comment[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_file_declares_the_domain_of_the_function_that_names_it(name, library):
    program = library[name]
    assert program.entry == name
    assert {a.origin for a in program.arguments} == {"pragma"}
    assert all(a.low < a.high for a in program.arguments)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_to_finite_varied_results_within_the_declared_ranges(name, library, outputs):
    y = outputs[name]
    assert np.isfinite(y).all(axis=1).mean() >= 0.99
    for result, column in zip(library[name].results, y.T, strict=True):
        assert np.ptp(column) > 0, result.name
        if result.low is not None and result.high is not None:
            slack = 1e-3 * (result.high - result.low)
            assert column.min() >= result.low - slack
            assert column.max() <= result.high + slack


def test_a_good_part_declares_the_range_of_the_result(library):
    declared = [all(r.low is not None for r in p.results) for p in library.values()]
    assert 0.4 <= np.mean(declared) <= 0.8


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_the_sandbox_agrees_with_gcc(library, inputs, outputs, tmp_path):
    native = run_native([library[name] for name in NAMES], [inputs[name] for name in NAMES], tmp_path)
    for name, expected in zip(NAMES, native, strict=True):
        limit = tolerance(library[name], expected)
        np.testing.assert_allclose(outputs[name], expected, rtol=0, atol=limit, err_msg=name)


@pytest.mark.parametrize("name", sorted(set(NAMES) - LOOPS))
def test_the_graph_agrees_with_the_sandbox(name, library, inputs, outputs):
    graph = lower(library[name])
    assert graph.exact
    limit = tolerance(library[name], outputs[name])
    np.testing.assert_allclose(evaluate(graph, inputs[name]), outputs[name], rtol=0, atol=limit)


@pytest.mark.parametrize("name", sorted(LOOPS))
def test_a_program_of_loops_has_a_graph_of_its_results(name, library):
    graph = lower(library[name])
    assert len(graph.roots) == len(library[name].results)
    assert {n.value for n in graph.nodes if n.op == "arg"} == set(range(len(library[name].arguments)))
