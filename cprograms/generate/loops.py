"""Loops of real-valued code: sums, recurrences, root finding, arrays."""

from __future__ import annotations

import math
from collections.abc import Callable

from pycparser import c_ast

from cprograms.generate import guards, integers, nodes, values
from cprograms.generate.distribution import LOCALS
from cprograms.generate.nodes import identifier
from cprograms.generate.values import Value, binary, compare, convert, square
from cprograms.generate.writer import Writer, fresh_name

_COUNTERS = ["i", "j", "k", "n", "it", "step"]


def trip_count(w: Writer) -> int:
    if w.chance(w.grammar.long_loop):
        return w.rng.choice((10, 12, 16, 20, 32, 50, 64, 100, 200))
    return w.rng.choice((2, 3, 3, 4, 4, 5, 6, 8))


def counter(w: Writer, trips: int) -> Value:
    """A loop counter from 0 to trips - 1."""
    name = fresh_name(_COUNTERS, w.taken, w.rng)
    return Value(identifier(name), "i32", 0, trips - 1)


def repeat(w: Writer, i: Value, end: c_ast.Node, body: list[c_ast.Node]) -> None:
    declared = w.chance(0.7)
    if not declared:
        w.emit(nodes.declare("i32", i.node.name))
    w.emit(nodes.count(i.node.name, end, body, declared=declared))


def summed(acc: Value, term: Value, trips: int) -> Value:
    """What an accumulator holds after adding the term so often."""
    low, high = min(0.0, term.lo) * trips, max(0.0, term.hi) * trips
    if acc.real is False:
        low, high = int(low), int(high)
    spread = term.dev * trips * 0.7
    return Value(
        acc.node, acc.type, acc.lo + low, acc.hi + high, acc.mid + term.mid * trips, spread, acc.mask | term.mask
    )


def accumulate(w: Writer) -> None:
    trips = trip_count(w)
    i = counter(w, trips)
    _accumulate(w, trips, i, nodes.integer(trips))


def _accumulate(w: Writer, trips: int, i: Value, end: c_ast.Node, mask: int = 0) -> None:
    """acc += term(i) for each i below `end`, at most `trips` times."""
    acc = w.held(w.constant(0.0))
    x = w.atom(w.fit(w.operand(), 3.0))
    with w.nested() as body:
        offset = w.constant(w.number(0.2, 1)) * i
        phase = x + offset if w.chance(0.5) else x * (i + 1) if w.chance(0.6) else x - offset
        w.local(phase)
        term = w.fit(w.idiom(many=False), 5.0) if w.chance(0.7) else w.fit(w.operand(), 5.0)
        if w.chance(0.35):
            term = w.real_of(term) / (i + w.constant(1.0))
        w.emit(nodes.assign(acc.node.name, term.node, "+=" if w.chance(0.85) else "-="))
    repeat(w, i, end, body)
    after = summed(acc, term, trips)
    after.lo, after.hi = min(after.lo, -after.bound), max(after.hi, after.bound)
    after.mask |= mask | x.mask
    w.update(acc, after)


def counted(w: Writer) -> None:
    """A trip count from the input."""
    n, trips = bounded_count(w)
    _accumulate(w, trips, counter(w, trips), n.node, n.mask)


def bounded_count(w: Writer) -> tuple[Value, int]:
    """A small whole number of the input, and its greatest value."""
    counts = [v for v in w.pool if not v.real and v.lo >= 0 and 1 <= v.hi <= 16]
    if counts:
        n = w.rng.choice(counts)
        w.read(n)
        return values.read(n), int(n.hi)
    limit = w.rng.choice((4, 6, 8))
    v = w.operand()
    if w.real:
        count = convert(guards.clamp_of(w, w.fit(guards.absolute_of(w, v), float(limit)), 1.0, float(limit)), "i32")
    else:
        v = integers.magnitude(w, v) if v.lo < 0 else v
        count = binary("%", v, values.literal(limit), 0, limit - 1) + 1
    return w.local(count, type="i32", waiting=False, const=False), limit


def recurrence(w: Writer) -> None:
    """A state that forgets: s = c s + input, smoothing towards a target, or a damped oscillator."""
    trips = trip_count(w)
    kind = w.rng.random()
    if kind < 0.25:
        return _oscillator(w, trips)
    s = w.held(w.fit(w.operand(), 5.0) if w.chance(0.5) else w.constant(0.0))
    i = counter(w, trips)
    start = values.read(s)
    drive = w.fit(w.operand(), 3.0)
    keep = w.number(0.3, 0.9)
    with w.nested() as body:
        if kind < 0.5:
            step = (drive - start) * w.constant(keep)
            w.emit(nodes.assign(s.node.name, step.node, "+="))
            final = values.hull(start, drive)
        else:
            curve = w.rng.random()
            inner = w.constant(keep) * start
            if curve < 0.35:
                inner = w.math("sin", math.sin, start * w.constant(w.number(0.5, 2)), lo=-1.0, hi=1.0)
            elif curve < 0.5:
                inner = w.math("tanh", math.tanh, start * w.constant(w.number(0.5, 2)), lo=-1.0, hi=1.0)
            step = inner + drive
            bound = (drive.bound + 1) / (1 - keep) + start.bound
            final = Value(s.node, s.type, -bound, bound, drive.mid * 2, drive.dev * 2 + 0.3 * start.dev)
            w.emit(nodes.assign(s.node.name, step.node))
    repeat(w, i, nodes.integer(trips), body)
    final.mask = start.mask | drive.mask
    w.update(s, final)


def _oscillator(w: Writer, trips: int) -> None:
    position, speed = (
        w.held(w.fit(w.operand(), 2.0)),
        w.held(w.fit(w.operand(), 2.0) if w.chance(0.6) else w.constant(0.0)),
    )
    i = counter(w, trips)
    p, v = identifier(position.node.name), identifier(speed.node.name)
    stiffness, friction, dt = (
        w.constant(w.number(0.5, 4)),
        w.constant(w.number(0.05, 0.5)),
        w.constant(w.rng.choice((0.05, 0.1, 0.2))),
    )
    with w.nested() as body:
        force = c_ast.BinaryOp(
            "-", c_ast.BinaryOp("*", c_ast.UnaryOp("-", stiffness.node), p), c_ast.BinaryOp("*", friction.node, v)
        )
        w.emit(nodes.assign(speed.node.name, c_ast.BinaryOp("*", force, dt.node), "+="))
        w.emit(nodes.assign(position.node.name, c_ast.BinaryOp("*", v, dt.node), "+="))
    repeat(w, i, nodes.integer(trips), body)
    mask, bound = position.mask | speed.mask, 3 * (position.bound + speed.bound) + 1
    dev = math.hypot(position.dev, speed.dev)
    w.update(position, Value(position.node, position.type, -bound, bound, position.mid, dev, mask))
    if w.chance(0.5):
        w.update(speed, Value(speed.node, speed.type, -4 * bound, 4 * bound, speed.mid, dev, mask))


def horner(w: Writer) -> None:
    """A polynomial whose coefficients are a table."""
    size = w.rng.choice((3, 4, 5, 6))
    coefficients = [w.number(-2, 2) for _ in range(size)]
    x = w.atom(w.fit(w.operand(), 1.2))
    result = w.held(w.constant(w.number(0.1, 1)))
    name = w.table(coefficients, w.type)
    i = counter(w, size)
    at = c_ast.ArrayRef(identifier(name), identifier(i.node.name))
    with w.nested() as body:
        product = c_ast.BinaryOp("*", identifier(result.node.name), x.node)
        w.emit(nodes.assign(result.node.name, c_ast.BinaryOp("+", product, at)))
    repeat(w, i, nodes.integer(size), body)
    bound = sum(2.0 * max(1.0, x.bound) ** k for k in range(size + 1))
    w.update(result, Value(result.node, result.type, -bound, bound, coefficients[-1], 1.0, x.mask))


def _newton_target(w: Writer) -> tuple[Value, Value]:
    """A positive value and a variable that starts as a guess at its square root."""
    v = w.fit(w.operand(), 10.0)
    a = w.atom(v if v.lo > 0 else guards.absolute_of(w, v) + w.constant(w.number(0.2, 1)))
    guess = w.held(w.constant(0.5) * (a + w.constant(1.0)) if w.chance(0.6) else a + w.constant(0.5))
    return a, guess


def _newton_step(w: Writer, a: Value, guess: Value) -> c_ast.Node:
    g = guess.node.name
    quotient = c_ast.BinaryOp("/", a.node, identifier(g))
    return nodes.assign(g, c_ast.BinaryOp("*", w.constant(0.5).node, c_ast.BinaryOp("+", identifier(g), quotient)))


def _rooted(guess: Value, a: Value) -> Value:
    mid, dev = values.moments(lambda x: math.sqrt(max(x, 0.0)), a)
    return Value(guess.node, guess.type, 0.0, a.hi + 1, mid, dev, a.mask)


def newton(w: Writer) -> None:
    """A few steps of Heron's square root."""
    a, guess = _newton_target(w)
    trips = w.rng.choice((2, 3, 4, 5))
    step = _newton_step(w, a, guess)
    repeat(w, counter(w, trips), nodes.integer(trips), [step])
    w.update(guess, _rooted(guess, a))


def converge(w: Writer) -> None:
    """Heron's square root until the residual is small."""
    a, guess = _newton_target(w)
    g = identifier(guess.node.name)
    guess_squared = Value(c_ast.BinaryOp("*", g, g), guess.type, 0.0, guess.bound**2)
    residual = w.math("fabs", abs, guess_squared - a, lo=0.0, hi=guess.bound**2)
    count = fresh_name(_COUNTERS, w.taken, w.rng)
    w.emit(nodes.declare("i32", count, nodes.integer(0)))
    test = compare(">", residual, w.constant(w.rng.choice((1e-3, 1e-4, 1e-2))))
    limit = compare("<", Value(identifier(count), "i32", 0, 20), values.literal(w.rng.choice((8, 10, 20))))
    body = [_newton_step(w, a, guess), c_ast.UnaryOp("p++", identifier(count))]
    w.emit(c_ast.While(values.logical("&&", test, limit).node, c_ast.Compound(body)))
    w.update(guess, _rooted(guess, a))


def integral(w: Writer) -> None:
    """The midpoint rule over an interval."""
    trips = w.rng.choice((4, 6, 8, 10, 16, 20, 32))
    low = w.atom(w.fit(w.operand(), 2.0)) if w.chance(0.5) else w.constant(0.0)
    width = w.atom(w.fit(w.operand(), 2.0) - low if w.chance(0.5) else guards.positive(w, w.fit(w.operand(), 2.0)))
    step = w.local(width / w.constant(float(trips)), waiting=False)
    total = w.held(w.constant(0.0))
    i = counter(w, trips)
    with w.nested() as body:
        place = low + (i + w.constant(0.5)) * step
        place.lo, place.hi = min(low.lo, low.lo + width.lo), max(low.hi, low.hi + width.hi)
        place.mid, place.dev = low.mid + width.mid / 2, low.dev + width.dev / 2 + 0.3 * abs(width.mid)
        w.local(place)
        term = w.fit(w.idiom(many=False), 5.0)
        w.emit(nodes.assign(total.node.name, term.node, "+="))
    repeat(w, i, nodes.integer(trips), body)
    w.update(total, summed(total, term, trips))
    w.read(total)
    w.local(values.read(total) * step)


def solve(w: Writer) -> None:
    """Newton's method for Kepler's equation, a cube root or Lambert's function, until the step is small."""
    kind = w.rng.randrange(3)
    if kind == 0:
        share = w.atom(w.unit_interval(w.operand()) * w.constant(w.number(0.3, 0.8)))
        given = w.atom(w.fit(w.operand(), 3.0))
        x = w.held(given)
    else:
        given = w.atom(guards.positive(w, w.fit(w.operand(), 5.0)))
        share, x = given, w.held(w.constant(1.0))
    one = w.constant(1.0)
    with w.nested() as body:
        at = values.read(x)
        if kind == 0:
            sine = w.math("sin", math.sin, at, lo=-1.0, hi=1.0)
            cosine = w.math("cos", math.cos, at, lo=-1.0, hi=1.0)
            step = (at - share * sine - given) / (one - share * cosine)
        elif kind == 1:
            step = (at * at * at - given) / (w.constant(3.0) * at * at)
        else:
            growth = w.local(w.math("exp", lambda v: math.exp(min(v, 20.0)), at, lo=0.0, hi=1e3), waiting=False)
            step = (at * growth - given) / (growth * (at + one))
        step.lo, step.hi = -10.0, 10.0
        step = w.local(step, waiting=False)
        w.emit(nodes.assign(x.node.name, step.node, "-="))
        small = compare("<", w.math("fabs", abs, step, lo=0.0, hi=10.0), w.constant(w.rng.choice((1e-3, 1e-4, 1e-6))))
        if w.chance(0.8):
            w.emit(c_ast.If(small.node, c_ast.Break(), None))
    trips = w.rng.choice((4, 6, 8, 10, 20))
    repeat(w, counter(w, trips), nodes.integer(trips), body)
    if kind:
        root = math.cbrt if kind == 1 else math.log1p  # Lambert's function is near log(1 + x) for small x
        mid, dev = values.moments(lambda v: root(max(v, 0.0)), given)
        w.update(x, Value(x.node, x.type, 0.0, given.hi + 1, mid, dev, given.mask))
    else:
        w.update(x, Value(x.node, x.type, given.lo - 1, given.hi + 1, given.mid, given.dev, given.mask | share.mask))


def halve(w: Writer) -> None:
    """Scale a value down until it is small, and count."""
    x = w.held(guards.absolute_of(w, w.fit(w.operand(), w.rng.choice((8.0, 20.0)))))
    steps = w.held(values.literal(0), type="i32")
    limit = w.number(1, 2)
    factor = w.rng.choice((0.5, 0.5, 0.7, 0.25))
    test = compare(">", values.read(x), w.constant(limit))
    body = [nodes.assign(x.node.name, w.constant(factor).node, "*="), c_ast.UnaryOp("p++", identifier(steps.node.name))]
    w.emit(c_ast.While(test.node, c_ast.Compound(body)))
    most = max(1, math.ceil(math.log(max(x.hi, limit + 1) / limit) / -math.log(factor)))
    w.update(steps, Value(steps.node, "i32", 0, most, mask=x.mask))
    w.update(x, Value(x.node, x.type, 0.0, limit, mask=x.mask))


def find(w: Writer) -> None:
    """The first entry of a rising table that exceeds a value."""
    size = w.rng.choice((3, 4, 5, 6))
    x = w.atom(w.fit(w.operand(), 5.0))
    low, high = x.mid - 1.4 * x.dev, x.mid + 1.4 * x.dev
    knots = [float(f"{low + (high - low) * (k + 0.5) / size:.3g}") for k in range(size)]
    name = w.table(knots, w.type)
    found = w.held(values.literal(0), type="i32")
    f = found.node.name
    test = c_ast.BinaryOp(">", x.node, c_ast.ArrayRef(identifier(name), identifier(f)))
    inside = c_ast.BinaryOp("<", identifier(f), nodes.integer(size))
    w.emit(c_ast.While(c_ast.BinaryOp("&&", inside, test), c_ast.Compound([c_ast.UnaryOp("p++", identifier(f))])))
    w.update(found, Value(found.node, "i32", 0, size, mask=x.mask))


def array(w: Writer) -> None:
    """A local array of values, walked over: a weighted sum, an extreme, a total variation."""
    chosen = w.gather(2, w.rng.choice((3, 4, 6, 9)))
    size = max(v.dev for v in chosen) or 1.0
    if w.real:
        elements = [w.fit(v, 2 * size) if v.dev < size / 8 or v.bound > 1e4 else v for v in chosen]
    else:
        elements = [integers.kept(w, v, 1 << 12) for v in chosen]
    type = w.type if w.real or all(values.fits(v, w.type) for v in elements) else "i64"
    name = fresh_name(LOCALS, w.taken, w.rng)
    w.emit(nodes.declare(type, name, c_ast.InitList([v.node for v in elements]), length=len(elements)))
    whole = elements[0]
    for v in elements[1:]:
        whole = values.hull(whole, v)
    n = len(elements)
    i = counter(w, n)
    item = Value(
        c_ast.ArrayRef(identifier(name), identifier(i.node.name)), type, whole.lo, whole.hi, whole.mid, size, whole.mask
    )
    kind = w.rng.random()
    if kind < 0.5:
        _array_sum(w, item, i, n)
    elif kind < 0.75:
        _array_extreme(w, name, item, i, n)
    else:
        _array_variation(w, name, item, i, n)


def _array_sum(w: Writer, item: Value, i: Value, n: int) -> None:
    acc = w.held(w.constant(0.0) if w.real else values.literal(0))
    kind = w.rng.random()
    if kind < 0.5:
        weights = [w.number(-1, 1.5) if w.real else w.rng.randint(-3, 9) for _ in range(n)]
        at = c_ast.ArrayRef(identifier(w.table(weights, w.type)), identifier(i.node.name))
        term = item * Value(at, w.type, min(weights), max(weights))
    elif kind < 0.7:
        term = item * (i + 1)
    elif kind < 0.85:
        centre = w.threshold(item)
        term = (item - centre) * (item - centre)
    else:
        term = item * item
    with w.nested() as body:
        w.emit(nodes.assign(acc.node.name, term.node, "+="))
    repeat(w, i, nodes.integer(n), body)
    w.update(acc, summed(acc, term, n))


def _array_extreme(w: Writer, name: str, item: Value, i: Value, n: int) -> None:
    first = Value(
        c_ast.ArrayRef(identifier(name), nodes.integer(0)), item.type, item.lo, item.hi, item.mid, item.dev, item.mask
    )
    best = w.held(first)
    test = compare(w.rng.choice("<>"), item, Value(identifier(best.node.name), best.type, item.lo, item.hi))
    body = [nodes.branch(test.node, [nodes.assign(best.node.name, item.node)])]
    w.emit(nodes.count(i.node.name, nodes.integer(n), body, start=1))
    w.read(best)
    w.update(best, first)


def _array_variation(w: Writer, name: str, item: Value, i: Value, n: int) -> None:
    acc = w.held(w.constant(0.0) if w.real else values.literal(0))
    before = c_ast.ArrayRef(identifier(name), c_ast.BinaryOp("-", identifier(i.node.name), nodes.integer(1)))
    step = item - Value(before, item.type, item.lo, item.hi, item.mid, item.dev, item.mask)
    with w.nested() as body:
        if w.real and w.chance(0.6):
            term = guards.absolute_of(w, step)
        elif w.real:
            term = square(w.atom(step))
        else:
            term = integers.magnitude(w, step)
        w.emit(nodes.assign(acc.node.name, term.node, "+="))
    w.emit(nodes.count(i.node.name, nodes.integer(n), body, start=1))
    w.update(acc, summed(acc, term, n))


REAL_LOOPS: dict[str, Callable[[Writer], None]] = {
    f.__name__: f
    for f in (accumulate, recurrence, horner, newton, array, counted, converge, integral, solve, halve, find)
}
