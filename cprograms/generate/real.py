"""Idioms of real-valued code: each draws its operands and gives one expression."""

from __future__ import annotations

import math

from cprograms.generate import values
from cprograms.generate.nodes import identifier, integer
from cprograms.generate.values import Value, convert, moments, select, square
from cprograms.generate.writer import Idiom, Writer
from pycparser import c_ast


def linear(w: Writer) -> Value:
    x = w.operand()
    scale = w.number(0.2, 3) * w.sign()
    product = w.constant(abs(scale)) * x if w.chance(0.5) else x * w.constant(abs(scale))
    offset = w.constant(w.number(0.2, 2) * _round(x.dev * abs(scale) + 0.1))
    if scale < 0:
        return offset - product
    return product + offset if w.chance(0.6) else product - offset


def _round(x: float) -> float:
    return float(f"{x:.1g}") or 1.0


def _balance(w: Writer, a: Value, b: Value) -> tuple[Value, Value]:
    """The two, the larger scaled to the other's size where they are far apart."""
    ratio = (a.dev or 1.0) / (b.dev or 1.0)
    if 0.1 < ratio < 10 or w.chance(0.15):
        return a, b
    return (w.fit(a, 2 * b.dev + abs(b.mid)), b) if ratio > 1 else (a, w.fit(b, 2 * a.dev + abs(a.mid)))


def combine(w: Writer) -> Value:
    a, b = _balance(w, *w.pair())
    if w.chance(0.4):
        b = w.constant(w.number(0.2, 2)) * b
    return a + b if w.chance(0.55) else a - b


def difference(w: Writer) -> Value:
    a, b = _balance(w, *w.pair())
    return a - b


def sums(w: Writer) -> Value:
    chosen = w.gather(2, 4)
    total = w.real_of(chosen[0])
    for v in chosen[1:]:
        a, b = _balance(w, total, v)
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
        a, b = _positive(w, a), _positive(w, b)
        a, b = (w.atom(v) for v in _balance(w, a, b))
        share = w.real_of(a) / (a + b)
        share.lo, share.hi, share.mid, share.dev = 0.0, 1.0, 0.5, 0.2
        return share
    return w.real_of(a) / nonzero(w, b)


def cross(w: Writer) -> Value:
    """A determinant or a sum of two products."""
    (a, d), (b, c) = w.pair(), w.pair()
    first, second = w.real_of(w.fit(a, 30.0) if a.bound > 300 else a) * d, w.real_of(w.fit(b, 30.0) if b.bound > 300 else b) * c
    first, second = _balance(w, first, second)
    return first - second if w.chance(0.6) else first + second


def nonzero(w: Writer, b: Value) -> Value:
    """A positive divisor made of b, or b itself where it keeps away from 0."""
    if b.lo > 0 and b.lo * 30 > b.hi or w.chance(w.grammar.unguarded):
        return w.real_of(b)
    if b.lo >= 0:
        return b + w.constant(w.number(0.15, 1) * _round(b.dev + 0.1))
    if w.chance(0.5):
        b = w.atom(w.fit(b, 3.0))
        return square(b) + w.constant(w.number(0.3, 2))
    return absolute_of(w, b) + w.constant(w.number(0.2, 1) * _round(b.dev + 0.1))


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


def absolute(w: Writer) -> Value:
    v = w.operand()
    if w.chance(0.6):
        v = v - w.threshold(v)
    elif w.chance(0.5):
        a, b = _balance(w, v, w.operand())
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
        a, b = _balance(w, a, b)
        parts.append(w.atom(a - b))
    if len(chosen) % 2:
        v = chosen[-1]
        parts.append(w.atom(v - w.threshold(v)))
    return parts


def _total(terms: list[Value]) -> Value:
    total = terms[0]
    for t in terms[1:]:
        total = total + t
    return total


def distance(w: Writer) -> Value:
    parts = [w.fit(p, 300.0) if p.bound > 3e4 else p for p in _differences(w, w.rng.choice((4, 4, 6, 6, 8, 16)))]
    parts = [w.atom(w.real_of(p)) for p in w.even(parts)]
    kind = w.rng.random()
    if kind < 0.15:
        return _total([absolute_of(w, p) for p in parts])
    if kind < 0.25 and len(parts) == 2:
        return _hypot(w, *parts)
    squares = [square(p) if w.chance(0.8) else w.constant(w.number(0.2, 4)) * square(p) for p in parts]
    total = _total(squares)
    return _root(w, total) if kind < 0.85 else total


def _hypot(w: Writer, a: Value, b: Value) -> Value:
    result = w.math("hypot", math.hypot, a, b, lo=0.0, hi=math.hypot(a.bound, b.bound))
    result.mid = math.hypot(abs(a.mid) + a.dev, abs(b.mid) + b.dev) * 0.9
    result.dev = math.hypot(a.dev, b.dev) * 0.6
    return result


def _root(w: Writer, v: Value) -> Value:
    """sqrt of a value that is not negative."""
    return w.math(
        "sqrt", lambda x: math.sqrt(max(x, 0.0)), v, lo=math.sqrt(max(v.lo, 0.0)), hi=math.sqrt(max(v.hi, 0.0))
    )


def squares(w: Writer) -> Value:
    terms = [square(w.atom(w.real_of(w.fit(v, 20.0) if v.bound > 1e3 else v))) for v in w.even(w.gather(2, 8))]
    total = _total(terms)
    return _root(w, total) if w.chance(0.3) else w.tame(total)


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
    balanced = w.chance(0.75)
    total = None
    for v, c in zip(chosen, weights, strict=True):
        factor = float(f"{abs(c) * min(size / (v.dev or size), 1e4):.3g}") if balanced else abs(c)
        term = w.constant(factor) * v if w.chance(0.6) else v * w.constant(factor)
        if total is None:
            total = term if c > 0 else -term
        else:
            total = total + term if c > 0 else total - term
    assert total is not None
    return total + w.constant(_round(total.dev)) if w.chance(0.2) else total


def mean(w: Writer) -> Value:
    chosen = w.even(w.gather(2, w.rng.choice((2, 3, 4, 6, 9))))
    total = _total([w.real_of(chosen[0]), *chosen[1:]])
    kind = w.rng.random()
    if kind < 0.5:
        return total / w.constant(float(len(chosen)))
    return total * w.constant(float(f"{1 / len(chosen):.4g}"))


def variance(w: Writer) -> Value:
    chosen = w.even(w.gather(3, w.rng.choice((3, 4, 5, 6))))
    centre = w.local(_total([w.real_of(chosen[0]), *chosen[1:]]) / w.constant(float(len(chosen))), waiting=False)
    parts = [w.atom(v - centre) for v in chosen]
    spread = _total([square(p) for p in parts])
    spread = spread / w.constant(float(len(chosen) - w.rng.choice((0, 1))))
    return _root(w, spread) if w.chance(0.5) else spread


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
        return _total(terms)

    across = w.local(w.real_of(side(rows[2]) - side(rows[0])), waiting=False)
    down = w.local(w.real_of(side([r[2] for r in rows]) - side([r[0] for r in rows])), waiting=False)
    kind = w.rng.random()
    if kind < 0.25:
        return _hypot(w, across, down)
    if kind < 0.55:
        return absolute_of(w, across) + absolute_of(w, down)
    root = _root(w, square(across) + square(down))
    if len(chosen) == 9 and w.chance(0.3):
        return root + chosen[4]
    return clamp_of(w, root) if w.chance(0.4) else root


def interpolate(w: Writer) -> Value:
    a, b = _balance(w, *w.pair())
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


def smoothstep(w: Writer) -> Value:
    t = w.local(clamp_of(w, w.unit_interval(w.operand()), 0.0, 1.0), waiting=False)
    curve = t * t * (w.constant(3.0) - w.constant(2.0) * t)
    curve.lo, curve.hi, curve.mid, curve.dev = 0.0, 1.0, 0.5, 0.33
    return curve * w.operand() if w.chance(0.4) else curve


def _turn(w: Writer) -> Value:
    """An angle: a value scaled to a few radians."""
    v = w.operand()
    if 80 <= v.hi <= 400 and v.real and w.chance(0.6):
        # Degrees.
        return v * w.constant(0.0174532925) if w.chance(0.5) else v * w.constant(3.14159265) / w.constant(180.0)
    return w.fit(v, w.rng.choice((1.6, 3.2, 3.2, 5.0)))


def wave(w: Writer) -> Value:
    angle = _turn(w)
    if w.chance(0.3):
        angle = angle + (w.fit(w.operand(), 2.0) if w.chance(0.5) else w.constant(w.number(0.2, 3)))
    s = w.math(*w.rng.choice((("sin", math.sin), ("cos", math.cos))), angle, lo=-1.0, hi=1.0)
    s.dev = max(s.dev, 0.4)
    if w.chance(0.5):
        s = (w.constant(w.number(0.3, 4)) if w.chance(0.5) else w.operand()) * s
    return s + w.fit(w.operand(), 1.5 * s.dev + 0.1) if w.chance(0.3) else s


def tangent(w: Writer) -> Value:
    x = w.fit(w.operand(), 1.0)
    if x.bound > 1.3:
        x = clamp_of(w, x, -1.2, 1.2)
    return w.math("tan", math.tan, x, lo=math.tan(x.lo), hi=math.tan(x.hi))


def rotation(w: Writer) -> Value:
    (x, y), angle = w.pair(), w.atom(_turn(w))
    c = w.math("cos", math.cos, angle, lo=-1.0, hi=1.0)
    s = w.math("sin", math.sin, angle, lo=-1.0, hi=1.0)
    return x * c - y * s if w.chance(0.5) else x * s + y * c


def angle(w: Writer) -> Value:
    a, b = w.pair()
    if w.chance(0.65):
        a, b = _balance(w, a, b)
        result = w.math("atan2", math.atan2, a, b, lo=-3.1416, hi=3.1416)
        result.dev = 1.2
    else:
        result = w.math("atan", math.atan, w.fit(w.real_of(a), 4.0), lo=-1.5708, hi=1.5708)
    return result * w.constant(57.2957795) if w.chance(0.15) else result


def arc(w: Writer) -> Value:
    """acos or asin of something kept within [-1, 1]."""
    x = w.operand()
    x = x if -1 <= x.lo and x.hi <= 1 else clamp_of(w, w.fit(x, 1.1), -1.0, 1.0)
    name, f, lo, hi = w.rng.choice((("acos", math.acos, 0.0, 3.1416), ("asin", math.asin, -1.5708, 1.5708)))
    return w.math(name, lambda v: f(max(-1.0, min(1.0, v))), x, lo=lo, hi=hi)


def cosines(w: Writer) -> Value:
    """The law of cosines: an angle of a triangle, or the side opposite to one."""
    a, b = (w.atom(_positive(w, w.fit(w.operand(), 5.0))) for _ in range(2))
    if w.chance(0.4):
        c = w.math("cos", math.cos, _turn(w), lo=-1.0, hi=1.0)
        side = square(a) + square(b) - w.constant(2.0) * a * b * c
        side.lo = 0.0
        return _root(w, w.math("fabs", abs, side, lo=0.0, hi=side.bound))
    c = w.atom(w.fit(w.operand(), 5.0))
    cosine = (square(a) + square(b) - square(c)) / (w.constant(2.0) * a * b)
    cosine.lo, cosine.hi, cosine.mid, cosine.dev = -20.0, 20.0, 0.2, 0.7
    kept = clamp_of(w, cosine, -1.0, 1.0)
    return w.math("acos", lambda v: math.acos(max(-1.0, min(1.0, v))), kept, lo=0.0, hi=3.1416)


def _positive(w: Writer, v: Value) -> Value:
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


def bell(w: Writer) -> Value:
    x = w.fit(w.operand(), 2.5)
    if w.chance(0.5):
        x = x - w.threshold(x)
    x = w.atom(x)
    if w.chance(0.3):
        return w.constant(1.0) / (w.constant(1.0) + square(x))
    if w.chance(0.3):
        sigma = w.atom(_positive(w, w.fit(w.operand(), 2.0)))
        power = -(square(x)) / (w.constant(2.0) * sigma * sigma)
    else:
        power = -square(x) * w.constant(w.number(0.2, 2))
    result = w.math("exp", lambda v: math.exp(min(max(v, -50.0), 0.0)), power, lo=0.0, hi=1.0)
    result.dev = max(result.dev, 0.2)
    return result


def decay(w: Writer) -> Value:
    t = w.fit(w.operand(), 2.0)
    if t.bound > 6:
        t = clamp_of(w, t, -3.0, 3.0)
    rate = w.constant(w.number(0.3, 1.2))
    power = -t * rate if w.chance(0.6) else t * rate
    lo, hi = math.exp(max(power.lo, -50.0)), math.exp(min(power.hi, 20.0))
    curve = w.math("exp", lambda v: math.exp(max(min(v, 20.0), -50.0)), power, lo=lo, hi=hi)
    return w.operand() * curve if w.chance(0.5) else curve


def logarithm(w: Writer) -> Value:
    v = w.operand()
    kind = w.rng.random()
    if kind < 0.4:
        x = w.constant(1.0) + square(w.atom(v)) if w.chance(0.5) else w.constant(1.0) + absolute_of(w, v)
    elif kind < 0.5:
        return w.math("log1p", lambda u: math.log1p(max(u, 0.0)), absolute_of(w, v), lo=0.0, hi=math.log1p(v.bound))
    else:
        x = _positive(w, v)
    name, f = w.rng.choice((("log", math.log), ("log", math.log), ("log10", math.log10), ("log2", math.log2)))
    low = max(x.lo, 1e-3)
    result = w.math(name, lambda u: f(max(u, low)), x, lo=f(low), hi=f(max(x.hi, low)))
    return result * w.operand() if w.chance(0.2) else result


def root(w: Writer) -> Value:
    v = w.operand()
    kind = w.rng.random()
    if kind < 0.12:
        return w.math(
            "cbrt", lambda u: math.copysign(abs(u) ** (1 / 3), u), v, lo=-(v.bound ** (1 / 3)), hi=v.bound ** (1 / 3)
        )
    if v.lo >= 0 or w.chance(w.grammar.unguarded):
        return _root(w, v)
    if kind < 0.45:
        return _root(w, absolute_of(w, v))
    if kind < 0.75:
        v = w.atom(w.fit(v, 30.0) if v.bound > 1e3 else v)
        return _root(w, square(v) + (w.constant(w.number(0.1, 2)) if w.chance(0.6) else square(w.atom(w.pick(True)))))
    return _root(w, floor_at(w, v, 0.0))


def power(w: Writer) -> Value:
    base = _positive(w, w.fit(w.operand(), 4.0))
    if w.chance(0.75):
        exponent = w.constant(w.rng.choice((0.25, 0.333, 0.5, 0.75, 1.5, 2.0, 2.2, 2.5, 3.0, -0.5, -1.0)))
    else:
        exponent = w.fit(w.operand(), 2.0)
        if exponent.bound > 3:
            exponent = clamp_of(w, exponent, -2.0, 2.0)
    ends = [max(b, 1e-3) ** e for b in (base.lo, base.hi) for e in (exponent.lo, exponent.hi)]
    result = w.math("pow", pow, base, exponent, lo=min(ends), hi=max(ends))
    result.mid, result.dev = moments(lambda b: max(b, 1e-3) ** exponent.mid, base)
    return w.tame(result)


def hyperbolic(w: Writer) -> Value:
    x = w.fit(w.operand(), 2.0)
    kind = w.rng.random()
    if kind < 0.75:
        s = w.math("tanh", math.tanh, x, lo=-1.0, hi=1.0)
        return s * w.operand() if w.chance(0.3) else s
    name, f = w.rng.choice((("sinh", math.sinh), ("cosh", math.cosh), ("asinh", math.asinh)))
    x = clamp_of(w, x, -3.0, 3.0) if x.bound > 4 else x
    return w.math(name, f, x, lo=0.0 if name == "cosh" else f(-x.bound), hi=f(x.bound))


def sigmoid(w: Writer) -> Value:
    x = w.fit(w.operand(), 4.0)
    if w.chance(0.4):
        x = x - w.threshold(x)
    e = w.math("exp", lambda v: math.exp(min(v, 40.0)), -x, lo=0.0, hi=math.exp(min(x.bound, 40.0)))
    result = w.constant(1.0) / (w.constant(1.0) + e)
    result.lo, result.hi = 0.0, 1.0
    result.mid, result.dev = moments(lambda v: 1 / (1 + math.exp(min(-v, 40.0))), x)
    return w.operand() * result if w.chance(0.35) else result


def softplus(w: Writer) -> Value:
    x = w.fit(w.operand(), 4.0)
    e = w.math("exp", lambda v: math.exp(min(v, 40.0)), x, lo=0.0, hi=math.exp(min(x.bound, 40.0)))
    result = w.math("log", lambda v: math.log(max(v, 1.0)), w.constant(1.0) + e, lo=0.0, hi=x.bound + 1)
    result.mid, result.dev = moments(lambda v: math.log1p(math.exp(min(v, 40.0))), x)
    return result


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


def gamma(w: Writer) -> Value:
    x = w.unit_interval(w.operand())
    x = x if x.lo >= 0 else clamp_of(w, x, 0.0, 1.0)
    e = w.rng.choice((0.4167, 0.45, 0.4545, 1.8, 2.2, 2.4))
    exponent = w.constant(1.0) / w.constant(2.2) if w.chance(0.3) else w.constant(e)
    curve = w.math("pow", pow, x, exponent, lo=0.0, hi=max(x.hi, 0.0) ** e)
    curve.mid, curve.dev = moments(lambda v: max(v, 0.0) ** e, x)
    kind = w.rng.random()
    if kind < 0.4:
        return w.constant(255.0) * curve
    if kind < 0.7:
        x = w.atom(x)
        toe = x * w.constant(12.92)
        return select(
            values.compare("<=", x, w.constant(0.0031308)), toe, w.constant(1.055) * curve - w.constant(0.055)
        )
    return curve


def clamp_of(w: Writer, v: Value, low: float | None = None, high: float | None = None) -> Value:
    """v between two constants; unless given, they cut some of its values off."""
    if low is None or high is None:
        low = float(f"{v.mid - w.rng.uniform(0.4, 1.3) * v.dev:.2g}")
        high = float(f"{v.mid + w.rng.uniform(0.4, 1.3) * v.dev:.2g}")
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


def clamp(w: Writer) -> Value:
    return clamp_of(w, w.operand())


def extremes(w: Writer) -> Value:
    """A chain of minima or maxima."""
    chosen = w.gather(2, w.rng.choice((2, 3, 4, 6)))
    result = w.real_of(chosen[0])
    for v in chosen[1:]:
        result = _extreme(w, *_balance(w, result, v))
    return result


def _extreme(w: Writer, a: Value, b: Value) -> Value:
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


def threshold(w: Writer) -> Value:
    """A ternary."""
    test = w.condition()
    yes = w.operand() if w.chance(0.8) else w.constant(w.number(-2, 2))
    kind = w.rng.random()
    no = yes * w.constant(w.number(-1.5, 1.5)) if kind < 0.3 and yes.simple else w.operand()
    no = w.constant(w.number(-1, 1)) if kind > 0.85 else no
    yes, no = _balance(w, yes, no)
    return select(test, yes, w.real_of(no))


def periodic(w: Writer) -> Value:
    x = w.fit(w.operand(), 3.0)
    period = w.number(1, 3)
    if w.chance(0.5):
        result = w.math("fmod", math.fmod, x, w.constant(period), lo=-period, hi=period)
        result.mid, result.dev = (0.0, period / 2) if x.lo < 0 else (period / 2, period / 3.4)
        return result
    x = w.atom(x)
    result = x - w.math("floor", math.floor, x, lo=x.lo - 1, hi=x.hi)
    result.lo, result.hi, result.mid, result.dev = 0.0, 1.0, 0.5, 0.29
    return result


def rounding(w: Writer) -> Value:
    x = w.fit(w.operand(), w.rng.choice((3.0, 8.0)))
    kind = w.rng.random()
    if kind < 0.4:
        result = convert(x, "i32") if x.bound < 1e6 else w.math("trunc", math.trunc, x, lo=x.lo, hi=x.hi)
        result = w.real_of(result)
    else:
        name, f = w.rng.choice(
            (("floor", math.floor), ("ceil", math.ceil), ("round", round), ("trunc", math.trunc))
        )
        result = w.math(name, f, x, lo=math.floor(x.lo), hi=math.ceil(x.hi))
    result.dev = max(result.dev, x.dev)
    return result + w.fit(w.operand(), 1.0) if w.chance(0.4) else result


def finance(w: Writer) -> Value:
    amount = w.operand()
    rate = w.constant(1.0) + w.constant(w.number(0.02, 0.2)) * w.unit_interval(w.operand())
    years = w.rng.choice((2.0, 3.0, 5.0, 10.0))
    hi = max(rate.hi, 1.0) ** years
    if w.chance(0.7):
        growth = w.math("pow", pow, rate, w.constant(years), lo=1.0, hi=hi)
    else:
        n = w.fit(w.operand(), 5.0)
        n = clamp_of(w, n, -10.0, 10.0) if n.bound > 12 else n
        growth = w.math("pow", pow, rate, n, lo=max(rate.hi, 1.0) ** -n.bound, hi=max(rate.hi, 1.0) ** n.bound)
    return w.real_of(amount) / growth if w.chance(0.5) else amount * growth


def physics(w: Writer) -> Value:
    kind = w.rng.randrange(6)
    if kind == 0:
        v = w.atom(w.fit(w.operand(), 10.0))
        return w.constant(0.5) * w.operand() * v * v
    if kind == 1:
        r = w.atom(w.fit(w.operand(), 4.0))
        pull = w.constant(w.number(0.5, 10)) * w.fit(w.operand(), 10.0) * w.fit(w.operand(), 10.0)
        return pull / (square(r) + w.constant(w.number(0.3, 2)))
    if kind == 2:
        t = w.atom(w.fit(w.operand(), 3.0))
        return w.operand() * t - w.constant(0.5) * w.constant(9.81) * t * t
    if kind == 3:
        a = _positive(w, w.fit(w.operand(), 10.0))
        return w.constant(6.2831853) * _root(w, a / w.constant(9.81))
    if kind == 4:
        x, omega = w.fit(w.operand(), 2.0), w.fit(w.operand(), 3.0)
        damping = w.math(
            "exp", lambda v: math.exp(min(v, 20.0)), -absolute_of(w, x) * w.constant(w.number(0.2, 1)), lo=0.01, hi=1.0
        )
        return damping * w.math("cos", math.cos, omega, lo=-1.0, hi=1.0)
    a, b = w.atom(_positive(w, w.fit(w.operand(), 10.0))), w.atom(_positive(w, w.fit(w.operand(), 10.0)))
    return a * b / (a + b)


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


def special(w: Writer) -> Value:
    x = w.fit(w.operand(), 2.0)
    name, f = w.rng.choice(
        (("erf", math.erf), ("erf", math.erf), ("erfc", math.erfc), ("expm1", math.expm1), ("exp2", lambda v: 2.0**v))
    )
    if name in ("expm1", "exp2") and x.bound > 4:
        x = clamp_of(w, x, -3.0, 3.0)
    ends = (f(x.lo), f(x.hi))
    return w.math(name, f, x, lo=min(ends), hi=max(ends))


FEW: dict[str, Idiom] = {
    f.__name__: f
    for f in (
        linear, combine, cross, product, difference, ratio, polynomial, rational, distance, interpolate, smoothstep, wave, tangent,
        rotation, angle, arc, bell, decay, logarithm, root, power, hyperbolic, sigmoid, softplus, rectify, gamma, clamp,
        extremes, absolute, threshold, periodic, rounding, finance, physics, table, special, cosines, sums, quadratic, mean,
    )
}  # fmt: skip
MANY: dict[str, Idiom] = {
    f.__name__: f for f in (weighted, distance, squares, dot, extremes, mean, variance, bilinear, stencil, product)
}
IDIOMS = {**FEW, **MANY}
