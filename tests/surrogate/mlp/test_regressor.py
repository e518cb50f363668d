"""The regressor keeps scikit-learn's rules, fits few rows and noisy ones, and goes on from a surrogate."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn", minversion="1.6", reason="the extra [analysis] is not installed")

import joblib
import pandas
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import surrogate
from cprograms import UsageError
from surrogate.mlp.fitting.regression import reordered
from surrogate.mlp.regressor import SurrogateRegressor

HEAT = """
#pragma surrogate range(t, -2, 2)
#pragma surrogate range(h, 0, 3)
double heat(double t, double h) { return t > 0.5 ? exp(t) * h + 1 : sin(3 * t) - h * h; }
"""


@parametrize_with_checks([SurrogateRegressor(steps=1, hidden=8)])
def test_it_keeps_the_rules_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def heat() -> surrogate.Surrogate:
    found = surrogate.compile(source="#include <math.h>\n" + HEAT, opt_level=2)
    assert isinstance(found, surrogate.Surrogate)
    return found


def rows_of(heat: surrogate.Surrogate, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    low, high = heat.domain.T
    x = np.random.default_rng(seed).uniform(low, high, (count, len(low)))
    return x, heat.program.run(x)[:, 0]


def noisy_sine(count: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (count, 1))
    return x, np.sin(5 * x[:, 0]) + noise * rng.normal(size=count)


# --- Rows ---


def test_what_has_no_noise_is_fitted_to_many_digits() -> None:
    x, y = noisy_sine(200, 0)
    model = SurrogateRegressor(steps=1).fit(x, y)
    assert 1 - model.score(*noisy_sine(1000, 0, seed=1)) < 1e-15
    assert model.errors_.shape == (1,)
    assert model.errors_[0] < 1e-15
    assert model.parts_[0].startswith("chebyshev")


@pytest.mark.parametrize("plain", [False, True])
def test_noise_is_not_fitted(plain: bool) -> None:
    """The error against the sine itself is far below the noise, whose variance is about a fifth of its own."""
    x, y = noisy_sine(200, 0.3)
    fresh, true = noisy_sine(1000, 0, seed=1)
    assert SurrogateRegressor(plain=plain).fit(x, y).score(fresh, true) > 0.95


def test_pure_noise_is_the_mean_or_nearly() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 4)), rng.normal(size=100)
    predicted = SurrogateRegressor(steps=2).fit(x, y).predict(rng.normal(size=(500, 4)))
    assert np.abs(predicted - y.mean()).max() < 0.5


def test_it_is_no_worse_than_a_line_on_noisy_measurements() -> None:
    x, y = load_diabetes(return_X_y=True)
    model = SurrogateRegressor(steps=1).fit(x[:332], y[:332])
    line = LinearRegression().fit(x[:332], y[:332])
    assert model.score(x[332:], y[332:]) > line.score(x[332:], y[332:]) - 0.02


@pytest.mark.parametrize("count", range(2, 11))
def test_few_rows_are_enough(count: int) -> None:
    rng = np.random.default_rng(count)
    x = np.column_stack([rng.uniform(-1, 1, count), np.full(count, 3.0)])
    y = 2 * x[:, 0] + 1
    model = SurrogateRegressor(steps=1).fit(x, y)
    assert np.isfinite(model.predict(x)).all()
    assert np.abs(model.predict([[0, 3.0]]) - 1) < (1e-6 if count > 5 else 2.5)


def test_a_single_row_is_refused() -> None:
    with pytest.raises(ValueError, match="minimum of 2"):
        SurrogateRegressor().fit([[1.0]], [2.0])


def test_constant_columns_and_results_are_exact() -> None:
    x = np.column_stack([np.arange(20.0), np.full(20, 7.0)])
    y = np.column_stack([np.full(20, 0.1), x[:, 0] ** 2])
    model = SurrogateRegressor(steps=1).fit(x, y)
    assert (model.predict(x)[:, 0] == 0.1).all()
    assert np.allclose(model.predict(x)[:, 1], y[:, 1])
    assert model.predict([[3.0, -99.0]])[0, 1] == pytest.approx(9)  # what never varied is not read


def test_outputs_have_the_axes_of_the_targets() -> None:
    x, y = noisy_sine(30, 0)
    for target in (y, y[:, None], np.column_stack([y, x[:, 0], -y])):
        assert SurrogateRegressor(steps=1).fit(x, target).predict(x).shape == target.shape


def test_the_module_is_the_prediction_in_the_rows_units() -> None:
    x, y = noisy_sine(50, 0.1)
    x = 1e4 + 300 * x
    model = SurrogateRegressor(steps=1).fit(x, 50 * y)
    inputs = torch.tensor(x, requires_grad=True)
    predicted = model.module_(inputs)
    assert np.allclose(predicted.detach().numpy()[:, 0], model.predict(x))
    (slope,) = torch.autograd.grad(predicted.sum(), inputs)
    moved = model.predict(x + 1e-2) - model.predict(x - 1e-2)
    assert np.allclose(slope[:, 0], moved / 2e-2, rtol=1e-3, atol=1e-4)


def test_a_plain_one_is_an_mlp_alone() -> None:
    model = SurrogateRegressor(steps=1, plain=True, hidden=8).fit(*noisy_sine(60, 0))
    assert model.parts_ == ["mlp 2×8"]


def test_the_same_seed_gives_the_same_and_another_one_another() -> None:
    x, y = noisy_sine(80, 0.2)
    first, again, other = (
        SurrogateRegressor(steps=1, plain=True, random_state=seed).fit(x, y).predict(x) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert not (first == other).all()


def test_a_budget_ends_where_the_error_is_reached() -> None:
    model = SurrogateRegressor(steps=50, target_nmse=0.5).fit(*noisy_sine(60, 0))
    assert model.n_iter_ == 0
    assert SurrogateRegressor(seconds=0.2, steps=10**6, plain=True).fit(*noisy_sine(60, 0)).n_iter_ < 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"seconds": -1}, "seconds must be a positive number"),
        ({"target_nmse": "low"}, "target_nmse must be a positive number"),
        ({"hidden": 2.5}, "hidden must be a whole number"),
        ({"warm_start": "foo.surrogate"}, "warm_start must be a Surrogate"),
    ],
)
def test_parameters_that_make_no_sense_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SurrogateRegressor(**options).fit(*noisy_sine(10, 0))


def test_the_errors_are_of_rows_that_were_not_seen() -> None:
    """A process that goes through its rows has not the error 0."""
    x, y = noisy_sine(100, 0.5)
    model = SurrogateRegressor(steps=1).fit(x, y)
    measured = 1 - model.score(*noisy_sine(2000, 0.5, seed=1))
    assert 0.5 * measured < model.errors_[0] < 2 * measured


# --- scikit-learn's tools ---


def test_pipelines_and_grid_search_work() -> None:
    x, y = noisy_sine(60, 0.05)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), SurrogateRegressor(steps=1)),
        {"surrogateregressor__plain": [True, False]},
        cv=3,
    ).fit(x, y)
    assert search.best_params_ == {"surrogateregressor__plain": False}
    assert cross_val_score(search.best_estimator_, x, y, cv=3).min() > 0.9


def test_it_is_pickled_and_dumped(heat: surrogate.Surrogate) -> None:
    x, y = rows_of(heat, 40)
    model = SurrogateRegressor(steps=1, warm_start=heat).fit(x, y)
    stream = io.BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    for again in (pickle.loads(pickle.dumps(model)), joblib.load(stream)):
        assert (again.predict(x) == model.predict(x)).all()
        assert (again.warm_start.predict(x) == heat.predict(x)).all()


# --- A warm start ---


def test_a_clone_has_the_surrogate_that_it_starts_from(heat: surrogate.Surrogate) -> None:
    x, y = rows_of(heat, 30)
    copied = clone(SurrogateRegressor(steps=1, warm_start=heat))
    assert (copied.warm_start.predict(x) == heat.predict(x)).all()
    fitted = SurrogateRegressor(steps=1).fit(x, y)
    again = clone(SurrogateRegressor(steps=1, warm_start=fitted))
    assert not hasattr(again, "module_")
    assert again.warm_start is fitted
    assert cross_val_score(again, x, y, cv=2).shape == (2,)


def test_a_few_rows_of_the_program_keep_its_surrogate(heat: surrogate.Surrogate) -> None:
    """With the taps, which know where it jumps."""
    fresh, true = rows_of(heat, 1000, seed=1)
    x, y = rows_of(heat, 12)
    warm, cold = (SurrogateRegressor(steps=1, warm_start=start).fit(x, y) for start in (heat, None))
    assert 1 - warm.score(fresh, true) < 1e-3 < 1 - cold.score(fresh, true)
    assert (warm.module_.taps is None) == (heat.module.taps is None)
    assert heat.predict(x).tolist() == heat.predict(x).tolist()  # it stays as it is


def test_columns_are_matched_by_name(heat: surrogate.Surrogate) -> None:
    x, y = rows_of(heat, 12)
    frame = pandas.DataFrame({"h": x[:, 1], "t": x[:, 0]})
    model = SurrogateRegressor(steps=1, warm_start=heat).fit(frame, y)
    assert list(model.feature_names_in_) == ["h", "t"] == list(model.module_.arguments)
    assert np.allclose(model.predict(frame), heat.predict(x)[:, 0], rtol=1e-2, atol=1e-2)


def test_columns_of_other_names_are_matched_by_place(heat: surrogate.Surrogate) -> None:
    x, y = rows_of(heat, 12)
    model = SurrogateRegressor(steps=1, warm_start=heat).fit(pandas.DataFrame(x, columns=["a", "b"]), y)
    assert np.allclose(model.module_.predict(x), heat.predict(x), rtol=1e-2, atol=1e-2)


def test_a_column_more_and_a_wider_domain_start_from_the_towers() -> None:
    line = surrogate.compile(source="double f(double a, double b) { return a * a - b; }", opt_level=1)
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"b": rng.uniform(-3, 3, 80), "c": rng.normal(size=80), "a": rng.uniform(-3, 3, 80)})
    y = frame.a**2 - frame.b + 0.5 * frame.c
    model = SurrogateRegressor(steps=1, plain=True, warm_start=line).fit(frame, y)
    assert model.score(frame, y) > 0.99


def test_what_does_not_fit_together_is_refused(heat: surrogate.Surrogate) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="X has 3 columns"):
        SurrogateRegressor(warm_start=heat).fit(rng.normal(size=(9, 3)), rng.normal(size=9))
    with pytest.raises(ValueError, match="warm_start has 1 results, y has 2"):
        SurrogateRegressor(warm_start=heat).fit(rng.normal(size=(9, 2)), rng.normal(size=(9, 2)))
    with pytest.raises(NotFittedError):
        SurrogateRegressor(warm_start=SurrogateRegressor()).fit(rng.normal(size=(9, 2)), rng.normal(size=9))


@pytest.mark.parametrize("level", [2, 3])
def test_a_reordered_network_is_the_same_function(level: int) -> None:
    """Level 3 makes a table of it."""
    source = """
    #pragma surrogate range(a, 0, 9)
    #pragma surrogate range(b, -3, 3)
    int f(int a, int b) { return a > 4 ? a * b : a - b; }
    """
    module = surrogate.compile(source=source, opt_level=level, **({"steps": 1} if level == 3 else {})).module
    assert (module.table is not None) == (level == 3)
    x = np.random.default_rng(0).integers([0, -3], [10, 4], (50, 2)).astype(float)
    turned = reordered(module, [1, 0])
    assert turned.arguments == ("b", "a")
    assert np.allclose(turned.predict(x[:, ::-1]), module.predict(x), atol=1e-6)
    if level == 3:
        y = module.predict(x)[:, 0]
        model = SurrogateRegressor(steps=1, warm_start=module).fit(pandas.DataFrame({"b": x[:, 1], "a": x[:, 0]}), y)
        assert model.parts_ == ["a table of 70 points"]


# --- Without the extra ---


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "surrogate.mlp.regressor")
    monkeypatch.delitem(vars(surrogate), "SurrogateRegressor", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(UsageError, match=r"pip install 'surrogate-compiler\[analysis\]'"):
        _ = surrogate.SurrogateRegressor
