"""What a user would fit to the same rows: Gaussian process, gradient boosting, MLP, nearest row.

Each is tuned on the rows it is given and nothing else, within a limit of processor seconds. Inputs are scaled to
[-1, 1] over the domain, outputs to mean 0 and deviation 1. Shapes: K rows, A arguments, n asked rows.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from scipy.linalg import cho_solve
from scipy.optimize import minimize

from cprograms.diagnostics import UsageError
from surrogate.mlp.network import HIDDEN
from training.arrays import Array
from training.held_out import Predict

try:
    from sklearn.base import clone
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel, Matern, WhiteKernel
    from sklearn.model_selection import KFold, ParameterGrid, cross_val_score
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.neural_network import MLPRegressor
except ImportError:
    raise UsageError("the regressors need scikit-learn: pip install 'surrogate-compiler[analysis]'") from None

Regressor = Callable[[Array, Array, int, float], Predict]
"""Fits rows x [K, A], y [K] with a seed in some processor seconds, to predict [n] from [n, A]: all scaled."""
Grid = list[dict[str, list[Any]]]

FOLDS = 3
MANY = 256
"""Rows from which the grids go on to larger settings, and of which a process's hyperparameters are first learned."""
RESTARTS = 2
"""Random starts of a Gaussian process's hyperparameters, beside the default one."""
LENGTH_SCALES = (0.03, 300.0)
NOISE = (1e-10, 1.0)
"""Bounds of the noise's variance: C programs have none, and the smallest that scikit-learn allows costs digits."""
JITTERS = (1e-10, 1e-8, 1e-6)
"""Added to a covariance's diagonal, the first with which it factorises."""
TREES: Grid = [{"max_depth": [1, 2, 4], "learning_rate": [0.1, 0.3]}]
MORE_TREES: Grid = [{"max_depth": [2, 4, 6], "learning_rate": [0.05], "n_estimators": [1000]}]
NETWORKS: Grid = [
    {"solver": ["lbfgs"], "activation": ["tanh"], "alpha": [1e-4, 1e-2, 1e-1]},
    {"solver": ["lbfgs"], "activation": ["relu"], "alpha": [1e-2]},
    {"solver": ["adam"], "activation": ["tanh"], "alpha": [1e-2]},
]
LONGER: dict[str, list[Any]] = {"max_iter": [3000], "max_fun": [100_000], "tol": [1e-6]}
MORE_NETWORKS: Grid = [
    {"solver": ["lbfgs"], "activation": ["tanh"], "alpha": [1e-4, 1e-2], **LONGER},
    {"solver": ["lbfgs"], "activation": ["relu"], "alpha": [1e-2], **LONGER},
]


# --- Gaussian process ---


class _TimeIsUp(Exception):
    pass


def gaussian_process(x: Array, y: Array, seed: int, limit: float) -> Predict:
    """ARD kernels with white noise, their hyperparameters by marginal likelihood, the kernel by leave-one-out error.

    Of many rows the hyperparameters are learned from the first ones, in half of the time at most; then they go on from
    there on all rows while there is time.
    """
    started = time.process_time()
    ends = started + limit
    scales = {"length_scale": np.ones(x.shape[1]), "length_scale_bounds": LENGTH_SCALES}
    kernels = [
        ConstantKernel(1.0, (1e-3, 1e5)) * kernel + WhiteKernel(1e-4, NOISE)
        for kernel in (RBF(**scales), Matern(nu=2.5, **scales), Matern(nu=1.5, **scales))
    ]
    half = started + limit / 2
    fitted = [
        _fitted_process(k, x[:MANY], y[:MANY], RESTARTS, seed, _share(half, 3 - i)) for i, k in enumerate(kernels)
    ]
    if len(x) > MANY:
        fitted = [_fitted_process(p.kernel_, x, y, 0, seed, _share(ends, 3 - i)) for i, p in enumerate(fitted)]
    predict: Predict = min(fitted, key=leave_one_out_error).predict
    return predict


def _share(ends: float, left: int) -> float:
    """The processor's time until which the first of so many fits may take."""
    now = time.process_time()
    return now + (ends - now) / left


def _fitted_process(
    kernel: Kernel, x: Array, y: Array, restarts: int, seed: int, ends: float
) -> GaussianProcessRegressor:
    process = GaussianProcessRegressor(
        kernel, optimizer=_until(ends), n_restarts_optimizer=restarts, normalize_y=True, random_state=seed
    )
    with warnings.catch_warnings():  # a length scale at its bound is an argument that does not matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        for jitter in JITTERS:
            try:
                return process.set_params(alpha=jitter).fit(x, y)
            except np.linalg.LinAlgError as error:
                failure = error
    raise failure


def _until(ends: float) -> Callable[..., tuple[Array, float]]:
    """scikit-learn's own optimiser, L-BFGS, which stops with the best that it has seen when the time has come."""

    def optimise(objective: Callable[[Array], tuple[float, Array]], start: Array, bounds: Array) -> tuple[Array, float]:
        best, least = start, np.inf

        def timed(theta: Array) -> tuple[float, Array]:
            nonlocal best, least
            if time.process_time() > ends and np.isfinite(least):
                raise _TimeIsUp
            value, gradient = objective(theta)
            if value < least:
                best, least = theta.copy(), value
            return value, gradient

        with suppress(_TimeIsUp):
            minimize(timed, start, method="L-BFGS-B", jac=True, bounds=bounds)
        return best, least

    return optimise


def leave_one_out_error(process: GaussianProcessRegressor) -> float:
    """Mean squared leave-one-out error at the fitted hyperparameters (Rasmussen & Williams 2006, equation 5.12)."""
    inverse = cho_solve((process.L_, True), np.eye(len(process.L_)))
    return float(np.mean((process.alpha_ / inverse.diagonal()) ** 2))


# --- What is searched on a grid ---


def boosting(x: Array, y: Array, seed: int, limit: float) -> Predict:
    trees = GradientBoostingRegressor(n_estimators=100, subsample=0.5, random_state=seed)
    return _searched(trees, TREES + MORE_TREES if len(x) >= MANY else TREES, x, y, seed, limit)


def mlp(x: Array, y: Array, seed: int, limit: float) -> Predict:
    """As wide and deep as a surrogate."""
    network = MLPRegressor(
        hidden_layer_sizes=(HIDDEN, HIDDEN),
        max_iter=300,
        learning_rate_init=3e-3,
        n_iter_no_change=50,
        random_state=seed,
    )
    return _searched(network, NETWORKS + MORE_NETWORKS if len(x) >= MANY else NETWORKS, x, y, seed, limit)


def _searched(estimator: Any, grid: Grid, x: Array, y: Array, seed: int, limit: float) -> Predict:
    """The setting of a grid with the least cross-validated squared error, fitted to all rows.

    A setting is tried where its folds and a last fit are likely to end in time: settings are in the order of their
    cost, so that each is taken to cost as much as the one before.
    """
    folds = KFold(min(FOLDS, len(x)), shuffle=True, random_state=seed)
    ends = time.process_time() + limit
    best, least, last = clone(estimator), np.inf, 0.0
    with warnings.catch_warnings():  # a setting that does not converge is a setting all the same
        warnings.simplefilter("ignore", ConvergenceWarning)
        for setting in ParameterGrid(grid):
            started = time.process_time()
            if started + last * (1 + 1 / FOLDS) > ends:
                break
            tried = clone(estimator).set_params(**setting)
            scores = cross_val_score(tried, x, y, scoring="neg_mean_squared_error", cv=folds, error_score="raise")
            last = time.process_time() - started
            if -scores.mean() < least:
                best, least = tried, -scores.mean()
        predict: Predict = best.fit(x, y).predict
    return predict


def nearest_row(x: Array, y: Array, _seed: int, _limit: float) -> Predict:
    predict: Predict = KNeighborsRegressor(1).fit(x, y).predict
    return predict


REGRESSORS: Mapping[str, Regressor] = {
    "Gaussian process": gaussian_process,
    "boosting": boosting,
    "MLPRegressor": mlp,
    "nearest row": nearest_row,
}
TUNED = ("Gaussian process", "boosting", "MLPRegressor")
SETTINGS: Mapping[str, list[Any]] = {
    "Gaussian process": [MANY, RESTARTS, LENGTH_SCALES, NOISE, JITTERS],
    "boosting": [MANY, FOLDS, TREES, MORE_TREES],
    "MLPRegressor": [MANY, FOLDS, HIDDEN, NETWORKS, MORE_NETWORKS],
    "nearest row": [],
}
"""What a regressor's results depend on, beside rows, seed, limit and scikit-learn: where it changes they are old."""
