"""Idioms of real-valued code: each draws its operands and gives one expression."""

from __future__ import annotations

import math

from pycparser import c_ast

from cprograms.generate import values
from cprograms.generate.guards import (
    absolute_of,
    balance,
    clamp_of,
    extreme_of,
    hypot_of,
    nonzero,
    one_digit,
    positive,
    root_of,
)
from cprograms.generate.nodes import identifier, integer
from cprograms.generate.transcendental import TRANSCENDENTAL
from cprograms.generate.values import Value, convert, moments, select, square, sum_of
from cprograms.generate.writer import Idiom, Writer


def expression(w: Writer) -> Value:
    """Operators over values, in no particular order, mostly without constants."""
    parts = [w.real_of(v) if i == 0 else v for i, v in enumerate(w.gather(2, w.rng.choice((2, 3, 3, 4, 4, 5, 6))))]
    if w.chance(0.3):
        parts.insert(w.rng.randrange(1, len(parts) + 1), w.constant(w.number(0.1, 10)))
    while len(parts) > 1:
        i = w.rng.randrange(len(parts) - 1)
        a, b = parts[i], parts.pop(i + 1)
        op = w.rng.choices("+-*/", (30, 27, 30, 13))[0]
        if op == "*" and a.bound * b.bound < 1e5:
            parts[i] = w.real_of(a) * b
        elif op == "/" and (w.chance(0.4) or (b.lo > 0 and b.hi < 30 * b.lo)):
            parts[i] = w.real_of(a) / nonzero(w, b)
        else:
            parts[i] = w.real_of(a) - b if op == "-" else w.real_of(a) + b
    return w.tame(-parts[0] if w.chance(0.05) else parts[0])


def linear(w: Writer) -> Value:
    x = w.operand()
    scale = w.number(0.2, 3) * w.sign()
    product = w.constant(abs(scale)) * x if w.chance(0.5) else x * w.constant(abs(scale))
    offset = w.constant(w.number(0.2, 2) * one_digit(x.dev * abs(scale) + 0.1))
    if scale < 0:
        return offset - product
    return product + offset if w.chance(0.6) else product - offset


def combine(w: Writer) -> Value:
    a, b = balance(w, *w.pair())
    if w.chance(0.4):
        b = w.constant(w.number(0.2, 2)) * b
    return a + b if w.chance(0.55) else a - b


def difference(w: Writer) -> Value:
    a, b = balance(w, *w.pair())
    return a - b


def sums(w: Writer) -> Value:
    chosen = w.gather(2, 4)
    total = w.real_of(chosen[0])
    for v in chosen[1:]:
        a, b = balance(w, total, v)
        total = a + b if w.chance(0.7) else a - b
    return total


def product(w: Writer) -> Value:
    a, b = w.pair()
    if a.bound * b.bound > 1e5:
        b = w.fit(b, 2.0)
    return w.real_of(a) * b


def ratio(w: Writer) -> Value:
    a, b = w.pair()
    if w.chance(0.25):
        # A share of a whole: a / (a + b).
        a, b = positive(w, a), positive(w, b)
        a, b = (w.atom(v) for v in balance(w, a, b))
        share = w.real_of(a) / (a + b)
        share.lo, share.hi, share.mid, share.dev = 0.0, 1.0, 0.5, 0.2
        return share
    return w.real_of(a) / nonzero(w, b)


def cross(w: Writer) -> Value:
    """A determinant or a sum of two products."""
    (a, d), (b, c) = w.pair(), w.pair()
    first, second = (
        w.real_of(w.fit(a, 30.0) if a.bound > 300 else a) * d,
        w.real_of(w.fit(b, 30.0) if b.bound > 300 else b) * c,
    )
    first, second = balance(w, first, second)
    return first - second if w.chance(0.6) else first + second


def absolute(w: Writer) -> Value:
    v = w.operand()
    if w.chance(0.6):
        v = v - w.threshold(v)
    elif w.chance(0.5):
        a, b = balance(w, v, w.operand())
        v = a - b
    return absolute_of(w, v)


def polynomial(w: Writer) -> Value:
    x = w.atom(w.fit(w.operand(), 1.5))
    degree = w.rng.choice((2, 2, 3, 3, 4, 5))
    result = w.constant(w.number(0.1, 1.5))
    for _ in range(degree):
        c = w.constant(w.number(0.1, 2))
        result = result * x
        result = result + c if w.chance(0.55) else result - c
    return result


def quadratic(w: Writer) -> Value:
    x = w.atom(w.fit(w.operand(), 3.0))
    y = w.operand() if w.chance(0.6) else w.constant(w.number(0.2, 2))
    return (w.constant(w.number(0.2, 2)) * x * x) + (w.fit(y, 4.0) * x if w.chance(0.5) else w.fit(y, 4.0))


def rational(w: Writer) -> Value:
    x = w.atom(w.fit(w.operand(), 3.0))
    top = x * w.constant(w.number(0.3, 3)) + w.constant(w.number(-2, 2))
    return top / (w.constant(w.number(0.4, 2)) + square(x))


def _differences(w: Writer, most: int) -> list[Value]:
    chosen = w.even(w.gather(2, most))
    half = len(chosen) // 2
    pairs = zip(chosen[:half], chosen[half:], strict=False)
    parts = []
    for a, b in pairs:
        a, b = balance(w, a, b)
        parts.append(w.atom(a - b))
    if len(chosen) % 2:
        v = chosen[-1]
        parts.append(w.atom(v - w.threshold(v)))
    return parts


def distance(w: Writer) -> Value:
    parts = [w.fit(p, 300.0) if p.bound > 3e4 else p for p in _differences(w, w.rng.choice((4, 4, 6, 6, 8, 16)))]
    parts = [w.atom(w.real_of(p)) for p in w.even(parts)]
    kind = w.rng.random()
    if kind < 0.15:
        return sum_of([absolute_of(w, p) for p in parts])
    if kind < 0.25 and len(parts) == 2:
        return hypot_of(w, *parts)
    squares = [square(p) if w.chance(0.8) else w.constant(w.number(0.2, 4)) * square(p) for p in parts]
    total = sum_of(squares)
    return root_of(w, total) if kind < 0.85 else total


def squares(w: Writer) -> Value:
    terms = [square(w.atom(w.real_of(w.fit(v, 20.0) if v.bound > 1e3 else v))) for v in w.even(w.gather(2, 8))]
    total = sum_of(terms)
    return root_of(w, total) if w.chance(0.3) else w.tame(total)


def _paired(w: Writer, most: int) -> list[Value]:
    chosen = [w.real_of(v) for v in w.even(w.gather(4, most))]
    half = len(chosen) // 2
    terms = [
        w.fit(a, 50.0) * w.fit(b, 50.0) if a.bound * b.bound > 1e6 else a * b
        for a, b in zip(chosen[:half], chosen[half:], strict=False)
    ]
    if len(chosen) % 2:
        terms.append(w.fit(chosen[-1], terms[0].dev + 1e-3))
    return terms


def dot(w: Writer) -> Value:
    terms = _paired(w, w.rng.choice((4, 6, 6, 8, 16)))
    total = terms[0]
    for t in terms[1:]:
        total = total - t if w.chance(0.15) else total + t
    return total


def weighted(w: Writer) -> Value:
    chosen = w.gather(3, w.rng.choice((3, 4, 6, 9, 12, 16)))
    size = max(v.dev for v in chosen) or 1.0
    if w.chance(0.35):
        shares = [w.rng.random() + 0.1 for _ in chosen]
        weights = [float(f"{s / sum(shares):.3g}") for s in shares]
    else:
        weights = [w.number(0.1, 2) * (1 if w.chance(0.7) else -1) for _ in chosen]
    if w.chance(0.75):
        weights = [c * min(size / (v.dev or size), 1e4) for v, c in zip(chosen, weights, strict=True)]
    terms = []
    for v, c in zip(chosen, weights, strict=True):
        factor = w.constant(abs(w.near(c)))
        terms.append(factor * v if w.chance(0.6) else v * factor)
    total = terms[0] if weights[0] > 0 else -terms[0]
    for term, c in zip(terms[1:], weights[1:], strict=True):
        total = total + term if c > 0 else total - term
    return total + w.constant(one_digit(total.dev)) if w.chance(0.2) else total


def mean(w: Writer) -> Value:
    chosen = w.even(w.gather(2, w.rng.choice((2, 3, 4, 6, 9))))
    total = sum_of([w.real_of(chosen[0]), *chosen[1:]])
    kind = w.rng.random()
    if kind < 0.5:
        return total / w.constant(float(len(chosen)))
    return total * w.constant(float(f"{1 / len(chosen):.4g}"))


def variance(w: Writer) -> Value:
    chosen = w.even(w.gather(3, w.rng.choice((3, 4, 5, 6))))
    centre = w.local(sum_of([w.real_of(chosen[0]), *chosen[1:]]) / w.constant(float(len(chosen))), waiting=False)
    parts = [w.atom(v - centre) for v in chosen]
    spread = sum_of([square(p) for p in parts])
    spread = spread / w.constant(float(len(chosen) - w.rng.choice((0, 1))))
    return root_of(w, spread) if w.chance(0.5) else spread


def stencil(w: Writer) -> Value:
    """Two directional weighted sums and their magnitude, as in Sobel's operator."""
    chosen = w.even(w.gather(6, 9))
    taps = w.rng.choice(((1, 2, 1), (3, 10, 3), (1, 1, 1), (1, 4, 1)))
    rows = [chosen[0:3], chosen[3:6], chosen[6:9] if len(chosen) == 9 else chosen[3:6]]

    def side(row: list[Value]) -> Value:
        terms = [
            v if t == 1 else w.constant(float(t)) * v if w.chance(0.6) else t * w.real_of(v)
            for v, t in zip(row, taps, strict=True)
        ]
        return sum_of(terms)

    across = w.local(w.real_of(side(rows[2]) - side(rows[0])), waiting=False)
    down = w.local(w.real_of(side([r[2] for r in rows]) - side([r[0] for r in rows])), waiting=False)
    kind = w.rng.random()
    if kind < 0.25:
        return hypot_of(w, across, down)
    if kind < 0.55:
        return absolute_of(w, across) + absolute_of(w, down)
    root = root_of(w, square(across) + square(down))
    if len(chosen) == 9 and w.chance(0.3):
        return root + chosen[4]
    return clamp_of(w, root) if w.chance(0.4) else root


def interpolate(w: Writer) -> Value:
    a, b = balance(w, *w.pair())
    t = w.atom(w.unit_interval(w.operand()))
    if w.chance(0.5):
        a = w.atom(a)
        return a + (b - a) * t
    return a * (w.constant(1.0) - t) + b * t


def bilinear(w: Writer) -> Value:
    p = w.even(w.gather(4, 4))
    u, v = w.atom(w.unit_interval(w.pick(True))), w.atom(w.unit_interval(w.pick(True)))
    top = p[0] * (w.constant(1.0) - u) + p[1] * u
    bottom = p[2] * (w.constant(1.0) - u) + p[3] * u
    return top * (w.constant(1.0) - v) + bottom * v


def rectify(w: Writer) -> Value:
    v = w.operand()
    v = w.atom(v - w.threshold(v) if w.chance(0.6) else v)
    zero = w.constant(0.0)
    if w.chance(0.2):
        return w.math("fdim", lambda x, y: max(x - y, 0.0), v, w.threshold(v), lo=0.0, hi=2 * v.bound)
    if w.chance(0.5):
        result = w.math("fmax", max, v, zero, lo=max(v.lo, 0.0), hi=max(v.hi, 0.0))
    else:
        slope = w.constant(w.number(0.01, 0.3))
        result = select(values.compare(">", v, zero), v, v * slope if w.chance(0.5) else zero)
    result.mid, result.dev = moments(lambda x: max(x, 0.0), v)
    return result


def clamp(w: Writer) -> Value:
    return clamp_of(w, w.operand())


def extremes(w: Writer) -> Value:
    """A chain of minima or maxima."""
    chosen = w.gather(2, w.rng.choice((2, 3, 4, 6)))
    result = w.real_of(chosen[0])
    for v in chosen[1:]:
        result = extreme_of(w, *balance(w, result, v))
    return result


def threshold(w: Writer) -> Value:
    """A ternary."""
    test = w.condition()
    yes = w.operand() if w.chance(0.8) else w.constant(w.number(-2, 2))
    kind = w.rng.random()
    no = yes * w.constant(w.number(-1.5, 1.5)) if kind < 0.3 and yes.simple else w.operand()
    no = w.constant(w.number(-1, 1)) if kind > 0.85 else no
    yes, no = balance(w, yes, no)
    return select(test, yes, w.real_of(no))


def rounding(w: Writer) -> Value:
    x = w.fit(w.operand(), w.rng.choice((3.0, 8.0)))
    kind = w.rng.random()
    if kind < 0.4:
        result = convert(x, "i32") if x.bound < 1e6 else w.math("trunc", math.trunc, x, lo=x.lo, hi=x.hi)
        result = w.real_of(result)
    else:
        name, f = w.rng.choice((("floor", math.floor), ("ceil", math.ceil), ("round", round), ("trunc", math.trunc)))
        result = w.math(name, f, x, lo=math.floor(x.lo), hi=math.ceil(x.hi))
    result.dev = max(result.dev, x.dev)
    return result + w.fit(w.operand(), 1.0) if w.chance(0.4) else result


def _position(w: Writer, x: Value, last: float) -> Value:
    """x mapped into [0, last], the places of a table."""
    if w.chance(0.5):
        return clamp_of(w, w.fit(x, last * 1.1), 0.0, last)
    at = w.unit_interval(x)
    at = at if at.lo >= 0 and at.hi <= 1 else clamp_of(w, at, 0.0, 1.0)
    return at * w.constant(last)


def table(w: Writer) -> Value:
    """An entry of a constant table, or a point between two."""
    size = w.rng.choice((4, 4, 5, 8))
    entries = [w.number(-2, 4) for _ in range(size)]
    x = w.operand()
    between = w.chance(0.55)
    place = _position(w, x, size - 1.001 if between else size - 0.001)
    place = w.atom(place) if between else place
    name = w.table(entries, w.type)
    i = w.local(convert(place, "i32") if between or w.chance(0.8) else place, type="i32", waiting=False)
    entry = Value(c_ast.ArrayRef(identifier(name), i.node), w.type, min(entries), max(entries), mask=x.mask)
    if between:
        following = c_ast.ArrayRef(identifier(name), c_ast.BinaryOp("+", i.node, integer(1)))
        rise = Value(following, w.type, entry.lo, entry.hi) - entry
        entry_dev = entry.dev
        entry = entry + rise * (place - i)
        entry.lo, entry.hi, entry.dev = min(entries), max(entries), entry_dev
        return entry
    return entry * w.operand() if w.chance(0.6) else entry


REAL: dict[str, Idiom] = TRANSCENDENTAL | {
    f.__name__: f
    for f in (
        expression,
        linear,
        combine,
        difference,
        sums,
        product,
        ratio,
        cross,
        absolute,
        polynomial,
        quadratic,
        rational,
        distance,
        squares,
        dot,
        weighted,
        mean,
        variance,
        stencil,
        interpolate,
        bilinear,
        rectify,
        clamp,
        extremes,
        threshold,
        rounding,
        table,
    )
}
