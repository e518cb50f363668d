"""`SurrogateRegressor`: what a compile fits, fitted to rows without a program, with scikit-learn's habits.

Shapes: n rows, A arguments (features), R results (outputs).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms import options
from cprograms.diagnostics import UsageError
from surrogate.mlp.card import parts_of
from surrogate.mlp.fitting.portfolio import budget_of
from surrogate.mlp.fitting.regression import regress
from surrogate.mlp.network import MOST_HIDDEN, SurrogateNetwork

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    raise UsageError(
        "SurrogateRegressor needs scikit-learn, 1.6 or later: pip install 'surrogate-compiler[analysis]'"
    ) from None


class SurrogateRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor of an MLP, a polynomial or a Gaussian process, as rows that were left out say.

    Parameters
    ----------
    steps : int, default=4
        Slices of work, of half a second each where there are many rows.
    seconds : float or None, default=None
        The time to take instead of a number of steps; the result then depends on the machine.
    target_nmse : float or None, default=None
        The work ends where every output errs at most this on the held-out rows, as a share of its variance.
    hidden : int or None, default=None
        The width of the MLP: that of `warm_start`, or 64.
    plain : bool, default=False
        Fit an MLP alone.
    random_state : int, RandomState instance or None, default=0
        What splits the rows and draws the weights to start from. With None every fit is another one.
    warm_start : Surrogate, fitted SurrogateRegressor, SurrogateNetwork or None, default=None
        What to go on from. Its weights are the start, and its parts compete. Its arguments are the columns of the same
        name, or of the same place where no name is the same.

    Attributes
    ----------
    module_ : SurrogateNetwork
        The torch module: differentiable, [..., A] to [..., R] in the units of X and y.
    parts_ : list of str
        What it is made of.
    errors_ : ndarray of shape (R,)
        The nMSE on rows that did not shape the parts, each left out or all held out: the mean squared error over the
        variance. They chose the parts, so that fresh rows may say a little more.
    n_iter_ : int
        The slices of work that were done.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (A,)
        Only where X has names that are texts.
    """

    def __init__(
        self,
        *,
        steps: int = 4,
        seconds: float | None = None,
        target_nmse: float | None = None,
        hidden: int | None = None,
        plain: bool = False,
        random_state: Any = 0,
        warm_start: Any = None,
    ):
        self.steps = steps
        self.seconds = seconds
        self.target_nmse = target_nmse
        self.hidden = hidden
        self.plain = plain
        self.random_state = random_state
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any) -> SurrogateRegressor:
        """Fit rows X [n, A] and y [n] or [n, R], at least two.

        Raises ValueError for rows that are no finite numbers, and for a `warm_start` of other arguments or outputs;
        UsageError for parameters that make no sense.
        """
        X, y = validate_data(
            *(self, X, y), dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2, order="C"
        )
        budget = budget_of(self.seconds, self.steps if self.seconds is None else None, self.target_nmse, None)
        found = regress(
            (np.require(X, requirements="W"), np.array(y, dtype=np.float64).reshape(len(X), -1)),
            self._names(),
            budget,
            warm=_network_of(self.warm_start),
            hidden=None if self.hidden is None else options.whole("hidden", self.hidden, 1, MOST_HIDDEN),
            plain=bool(self.plain),
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
        )
        self.module_ = found.network
        self.parts_ = parts_of(found.network)
        self.errors_ = found.errors
        self.n_iter_ = found.steps
        self._one_output = np.ndim(y) == 1
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """[n, A] to [n], or to [n, R] where y had two axes. Raises ValueError for other columns than in the fit."""
        check_is_fitted(self)
        X = np.require(validate_data(self, X, dtype=np.float64, reset=False), requirements="W")
        found: npt.NDArray[np.float64] = self.module_.predict(X)
        return found[:, 0] if self._one_output else found

    def _names(self) -> list[str]:
        named = getattr(self, "feature_names_in_", None)
        return [f"x{k}" for k in range(self.n_features_in_)] if named is None else [str(name) for name in named]

    def __sklearn_clone__(self) -> SurrogateRegressor:
        """A clone, unfitted. A fitted regressor that it starts from is a value of it and stays fitted."""
        found: SurrogateRegressor = super().__sklearn_clone__()
        if isinstance(self.warm_start, SurrogateRegressor):
            found.warm_start = self.warm_start
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _network_of(given: Any) -> SurrogateNetwork | None:
    """The network to start from. Raises UsageError for what has none, and NotFittedError for a regressor unfitted."""
    if given is None or given is False:  # scikit-learn's own estimators say False
        return None
    if isinstance(given, SurrogateRegressor):
        check_is_fitted(given)
    network = getattr(given, "module_", getattr(given, "module", given))
    if not isinstance(network, SurrogateNetwork):
        raise UsageError(f"warm_start must be a Surrogate, a fitted SurrogateRegressor or None, not {given!r:.80}")
    return network
