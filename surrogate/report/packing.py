"""Numbers as the page's script reads them: 16 bits each, in blocks with a scale of their own.

A block is one slice or one map. Of each point there are two numbers, the truth, and how far the surrogate is above it;
where there is no truth, the second is the surrogate itself, on a scale BESIDE times the truth's.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

MOST, MISSING, BESIDE = 32767, -32768, 4

Values = npt.NDArray[np.float64]


def packed(truth: Values, surrogate: Values) -> dict[str, Any]:
    """Blocks [blocks, points] of what a program gives and what its surrogate says, NaN where there is no number."""
    known = np.isfinite(truth)
    seen = np.where(known, truth, np.nan)
    # Where there is a truth, how far a surrogate is from it elsewhere must not make it coarse.
    scaling = np.where(known.any(1, keepdims=True), seen, surrogate)
    half_low, half_high = _bounds(scaling / 2)
    middle, unit = half_low + half_high, half_high - half_low
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.where(known, surrogate - truth, np.nan)
    most = np.nanmax(np.abs(np.where(np.isfinite(error), error, 0)), axis=1)
    first = _rounded((seen / 2 - middle[:, None] / 2) * 2, unit)
    second = _rounded(error, most)
    beside = _rounded((surrogate / 2 - middle[:, None] / 2) * (2 / BESIDE), unit)
    return {
        "truth": _text(first),
        "beside": _text(np.where(known, second, beside)),
        "scale": [[float(f"{v:.9g}") for v in block] for block in zip(middle, unit, most, strict=True)],
    }


def unpacked(pack: dict[str, Any], points: int) -> tuple[Values, Values]:
    """The inverse, as the script has it: the truth and the surrogate, [blocks, points]."""
    first, second = (
        np.frombuffer(base64.b64decode(pack[k]), dtype="<i2").reshape(-1, points).astype(np.float64)
        for k in ("truth", "beside")
    )
    middle, unit, most = np.array(pack["scale"])[:, :, None].transpose(1, 0, 2)
    truth = np.where(first == MISSING, np.nan, middle + unit * first / MOST)
    surrogate = np.where(first == MISSING, middle + BESIDE * unit * second / MOST, truth + most * second / MOST)
    return truth, np.where(second == MISSING, np.nan, surrogate)


def _bounds(blocks: Values) -> tuple[Values, Values]:
    """The least and the greatest number of each block; 0 where it has none."""
    known = np.isfinite(blocks)
    low = np.where(known, blocks, np.inf).min(1)
    high = np.where(known, blocks, -np.inf).max(1)
    return np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)


def _rounded(values: Values, unit: Values) -> npt.NDArray[np.int16]:
    known = np.isfinite(values)
    with np.errstate(over="ignore"):  # what is beyond the scale is at its end
        scaled = np.divide(values, unit[:, None], out=np.zeros_like(values), where=known & (unit[:, None] > 0))
    return np.where(known, np.round(MOST * np.clip(scaled, -1, 1)), MISSING).astype("<i2")


def _text(values: npt.NDArray[np.int16]) -> str:
    return base64.b64encode(values.astype("<i2").tobytes()).decode()
