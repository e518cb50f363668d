"""What a user would fit to the same rows: Gaussian process, gradient boosting, MLP, nearest row.

Each is tuned on the rows it is given and nothing else. Inputs are scaled to [-1, 1] over the domain, outputs to mean 0
and deviation 1. Shapes: K rows, A arguments, n asked rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.linalg import cho_solve

from cprograms.diagnostics import UsageError
from surrogate.mlp.network import HIDDEN
from training.arrays import Array
from training.held_out import Predict

try:
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel, Matern, WhiteKernel
    from sklearn.model_selection import GridSearchCV, KFold
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.neural_network import MLPRegressor
except ImportError:
    raise UsageError("the regressors need scikit-learn: pip install 'surrogate-compiler[analysis]'") from None

Regressor = Callable[[Array, Array, int], Predict]
"""Fits rows x [K, A], y [K] with a seed, to predict [n] from [n, A]: all scaled."""

FOLDS = 3
RESTARTS = 2
"""Random starts of a Gaussian process's hyperparameters, beside the default one."""
LENGTH_SCALES = (0.03, 300.0)
NOISE = (1e-10, 1.0)
"""Bounds of the noise's variance: C programs have none, and the smallest that scikit-learn allows costs digits."""
TREES: Mapping[str, list[Any]] = {"max_depth": [1, 2, 4], "learning_rate": [0.1, 0.3]}
NETWORKS: list[Mapping[str, list[Any]]] = [
    {"solver": ["lbfgs"], "activation": ["tanh"], "alpha": [1e-4, 1e-2, 1e-1]},
    {"solver": ["lbfgs"], "activation": ["relu"], "alpha": [1e-2]},
    {"solver": ["adam"], "activation": ["tanh"], "alpha": [1e-2]},
]


def gaussian_process(x: Array, y: Array, seed: int) -> Predict:
    """ARD kernels with white noise, their hyperparameters by marginal likelihood, the kernel by leave-one-out error."""
    scales = {"length_scale": np.ones(x.shape[1]), "length_scale_bounds": LENGTH_SCALES}
    fitted = [
        _fitted_process(k, x, y, seed) for k in (RBF(**scales), Matern(nu=2.5, **scales), Matern(nu=1.5, **scales))
    ]
    predict: Predict = min(fitted, key=leave_one_out_error).predict
    return predict


def _fitted_process(kernel: Kernel, x: Array, y: Array, seed: int) -> GaussianProcessRegressor:
    noisy = ConstantKernel(1.0, (1e-3, 1e5)) * kernel + WhiteKernel(1e-4, NOISE)
    process = GaussianProcessRegressor(noisy, n_restarts_optimizer=RESTARTS, normalize_y=True, random_state=seed)
    with warnings.catch_warnings():  # a length scale at its bound is an argument that does not matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(x, y)


def leave_one_out_error(process: GaussianProcessRegressor) -> float:
    """Mean squared leave-one-out error at the fitted hyperparameters (Rasmussen & Williams 2006, equation 5.12)."""
    inverse = cho_solve((process.L_, True), np.eye(len(process.L_)))
    return float(np.mean((process.alpha_ / inverse.diagonal()) ** 2))


def boosting(x: Array, y: Array, seed: int) -> Predict:
    trees = GradientBoostingRegressor(n_estimators=100, subsample=0.5, random_state=seed)
    return _searched(trees, TREES, x, y, seed)


def mlp(x: Array, y: Array, seed: int) -> Predict:
    """As wide and deep as a surrogate."""
    network = MLPRegressor(
        hidden_layer_sizes=(HIDDEN, HIDDEN),
        max_iter=300,
        learning_rate_init=3e-3,
        n_iter_no_change=50,
        random_state=seed,
    )
    return _searched(network, NETWORKS, x, y, seed)


def _searched(estimator: Any, grid: Any, x: Array, y: Array, seed: int) -> Predict:
    """The setting of a grid with the least cross-validated squared error, fitted to all rows."""
    folds = KFold(min(FOLDS, len(x)), shuffle=True, random_state=seed)
    search = GridSearchCV(estimator, grid, scoring="neg_mean_squared_error", cv=folds, error_score="raise")
    with warnings.catch_warnings():  # a setting that does not converge is a setting all the same
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(x, y)
    predict: Predict = search.predict
    return predict


def nearest_row(x: Array, y: Array, _seed: int) -> Predict:
    predict: Predict = KNeighborsRegressor(1).fit(x, y).predict
    return predict


REGRESSORS: Mapping[str, Regressor] = {
    "Gaussian process": gaussian_process,
    "boosting": boosting,
    "MLPRegressor": mlp,
    "nearest row": nearest_row,
}
TUNED = ("Gaussian process", "boosting", "MLPRegressor")
