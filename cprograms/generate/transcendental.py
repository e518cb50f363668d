"""Idioms of real-valued code over math.h: waves, angles, exponentials, roots, and formulas made of them."""

from __future__ import annotations

import math

from cprograms.generate import values
from cprograms.generate.guards import absolute_of, balance, clamp_of, floor_at, positive, root_of
from cprograms.generate.values import Value, moments, select, square
from cprograms.generate.writer import Idiom, Writer


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
        a, b = balance(w, a, b)
        result = w.math("atan2", math.atan2, a, b, lo=-3.1416, hi=3.1416)
        result.dev = 1.2
    else:
        result = w.math("atan", math.atan, w.fit(w.real_of(a), 4.0), lo=-1.5708, hi=1.5708)
    return result * w.constant(57.2957795) if w.chance(0.15) else result


def arc(w: Writer) -> Value:
    """acos or asin of something kept within [-1, 1]."""
    x = w.operand()
    x = x if x.lo >= -1 and x.hi <= 1 else clamp_of(w, w.fit(x, 1.1), -1.0, 1.0)
    name, f, lo, hi = w.rng.choice((("acos", math.acos, 0.0, 3.1416), ("asin", math.asin, -1.5708, 1.5708)))
    return w.math(name, lambda v: f(max(-1.0, min(1.0, v))), x, lo=lo, hi=hi)


def cosines(w: Writer) -> Value:
    """The law of cosines: an angle of a triangle, or the side opposite to one."""
    a, b = (w.atom(positive(w, w.fit(w.operand(), 5.0))) for _ in range(2))
    if w.chance(0.4):
        c = w.math("cos", math.cos, _turn(w), lo=-1.0, hi=1.0)
        side = square(a) + square(b) - w.constant(2.0) * a * b * c
        side.lo = 0.0
        return root_of(w, w.math("fabs", abs, side, lo=0.0, hi=side.bound))
    c = w.atom(w.fit(w.operand(), 5.0))
    cosine = (square(a) + square(b) - square(c)) / (w.constant(2.0) * a * b)
    cosine.lo, cosine.hi, cosine.mid, cosine.dev = -20.0, 20.0, 0.2, 0.7
    kept = clamp_of(w, cosine, -1.0, 1.0)
    return w.math("acos", lambda v: math.acos(max(-1.0, min(1.0, v))), kept, lo=0.0, hi=3.1416)


def bell(w: Writer) -> Value:
    x = w.fit(w.operand(), 2.5)
    if w.chance(0.5):
        x = x - w.threshold(x)
    x = w.atom(x)
    if w.chance(0.3):
        return w.constant(1.0) / (w.constant(1.0) + square(x))
    if w.chance(0.3):
        sigma = w.atom(positive(w, w.fit(w.operand(), 2.0)))
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
        x = positive(w, v)
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
        return root_of(w, v)
    if kind < 0.45:
        return root_of(w, absolute_of(w, v))
    if kind < 0.75:
        v = w.atom(w.fit(v, 30.0) if v.bound > 1e3 else v)
        return root_of(w, square(v) + (w.constant(w.number(0.1, 2)) if w.chance(0.6) else square(w.atom(w.pick(True)))))
    return root_of(w, floor_at(w, v, 0.0))


def power(w: Writer) -> Value:
    base = positive(w, w.fit(w.operand(), 4.0))
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


def special(w: Writer) -> Value:
    x = w.fit(w.operand(), 2.0)
    name, f = w.rng.choice(
        (("erf", math.erf), ("erf", math.erf), ("erfc", math.erfc), ("expm1", math.expm1), ("exp2", lambda v: 2.0**v))
    )
    if name in ("expm1", "exp2") and x.bound > 4:
        x = clamp_of(w, x, -3.0, 3.0)
    ends = (f(x.lo), f(x.hi))
    return w.math(name, f, x, lo=min(ends), hi=max(ends))


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
        a = positive(w, w.fit(w.operand(), 10.0))
        return w.constant(6.2831853) * root_of(w, a / w.constant(9.81))
    if kind == 4:
        x, omega = w.fit(w.operand(), 2.0), w.fit(w.operand(), 3.0)
        damping = w.math(
            "exp", lambda v: math.exp(min(v, 20.0)), -absolute_of(w, x) * w.constant(w.number(0.2, 1)), lo=0.01, hi=1.0
        )
        return damping * w.math("cos", math.cos, omega, lo=-1.0, hi=1.0)
    a, b = w.atom(positive(w, w.fit(w.operand(), 10.0))), w.atom(positive(w, w.fit(w.operand(), 10.0)))
    return a * b / (a + b)


def smoothstep(w: Writer) -> Value:
    t = w.local(clamp_of(w, w.unit_interval(w.operand()), 0.0, 1.0), waiting=False)
    curve = t * t * (w.constant(3.0) - w.constant(2.0) * t)
    curve.lo, curve.hi, curve.mid, curve.dev = 0.0, 1.0, 0.5, 0.33
    return curve * w.operand() if w.chance(0.4) else curve


TRANSCENDENTAL: dict[str, Idiom] = {
    f.__name__: f
    for f in (
        wave,
        tangent,
        rotation,
        angle,
        arc,
        cosines,
        bell,
        decay,
        logarithm,
        root,
        power,
        hyperbolic,
        sigmoid,
        softplus,
        gamma,
        periodic,
        special,
        finance,
        physics,
        smoothstep,
    )
}
