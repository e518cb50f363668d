"""-O2 where rows are free: the parts, the choice between them, and the network of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import surrogate
from cprograms.sampling import sample
from cprograms.sandbox import run
from surrogate.mlp.fitting.choice import Part, assembled, fitted, make_problem, preferred
from surrogate.mlp.network import Scale, random_towers
from surrogate.mlp.parts.polynomial import Fit

SMOOTH = """\
#pragma surrogate range(x, 0, 2)
double f(double x) { return x * x * x - 2 * x; }
"""
STEPS = """\
#include <math.h>
#pragma surrogate range(x, 0, 10)
#pragma surrogate range(y, 0, 1)
typedef struct { double cubic, saw; } two;
two f(double x, double y) { two r = {x * x * y, x - floor(x) + y * y}; return r; }
"""
DOMAIN = np.array([[-1.0, 1], [-1, 1]])


def problem(results: int = 2) -> object:
    rng = np.random.default_rng(0)

    def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(-1, 1, (count, 2))
        y = np.stack([x[:, 0] * x[:, 1], np.tanh(4 * x[:, 0] + x[:, 1])], axis=1)
        return x, 3 * y[:, :results] + 1

    return make_problem(rows(1500), rows(800), DOMAIN, Scale(np.full(results, 1.0), np.full(results, 3.0)), None)


def test_each_result_takes_the_part_that_errs_least_on_fresh_rows() -> None:
    given = problem()
    start = random_towers(2, 2, np.random.default_rng(0), 16)
    parts = fitted(given, start, 0)  # type: ignore[arg-type]
    assert parts[0].polynomial is not None
    assert parts[0].error < 1e-20
    network = assembled(given, parts)  # type: ignore[arg-type]
    x, y = np.random.default_rng(9).uniform(-1, 1, (500, 2)), None
    y = 3 * np.stack([x[:, 0] * x[:, 1], np.tanh(4 * x[:, 0] + x[:, 1])], axis=1) + 1
    errors = ((network.predict(x) - y) ** 2).mean(0) / 9
    # The errors that chose them are those of other fresh rows, within what 500 rows can tell.
    assert errors[1] == pytest.approx(parts[1].error, rel=1)
    assert errors[0] < 1e-20


def test_a_plain_one_has_towers_alone() -> None:
    given = problem()
    parts = fitted(given, random_towers(2, 2, np.random.default_rng(0), 16), 0, seconds=0.05, plain=True)  # type: ignore[arg-type]
    assert all(part.polynomial is None and part.tower is not None for part in parts)
    assert assembled(given, parts).polynomial is None  # type: ignore[arg-type]


def test_a_network_of_different_parts_is_the_sum_of_them() -> None:
    given = problem()
    tower = random_towers(2, 1, np.random.default_rng(1), 4)
    fit = Fit(np.array([[1, 1]]), np.array([1.0]), 0.0)
    network = assembled(given, [Part(0, polynomial=fit), Part(0, tower=tower)])  # type: ignore[arg-type]
    x = torch.rand(10, 2, dtype=torch.float64) * 2 - 1
    found = network(x)
    torch.testing.assert_close(found[:, 0], 3 * x[:, 0] * x[:, 1] + 1)
    assert network.w1.shape == (2, 4, 2)
    assert not network.w3[0].any()


@pytest.mark.parametrize("source", [SMOOTH, STEPS])
def test_o2_is_the_program_but_for_rounding(source: str) -> None:
    made = surrogate.compile(source=source, opt_level=2)
    x = sample(made.program, 500, 77)
    np.testing.assert_allclose(made.predict(x), run(made.program, x), rtol=1e-7, atol=1e-7)
    assert made.module.w1.shape[1] == 0
    assert "mlp" not in str(made.config()["parts"])


def test_without_gates_a_jump_is_only_approximated() -> None:
    exact, smooth = (surrogate.compile(source=STEPS, opt_level=2, taps=taps) for taps in ("gates", "none"))
    assert exact.check(500).worst.nmse < 1e-12 < smooth.check(500).worst.nmse
    assert smooth.module.taps is None


def test_the_same_seed_gives_the_same_artifact_and_another_one_another(tmp_path: Path) -> None:
    source = "#include <math.h>\ndouble f(double x, double y) { return sin(9 * x * y) / (1.1 + x); }"
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        surrogate.compile(source=source, opt_level=2, seed=seed).save(tmp_path / name)
    read = {name: (tmp_path / name / "model.safetensors").read_bytes() for name in "abc"}
    assert read["a"] == read["b"] != read["c"]


def test_the_rows_that_chose_are_none_that_shaped(monkeypatch: pytest.MonkeyPatch) -> None:
    from surrogate.mlp import pipeline

    seen = []
    monkeypatch.setattr(pipeline, "fitted", lambda problem, *_, **__: seen.append(problem) or [Part(0.0)])
    surrogate.compile(source=SMOOTH, opt_level=2)
    (given,) = seen
    assert not set(map(tuple, given.z)) & set(map(tuple, given.fresh_z))


@pytest.mark.parametrize(
    ("terms", "tower", "chosen"), [(400, 7.9e-6, True), (400, 8.1e-6, False), (20, 0.9e-6, True), (20, 1.1e-6, False)]
)
def test_a_long_polynomial_must_err_much_less_than_a_tower(terms: int, tower: float, chosen: bool) -> None:
    fit = Fit(np.zeros((terms, 2), dtype=np.int64), np.zeros(terms), 1e-6)
    parts = Part(1e-6, polynomial=fit), Part(tower)
    assert (preferred(*parts) is parts[1]) == chosen
    bad = Part(1e-3, polynomial=fit), Part(2e-3)
    assert preferred(*bad) is bad[0]
