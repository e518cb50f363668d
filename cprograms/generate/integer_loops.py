"""Loops of whole-number code: sums, digits and bits, and the textbook algorithms."""

from __future__ import annotations

import math
from collections.abc import Callable

from pycparser import c_ast

from cprograms.generate import integers, nodes, values
from cprograms.generate.distribution import LOCALS
from cprograms.generate.loops import array, bounded_count, counter, repeat, summed, trip_count
from cprograms.generate.nodes import identifier
from cprograms.generate.values import Value, binary, select
from cprograms.generate.writer import Writer, fresh_name


def accumulate(w: Writer) -> None:
    trips = trip_count(w)
    _accumulate(w, trips, counter(w, trips), nodes.integer(trips), 0)


def counted(w: Writer) -> None:
    n, trips = bounded_count(w)
    _accumulate(w, trips, counter(w, trips), n.node, n.mask)


def _accumulate(w: Writer, trips: int, i: Value, end: c_ast.Node, mask: int) -> None:
    acc = w.held(values.literal(0))
    x = w.atom(integers.kept(w, w.operand(), 1 << 10))
    with w.nested() as body:
        kind = w.rng.random()
        if kind < 0.25:
            term = x * i
        elif kind < 0.45:
            m = w.rng.choice((3, 5, 7, 10, 16))
            term = binary(
                "%",
                (integers.magnitude(w, x) if x.lo < 0 else x) + i * w.rng.randint(1, 9),
                values.literal(m),
                0,
                m - 1,
            )
        elif kind < 0.6:
            positive = integers.magnitude(w, x) if x.lo < 0 else x
            term = Value(
                c_ast.BinaryOp(">>", positive.node, identifier(i.node.name)), "i32", 0, positive.hi, mask=x.mask
            )
        elif kind < 0.8:
            w.local(x + i if w.chance(0.5) else x - i * w.rng.randint(1, 9))
            term = integers.kept(w, w.idiom(many=False), 1 << 14)
        else:
            term = select(w.condition(x), x + i, i * w.rng.randint(1, 5))
        w.emit(nodes.assign(acc.node.name, term.node, "+="))
    repeat(w, i, end, body)
    after = summed(acc, term, trips)
    after.mask |= mask | x.mask
    w.update(acc, after)


def _natural(w: Writer, bound: int) -> Value:
    """A new variable with a whole number from 0 to about the bound."""
    v = w.operand()
    v = integers.magnitude(w, v) if v.lo < 0 else v
    return w.held(integers.kept(w, v, bound))


def bits(w: Writer) -> None:
    """Count the set bits of a value, or its length."""
    x = _natural(w, 4095)
    total = w.held(values.literal(0))
    name = identifier(x.node.name)
    test = w.rng.choice((name, c_ast.BinaryOp(">", name, nodes.integer(0))))
    add = c_ast.BinaryOp("&", name, nodes.integer(1))
    count = (
        nodes.assign(total.node.name, add, "+=") if w.chance(0.7) else c_ast.UnaryOp("p++", identifier(total.node.name))
    )
    w.emit(c_ast.While(test, c_ast.Compound([count, nodes.assign(x.node.name, nodes.integer(1), ">>=")])))
    _consumed(w, x)
    w.update(total, Value(total.node, total.type, 0, max(int(x.hi), 1).bit_length(), mask=x.mask))


def _consumed(w: Writer, x: Value) -> None:
    """Nothing reads this variable any more."""
    w.read(x)
    w.pool.remove(x)


def digits(w: Writer) -> None:
    """The sum of a number's digits."""
    x = _natural(w, 9999)
    total, base = w.held(values.literal(0)), w.rng.choice((10, 10, 8, 3))
    name = identifier(x.node.name)
    rest = c_ast.BinaryOp("%", name, nodes.integer(base))
    rest = c_ast.BinaryOp("*", rest, rest) if w.chance(0.2) else rest
    body = [nodes.assign(total.node.name, rest, "+="), nodes.assign(x.node.name, nodes.integer(base), "/=")]
    w.emit(c_ast.While(c_ast.BinaryOp(">", name, nodes.integer(0)), c_ast.Compound(body)))
    _consumed(w, x)
    w.update(total, Value(total.node, total.type, 0, 30, mask=x.mask))


def reverse(w: Writer) -> None:
    """A number's digits or bits in reverse."""
    x = _natural(w, 999)
    base = w.rng.choice((10, 2, 4))
    result = w.held(values.literal(0))
    name, r = identifier(x.node.name), identifier(result.node.name)
    grown = c_ast.BinaryOp("*", r, nodes.integer(base))
    body = [
        nodes.assign(result.node.name, c_ast.BinaryOp("+", grown, c_ast.BinaryOp("%", name, nodes.integer(base)))),
        nodes.assign(x.node.name, nodes.integer(base), "/="),
    ]
    w.emit(c_ast.While(c_ast.BinaryOp(">", name, nodes.integer(0)), c_ast.Compound(body)))
    _consumed(w, x)
    w.update(result, Value(result.node, result.type, 0, 4 * base * max(x.hi, 1), mask=x.mask))


def gcd(w: Writer) -> None:
    a, b = _natural(w, 1000), _natural(w, 1000)
    rest = fresh_name(LOCALS, w.taken, w.rng)
    x, y = a.node.name, b.node.name
    remainder = c_ast.BinaryOp("%", identifier(x), identifier(y))
    body = [nodes.declare(a.type, rest, remainder), nodes.assign(x, identifier(y)), nodes.assign(y, identifier(rest))]
    w.emit(c_ast.While(c_ast.BinaryOp("!=", identifier(y), nodes.integer(0)), c_ast.Compound(body)))
    high, mask = max(a.hi, b.hi), a.mask | b.mask
    _consumed(w, b)
    w.update(a, Value(a.node, a.type, 0, high, 3, high / 10 + 1, mask))


def root(w: Writer) -> None:
    """The whole part of a square root, by counting."""
    x = _natural(w, 400)
    r = w.held(values.literal(0))
    name = r.node.name
    following = c_ast.BinaryOp("+", identifier(name), nodes.integer(1))
    test = c_ast.BinaryOp("<=", c_ast.BinaryOp("*", following, following), identifier(x.node.name))
    w.emit(c_ast.While(test, c_ast.Compound([c_ast.UnaryOp("p++", identifier(name))])))
    high = math.isqrt(max(int(x.hi), 0))
    w.update(r, Value(r.node, r.type, 0, high, 0.67 * high, 0.25 * high, mask=x.mask))


def collatz(w: Writer) -> None:
    """Collatz steps, at most a few."""
    limit = w.rng.choice((5, 8, 10))
    x = _natural(w, 100)
    i = counter(w, limit)
    name = identifier(x.node.name)
    odd = c_ast.BinaryOp("&", name, nodes.integer(1)) if w.chance(0.5) else c_ast.BinaryOp("%", name, nodes.integer(2))
    up = c_ast.BinaryOp("+", c_ast.BinaryOp("*", nodes.integer(3), name), nodes.integer(1))
    step = nodes.assign(x.node.name, c_ast.TernaryOp(odd, up, c_ast.BinaryOp("/", name, nodes.integer(2))))
    repeat(w, i, nodes.integer(limit), [step])
    w.update(x, Value(x.node, x.type, 0, min((x.hi + 1) * 1.8**limit, 1e8), x.mid, x.dev, x.mask))


def power(w: Writer) -> None:
    """A product taken modulo a small number."""
    trips, m = trip_count(w), w.rng.choice((17, 31, 64, 97, 101, 256))
    x = _natural(w, 1000)
    result = w.held(values.literal(1))
    name = result.node.name
    product = c_ast.BinaryOp("*", identifier(name), identifier(x.node.name))
    product = c_ast.BinaryOp("+", product, nodes.integer(w.rng.randint(1, 9))) if w.chance(0.4) else product
    step = nodes.assign(name, c_ast.BinaryOp("%", product, nodes.integer(m)))
    repeat(w, counter(w, trips), nodes.integer(trips), [step])
    w.update(result, Value(result.node, result.type, 0, m - 1, mask=x.mask))


INTEGER_LOOPS: dict[str, Callable[[Writer], None]] = {
    f.__name__: f for f in (accumulate, counted, bits, digits, gcd, root, collatz, array, power, reverse)
}
