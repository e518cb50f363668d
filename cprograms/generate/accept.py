"""Which results of random programs are worth learning from."""

from __future__ import annotations

import numpy as np

from cprograms.types import Scalar

_LARGEST = 1e9
_FINITE = 0.9
_DISTINCT = 20
# Fourth moment over squared variance: k equal outliers among n rows have n / k.
_KURTOSIS, _KURTOSIS_OF_FEW = 40.0, 10.0


def accept(type: Scalar, y: np.ndarray) -> bool:
    """Whether one result's values, float64 [n] (NaN where a row trapped), make a function to learn.

    At least 90 % are finite, none exceeds 1e9, they vary beyond rounding, no handful of rows holds most of the variance
    (kurtosis at most 40), and there are at least 20 distinct ones: an integer result may have fewer, where no value is
    rare (kurtosis at most 10). Meant for n of about 100 to 300.
    """
    finite = y[np.isfinite(y)]
    if len(finite) < max(_FINITE * len(y), 2) or np.abs(finite).max() > _LARGEST:
        return False
    centred = finite - finite.mean()
    variance = np.mean(centred**2)
    if variance <= (1e-6 * np.abs(finite).max()) ** 2 or variance < 1e-24:
        return False
    few = len(np.unique(finite)) < _DISTINCT
    if few and not type.is_integer:
        return False
    kurtosis = np.mean(centred**4) / variance**2
    return bool(kurtosis <= (_KURTOSIS_OF_FEW if few else _KURTOSIS))
