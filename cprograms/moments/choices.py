"""Conditions, and what is chosen by them: a condition narrows what its branches are."""

from __future__ import annotations

import math

import numpy as np

from cprograms.moments.algebra import LINKED, POWERS, Algebra
from cprograms.moments.values import STRATA, Interval, Value, below, mixture, near_zero, standard

NARROWED = 3
"""The degree in which a branch depends on the number that the condition compares."""
AROUND = 8
"""So many of its strata say how a branch lies around what is expected of it."""


def compared(algebra: Algebra, op: str, x: Value, y: Value, whole: bool) -> Value:
    """The flag of `lt`, `le`, `eq` or `ne`; floating numbers that vary are never equal."""
    d = algebra.difference(x, y)
    if op in ("lt", "le"):
        return _flag(algebra, d, below(d.strata, (0.5 if op == "le" else -0.5) if whole else 0.0))
    for one, other in ((x, y), (y, x)):
        if other.variance == other.mean == 0 and one.test is not None and _is_flag(one):
            return _flag(algebra, one.test[0], one.test[1] if op == "ne" else 1 - one.test[1])
    if d.variance > 0 and not whole:
        return algebra.constant(float(op == "ne"))
    share = near_zero(d.strata)
    return _flag(algebra, d, share if op == "eq" else 1 - share)


def truth(algebra: Algebra, x: Value, whole: bool) -> Value:
    """The flag of a number that is not zero."""
    if x.told and _is_flag(x):
        return x
    return compared(algebra, "ne", x, algebra.constant(0.0), whole)


def both(algebra: Algebra, x: Value, y: Value) -> Value:
    """The flag that two flags are set."""
    return _as_flag(algebra, algebra.product(x, y))


def either(algebra: Algebra, x: Value, y: Value) -> Value:
    """The flag that one of two flags is set."""
    return _as_flag(algebra, algebra.difference(algebra.sum(x, y), algebra.product(x, y)))


def _is_flag(x: Value) -> bool:
    return x.interval[0] >= 0 and x.interval[1] <= 1


def _flag(algebra: Algebra, d: Value, share: np.ndarray) -> Value:
    """The flag that is set in these shares of the strata of a number."""
    found = _as_flag(algebra, algebra.function(d, lambda _: share))
    if d.variance > 0:
        found.test = (d, share)
    return found


def _as_flag(algebra: Algebra, x: Value) -> Value:
    """A number that is 0 or 1: its mean says how often it is which."""
    share = min(max(x.mean, 0.0), 1.0)
    c = x.c.copy()
    c[0] = share
    strata = ((np.arange(STRATA) + 0.5) / STRATA >= 1 - share).astype(float)
    return algebra.finished(c, x.rest, share * (1 - share), strata, (0.0, 1.0))


def select(algebra: Algebra, flag: Value, yes: Value, no: Value) -> Value:
    """`flag ? yes : no`."""
    if flag.mean <= 0 or flag.mean >= 1:
        return yes if flag.mean >= 1 else no
    interval = min(yes.interval[0], no.interval[0]), max(yes.interval[1], no.interval[1])
    if flag.told:
        return _told(algebra, flag, yes, no, interval)
    if flag.test is not None:
        return _narrowed(algebra, flag, yes, no, interval)
    return _mixed(algebra, flag, yes, no, interval)


def _narrowed(algebra: Algebra, flag: Value, yes: Value, no: Value, interval: Interval) -> Value:
    """Where the flag compares one number: each branch is what is expected of it where that number leads to it."""
    assert flag.test is not None
    d, share = flag.test
    (u, p), (v, q) = (_given(algebra, branch, d) for branch in (yes, no))
    at = share * u + (1 - share) * v  # [S], the mean in each stratum of d
    mean = float(at.mean())
    variance = float((share * ((u - mean) ** 2 + p) + (1 - share) * ((v - mean) ** 2 + q)).mean())
    c = flag.mean * yes.c + (1 - flag.mean) * no.c
    rest = flag.mean**2 * yes.rest + (1 - flag.mean) ** 2 * no.rest
    c[0] = mean
    for places, coefficients in algebra.powers(d, d.strata, POWERS):
        c[1:] += (float((at * places).mean()) - float(c[1:] @ coefficients[1:])) * coefficients[1:]
    values = np.concatenate([_around(yes, u, p), _around(no, v, q)])
    least, most = min(yes.strata[0], no.strata[0]), max(yes.strata[-1], no.strata[-1])
    weights = np.repeat(np.concatenate([share, 1 - share]), AROUND)
    found = algebra.finished(c, rest, variance, mixture(np.clip(values, least, most), weights), interval)
    found.test = None if p or q else (d, at)
    return found


def _around(x: Value, at: np.ndarray, variance: float) -> np.ndarray:
    """Values [S AROUND] of x, which is expected to be `at` [S]: they lie around that as x does around its mean."""
    shape = standard(x.shape.reshape(AROUND, -1).mean(1)) * math.sqrt(variance)
    return np.asarray((at[:, None] + shape).ravel())


def _given(algebra: Algebra, x: Value, d: Value) -> tuple[np.ndarray, float]:
    """What is expected of x in the strata of d [S], and how much it varies around that."""
    if x.variance == 0:
        return np.full(STRATA, x.mean), 0.0
    if x.test is not None:
        source, at = x.test
        linked = 1.0 if source is d else source.correlation(d)
        if abs(linked) > LINKED:
            return at if linked > 0 else at[::-1], 0.0
    linked = x.correlation(d)
    if abs(linked) > LINKED:
        return np.clip(x.mean + x.std * math.copysign(1, linked) * d.shape, *x.interval), 0.0
    at, left = np.full(STRATA, x.mean), x.variance
    for places, coefficients in algebra.powers(d, d.strata, NARROWED):
        slope = float(x.c[1:] @ coefficients[1:])
        at += slope * places
        left -= slope * slope
    return np.clip(at, *x.interval), max(left, 0.0)


def _told(algebra: Algebra, flag: Value, yes: Value, no: Value, interval: Interval) -> Value:
    """Where the flag is known: exactly its product with what the branches differ by, as far as the basis goes."""
    p = flag.mean
    c, rest = no.c + algebra.galerkin(flag.c, yes.c - no.c), p * yes.rest + (1 - p) * no.rest
    strata = mixture(np.concatenate([yes.strata, no.strata]), np.repeat([p, 1 - p], STRATA))
    return algebra.finished(c, rest, max(float(strata.var()), float(c[1:] @ c[1:]) + rest), strata, interval)


def _mixed(algebra: Algebra, flag: Value, yes: Value, no: Value, interval: Interval) -> Value:
    """Where the flag is of several conditions: its product with what the branches differ by."""
    p = flag.mean
    c = no.c + algebra.galerkin(flag.c, yes.c - no.c)
    values = np.concatenate([yes.strata, no.strata])
    low, high = float(values.min()), float(values.max())
    if not low <= c[0] <= high:
        c[0] = p * yes.mean + (1 - p) * no.mean
    mean = float(c[0])
    set_, unset = flag.c, -flag.c
    unset[0] += 1
    variance = _square(algebra, set_, yes) + _square(algebra, unset, no) - mean * mean
    most = (high - mean) * (mean - low)
    if not 0 < variance <= most:
        square = p * (yes.variance + yes.mean * yes.mean) + (1 - p) * (no.variance + no.mean * no.mean)
        variance = min(max(square - mean * mean, 0.0), most)
    weights = np.repeat([p, 1 - p], STRATA)
    rest = p**2 * yes.rest + (1 - p) ** 2 * no.rest
    return algebra.finished(c, rest, variance, mixture(values, weights), interval)


def _square(algebra: Algebra, flag: np.ndarray, x: Value) -> float:
    """The mean of flag x²."""
    square = algebra.galerkin(x.c, x.c)
    return float(flag @ square) + float(flag[0]) * max(x.variance + x.mean * x.mean - float(square[0]), 0.0)
