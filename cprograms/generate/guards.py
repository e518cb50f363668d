"""Guards of real-valued code: what keeps divisors from 0, arguments in a domain, values in limits, terms in balance."""

from __future__ import annotations

import math

from cprograms.generate import values
from cprograms.generate.values import Value, moments, select, square
from cprograms.generate.writer import Writer


def one_digit(x: float) -> float:
    return float(f"{x:.1g}") or 1.0


def balance(w: Writer, a: Value, b: Value) -> tuple[Value, Value]:
    """The two, the larger scaled to the other's size where they are far apart."""
    ratio = (a.dev or 1.0) / (b.dev or 1.0)
    if 0.1 < ratio < 10 or w.chance(0.15):
        return a, b
    return (w.fit(a, 2 * b.dev + abs(b.mid)), b) if ratio > 1 else (a, w.fit(b, 2 * a.dev + abs(a.mid)))


def nonzero(w: Writer, b: Value) -> Value:
    """A positive divisor made of b, or b itself where it keeps away from 0."""
    if (b.lo > 0 and b.lo * 30 > b.hi) or w.chance(w.grammar.unguarded):
        return w.real_of(b)
    if b.lo >= 0:
        return b + w.constant(w.number(0.15, 1) * one_digit(b.dev + 0.1))
    if w.chance(0.5):
        b = w.atom(w.fit(b, 3.0))
        return square(b) + w.constant(w.number(0.3, 2))
    return absolute_of(w, b) + w.constant(w.number(0.2, 1) * one_digit(b.dev + 0.1))


def positive(w: Writer, v: Value) -> Value:
    """A value above 0 made of v."""
    if v.lo > 0:
        return v
    if v.lo >= 0:
        return v + w.constant(w.number(0.1, 1))
    kind = w.rng.random()
    if kind < 0.4:
        return absolute_of(w, v) + w.constant(w.number(0.1, 1))
    if kind < 0.65:
        return square(w.atom(v)) + w.constant(w.number(0.1, 1))
    if kind < 0.85:
        return floor_at(w, v, w.number(0.05, 0.5))
    return w.math("exp", math.exp, w.fit(v, 2.0), lo=0.01, hi=math.exp(min(3 * 2.0, 20.0)))


def floor_at(w: Writer, v: Value, least: float) -> Value:
    """max(v, least)."""
    bottom = w.constant(least)
    hi = max(v.hi, least)
    if w.chance(0.6):
        result = w.math("fmax", max, v, bottom, lo=least, hi=hi)
    else:
        v = w.atom(v)
        result = select(values.compare(">", v, bottom), v, bottom)
    result.lo, result.hi = least, hi
    result.mid, result.dev = moments(lambda x: max(x, least), v)
    return result


def absolute_of(w: Writer, v: Value) -> Value:
    hi = v.bound
    lo = 0.0 if v.lo <= 0 <= v.hi else min(abs(v.lo), abs(v.hi))
    if w.chance(0.85):
        return w.math("fabs", abs, v, lo=lo, hi=hi)
    v = w.atom(v)
    result = select(values.compare("<", v, w.constant(0.0)), -v, v)
    result.lo, result.hi = lo, hi
    result.mid, result.dev = moments(abs, v)
    return result


def clamp_of(w: Writer, v: Value, low: float | None = None, high: float | None = None) -> Value:
    """v between two constants; unless given, they cut some of its values off."""
    if low is None or high is None:
        low = w.near(v.mid - w.rng.uniform(0.4, 1.3) * v.dev)
        high = w.near(v.mid + w.rng.uniform(0.4, 1.3) * v.dev)
        if low >= high:
            return v
    least, most = w.constant(low), w.constant(high)
    mid, dev = moments(lambda x: max(low, min(high, x)), v)
    if w.chance(0.5):
        result = w.math("fmin", min, w.math("fmax", max, v, least, lo=low, hi=max(v.hi, low)), most, lo=low, hi=high)
    else:
        v = w.atom(v)
        inner = select(values.compare(">", v, most), most, v)
        result = select(values.compare("<", v, least), least, inner)
    result.lo, result.hi, result.mid, result.dev = max(low, min(v.lo, high)), min(high, max(v.hi, low)), mid, dev
    return result


def extreme_of(w: Writer, a: Value, b: Value) -> Value:
    least = w.chance(0.5)
    f = min if least else max
    lo, hi = f(a.lo, b.lo), f(a.hi, b.hi)
    if w.chance(0.6):
        result = w.math("fmin" if least else "fmax", f, a, b, lo=lo, hi=hi)
    else:
        a, b = w.atom(a), w.atom(b)
        result = select(values.compare("<" if least else ">", a, b), a, b)
    shift = 0.5 * (a.dev + b.dev)
    result.lo, result.hi = lo, hi
    result.mid = min(max(f(a.mid, b.mid) + (-shift if least else shift) / 2, lo), hi)
    result.dev = 0.8 * max(a.dev, b.dev)
    return result


def root_of(w: Writer, v: Value) -> Value:
    """sqrt of a value that is not negative."""
    return w.math(
        "sqrt", lambda x: math.sqrt(max(x, 0.0)), v, lo=math.sqrt(max(v.lo, 0.0)), hi=math.sqrt(max(v.hi, 0.0))
    )


def hypot_of(w: Writer, a: Value, b: Value) -> Value:
    result = w.math("hypot", math.hypot, a, b, lo=0.0, hi=math.hypot(a.bound, b.bound))
    result.mid = math.hypot(abs(a.mid) + a.dev, abs(b.mid) + b.dev) * 0.9
    result.dev = math.hypot(a.dev, b.dev) * 0.6
    return result
