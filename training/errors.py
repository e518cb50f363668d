"""Errors of many surrogates in one figure: nMSE within bounds, and what a list of it comes to."""

from __future__ import annotations

import numpy as np

from training.arrays import Array


def bounded(errors: Array) -> Array:
    """nMSE in [1e-9, 1e6], so that one exact or one absurd surrogate does not decide a mean."""
    return np.nan_to_num(errors, nan=1e6, posinf=1e6).clip(1e-9, 1e6)


def geometric_mean(errors: Array) -> float:
    """Of bounded nMSE."""
    return float(np.exp(np.log(bounded(errors)).mean()))


def summary(errors: Array) -> dict[str, float]:
    """Geometric mean, median and share of good surrogates (nMSE <= 0.1)."""
    safe = bounded(errors)
    return {
        "geo": geometric_mean(errors),
        "median": float(np.median(safe)),
        "good": float((safe <= 0.1).mean()),
    }
