"""Idioms of whole-number code; every result stays far from the limits of int."""

from __future__ import annotations

import math

from pycparser import c_ast

from cprograms.generate import values
from cprograms.generate.nodes import identifier
from cprograms.generate.values import Value, binary, compare, convert, moments, select, shift, square, sum_of
from cprograms.generate.writer import Idiom, Writer

_BOUND = 1 << 20


def kept(w: Writer, v: Value, bound: int = _BOUND) -> Value:
    """v, or where it could exceed the bound something smaller made of it."""
    if v.bound <= bound:
        return v
    bits = max(1, math.ceil(math.log2(v.bound / bound)))
    if w.chance(0.5) and v.lo >= 0:
        return shift(">>", v, bits)
    return (
        v / (1 << bits)
        if w.chance(0.5)
        else v / max(2, int(f"{1 << bits:.1g}".split("e")[0]) * 10 ** (len(str(1 << bits)) - 1))
    )


def _small(w: Writer, least: int, most: int) -> int:
    return w.rng.randint(least, most)


def expression(w: Writer) -> Value:
    """Operators over values, in no particular order."""
    parts = w.gather(2, w.rng.choice((2, 2, 3, 3, 4, 5)))
    if w.chance(0.4):
        parts.insert(
            w.rng.randrange(1, len(parts) + 1), values.literal(w.rng.choice((1, 1, 2, 3, 4, 7, 8, 10, 15, 16, 100)))
        )
    while len(parts) > 1:
        i = w.rng.randrange(len(parts) - 1)
        a, b = parts[i], parts.pop(i + 1)
        op = w.rng.choices("+-*&|^<=", (30, 25, 18, 7, 7, 4, 4, 3))[0]
        if op == "*" and a.bound * b.bound < 1 << 24:
            parts[i] = a * b
        elif op in "&|^" and a.lo >= 0 and b.lo >= 0:
            top = (1 << max(int(a.hi), int(b.hi), 1).bit_length()) - 1
            parts[i] = binary(op, a, b, 0, min(a.hi, b.hi) if op == "&" else top)
        elif op in "<=" and abs(a.mid - b.mid) < a.dev + b.dev:
            parts[i] = compare(w.rng.choice(("<", ">", "<=", ">=")) if op == "<" else "==", a, b)
        else:
            parts[i] = a - b if op == "-" else a + b
    return kept(w, parts[0])


def linear(w: Writer) -> Value:
    x = kept(w, w.operand(), 1 << 14)
    offset = _small(w, 1, max(2, int(x.dev)))
    scaled = x * _small(w, 2, 9) if w.chance(0.7) else x
    return scaled + offset if w.chance(0.5) else (scaled - offset if w.chance(0.6) else offset - scaled)


def combine(w: Writer) -> Value:
    a, b = w.pair()
    if w.chance(0.4):
        b = kept(w, b, 1 << 14) * _small(w, 2, 5)
    return kept(w, a + b if w.chance(0.55) else a - b)


def product(w: Writer) -> Value:
    a, b = w.pair()
    result = kept(w, a, 1 << 12) * kept(w, b, 1 << 12)
    if result.lo >= 0 and result.hi > 4096 and w.chance(0.5):
        return shift(">>", result, 8 if result.hi > 60000 else 4)
    return result / w.rng.choice((10, 16, 100, 255)) if result.hi > 4096 and w.chance(0.3) else kept(w, result)


def squares(w: Writer) -> Value:
    total = sum_of([square(w.atom(kept(w, v, 300))) for v in w.gather(1, 6)])
    return kept(w, total)


def shifted(w: Writer) -> Value:
    x = w.operand()
    if x.lo < 0 or x.hi < 8 or w.chance(0.4):
        x = x if x.lo >= 0 else magnitude(w, x)
        return kept(w, shift("<<", kept(w, x, 1 << 12), _small(w, 1, 4)))
    return shift(">>", x, _small(w, 1, max(1, min(4, int(math.log2(x.hi)) - 2))))


def magnitude(w: Writer, x: Value) -> Value:
    """|x|, in the form of a ternary."""
    x = w.atom(x)
    zero = values.literal(0)
    lo = 0 if x.lo <= 0 <= x.hi else min(abs(x.lo), abs(x.hi))
    result = select(compare("<", x, zero), -x, x) if w.chance(0.7) else select(compare(">=", x, zero), x, -x)
    mid, dev = moments(abs, x)
    return Value(result.node, result.type, lo, x.bound, mid, dev, x.mask)


def difference(w: Writer) -> Value:
    a, b = w.pair()
    gap = a - b if w.chance(0.7) else a - _small(w, int(a.mid - a.dev), int(a.mid + a.dev))
    return magnitude(w, gap)


def _extreme(w: Writer, a: Value, b: Value) -> Value:
    a, b = w.atom(a), w.atom(b)
    least = w.chance(0.5)
    f = min if least else max
    result = select(compare("<" if least else ">", a, b), a, b)
    result.lo, result.hi = f(a.lo, b.lo), f(a.hi, b.hi)
    result.mid = min(max(result.mid, result.lo), result.hi)
    return result


def extremes(w: Writer) -> Value:
    chosen = w.gather(2, w.rng.choice((2, 3, 4)))
    result = chosen[0]
    for v in chosen[1:]:
        result = _extreme(w, result, v)
    return result


def clamp_of(w: Writer, v: Value, low: int, high: int) -> Value:
    v = w.atom(v)
    inner = select(compare(">", v, values.literal(high)), values.literal(high), v)
    result = select(compare("<", v, values.literal(low)), values.literal(low), inner)
    result.mid, result.dev = moments(lambda x: max(low, min(high, x)), v)
    result.lo, result.hi = max(low, min(v.lo, high)), min(high, max(v.hi, low))
    return result


def clamp(w: Writer) -> Value:
    v = w.operand()
    if v.lo < 0 and v.hi > 255 and w.chance(0.6):
        return clamp_of(w, v, 0, 255)
    low, high = round(v.mid - w.rng.uniform(0.4, 1.2) * v.dev), round(v.mid + w.rng.uniform(0.4, 1.2) * v.dev)
    return clamp_of(w, v, low, max(high, low + 1))


def divide(w: Writer) -> Value:
    a = w.operand()
    if a.bound < 20:
        a = a * _small(w, 5, 50) + w.operand()
    if w.chance(0.6):
        return kept(w, a) / w.rng.choice((2, 3, 3, 4, 5, 7, 8, 10, 16))
    b = w.operand()
    return a / (b if b.lo > 0 else (magnitude(w, b) if b.lo < 0 else b) + _small(w, 1, 5))


def modulo(w: Writer) -> Value:
    a = w.operand()
    a = kept(w, a, 1 << 12) * _small(w, 1, 7) + _small(w, 1, 20) if w.chance(0.4) else a
    span = max(a.hi, 4)
    choices = [m for m in (3, 4, 5, 7, 10, 16, 17, 32, 64, 100, 128, 256, 360) if span / 6 <= m <= 2 * span] or [3]
    m = w.rng.choice(choices)
    lo, hi = (0 if a.lo >= 0 else max(a.lo, 1 - m)), min(a.hi, m - 1)
    return binary("%", a, values.literal(m), lo, max(hi, lo))


def _nonnegative(w: Writer, v: Value) -> Value:
    return v if v.lo >= 0 else magnitude(w, v)


def bits(w: Writer) -> Value:
    a = _nonnegative(w, w.operand())
    b = (
        values.literal(w.rng.choice((1, 3, 7, 15, 15, 31, 63, 85, 170, 240)))
        if w.chance(0.45)
        else _nonnegative(w, w.operand())
    )
    op = w.rng.choice("&|^")
    if op == "&" and w.chance(0.12):
        masked = Value(c_ast.UnaryOp("~", b.node), "i32", -b.hi - 1, -b.lo - 1, mask=b.mask)
        return binary("&", a, masked, 0, a.hi)
    top = (1 << max(int(a.hi), int(b.hi), 1).bit_length()) - 1
    return binary(op, a, b, 0, min(a.hi, b.hi) if op == "&" else top)


def field(w: Writer) -> Value:
    """Bits cut out of a value."""
    a = _nonnegative(w, w.operand())
    width = max(int(a.hi), 2).bit_length()
    down = _small(w, 1, max(1, width // 2))
    mask = w.rng.choice((1, 3, 7, 15))
    return binary("&", shift(">>", a, down), values.literal(mask), 0, mask)


def compare_sum(w: Writer) -> Value:
    """Comparisons as numbers."""
    chosen = w.gather(2, 5)
    tests = []
    for i, v in enumerate(chosen):
        other = chosen[i + 1] if i + 1 < len(chosen) and w.chance(0.4) else w.threshold(v)
        tests.append(compare(w.rng.choice(("<", ">", ">=", "<=")), v, other))
    total = tests[0] if len(tests) == 1 or w.chance(0.5) else tests[0] * _small(w, 2, 4)
    for t in tests[1:]:
        total = total + t if w.chance(0.7) else total + t * _small(w, 2, 8)
    return total


def choose(w: Writer) -> Value:
    test = w.condition()
    yes = w.operand()
    no = w.operand() if w.chance(0.75) else values.literal(_small(w, 0, max(1, int(yes.bound))))
    return select(test, yes, no)


def blend(w: Writer) -> Value:
    """A fixed-point mixture of two values."""
    a, b = w.pair()
    a, b, t = kept(w, a, 1 << 12), kept(w, b, 1 << 12), w.operand()
    if t.lo >= 0 and 128 <= t.hi <= 256:
        t = w.atom(t)
        whole = 255 if t.hi < 256 and w.chance(0.3) else 256
    else:
        t, whole = values.literal(_small(w, 20, 236)), 256
    total = a * t + b * (whole - t if t.mask else values.literal(whole - int(t.lo)))
    low, high = min(a.lo, b.lo), max(a.hi, b.hi)
    result = shift(">>", total, 8) if whole == 256 else total / 255
    result.lo, result.hi = low - 1, high + 1
    if total.lo < 0:
        result.lo = low - 1
    elif low >= 0:
        result.lo = 0
    result.mid, result.dev = (a.mid + b.mid) / 2, 0.7 * max(a.dev, b.dev)
    return result


def weighted(w: Writer) -> Value:
    chosen = [kept(w, v, 1 << 12) for v in w.gather(2, w.rng.choice((3, 4, 6, 9, 16)))]
    bits = w.rng.choice((0, 4, 8, 8))
    parts = [_small(w, 1, 9) if not bits else _small(w, 1 << bits >> 3, 1 << bits >> 1) for _ in chosen]
    terms = [c * v if w.chance(0.5) else v * c for v, c in zip(chosen, parts, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = total - term if w.chance(0.15) else total + term
    if not bits:
        return kept(w, total)
    total = total + (1 << bits >> 1) if w.chance(0.3) else total
    return shift(">>", total, bits) if total.lo >= 0 or w.chance(0.5) else total / (1 << bits)


def manhattan(w: Writer) -> Value:
    chosen = w.gather(2, w.rng.choice((4, 6, 6, 16)))
    half = len(chosen) // 2
    return sum_of([magnitude(w, a - b) for a, b in zip(chosen[:half], chosen[half:], strict=False)])


def dot(w: Writer) -> Value:
    chosen = [kept(w, v, 1 << 10) for v in w.gather(4, w.rng.choice((4, 6, 8, 16)))]
    half = len(chosen) // 2
    total = sum_of([a * b for a, b in zip(chosen[:half], chosen[half:], strict=False)])
    return kept(w, total)


def mean(w: Writer) -> Value:
    chosen = w.gather(2, w.rng.choice((2, 3, 4, 9)))
    total, n = sum_of(chosen), len(chosen)
    if n & (n - 1) == 0 and total.lo >= 0 and w.chance(0.6):
        return shift(">>", total + n // 2 if w.chance(0.4) else total, n.bit_length() - 1)
    return total / n


def stencil(w: Writer) -> Value:
    """Sobel's operator on whole numbers."""
    v = [kept(w, x, 1 << 12) for x in w.gather(6, 9)]
    rows = [v[0:3], v[3:6], v[6:9] if len(v) == 9 else v[3:6]]

    def side(row: list[Value]) -> Value:
        return row[0] + 2 * row[1] + row[2]

    across = w.local(side(rows[2]) - side(rows[0]), waiting=False)
    down = w.local(side([r[2] for r in rows]) - side([r[0] for r in rows]), waiting=False)
    total = magnitude(w, across) + magnitude(w, down)
    if len(v) == 9 and w.chance(0.3):
        total = total + v[4]
    if w.chance(0.5):
        total = shift(">>", total, w.rng.choice((1, 2, 3)))
    return clamp_of(w, total, 0, 255) if w.chance(0.4) else total


def pack(w: Writer) -> Value:
    """Two or three small fields in one word."""
    chosen = [_nonnegative(w, v) for v in w.gather(2, 3)]
    chosen = [v if v.hi <= 31 else shift(">>", v, int(v.hi).bit_length() - 4) for v in chosen]
    result = chosen[0]
    for v in chosen[1:]:
        high = shift("<<", result, 4)
        result = binary("|", high, v, 0, int(high.hi) | 31)
    return result


def table(w: Writer) -> Value:
    size = w.rng.choice((4, 4, 5, 8, 8, 16))
    entries = [_small(w, -10, 60) if w.chance(0.4) else _small(w, 0, 100) for _ in range(size)]
    x = _nonnegative(w, w.operand())
    if x.hi >= size:
        x = (
            x
            if x.hi < 2 * size
            else shift(">>", x, max(0, int(x.hi).bit_length() - (size - 1).bit_length()))
            if w.chance(0.5)
            else x
        )
        power = size & (size - 1) == 0
        x = (
            binary("&", x, values.literal(size - 1), 0, size - 1)
            if power and w.chance(0.6)
            else binary("%", x, values.literal(size), 0, size - 1)
        )
    at = c_ast.ArrayRef(identifier(w.table(entries, "i32")), x.node)
    entry = Value(at, "i32", min(entries), max(entries), mask=x.mask)
    return entry if w.chance(0.5) else kept(w, entry * w.operand())


def hash(w: Writer) -> Value:
    x = kept(w, _nonnegative(w, w.operand()), 1 << 12)
    m = w.rng.choice((16, 31, 64, 97, 101, 256))
    return binary("%", x * w.rng.choice((3, 5, 7, 13)) + _small(w, 1, 50), values.literal(m), 0, m - 1)


def quadratic(w: Writer) -> Value:
    x = w.atom(kept(w, w.operand(), 300))
    return kept(w, (x * x * _small(w, 1, 4) - x * _small(w, 1, 30) if w.chance(0.5) else x * (x + _small(w, 1, 20))))


def scale(w: Writer) -> Value:
    """x * a / b."""
    x = kept(w, w.operand(), 1 << 14)
    a, b = w.rng.choice(((9, 5), (3, 4), (255, 100), (7, 3), (2, 3), (100, 255), (5, 9), (180, 100)))
    result = x * a / b
    return result + _small(w, 1, 40) if w.chance(0.4) else result


def whole(w: Writer) -> Value:
    """Real arithmetic on whole numbers, truncated."""
    x = w.operand()
    return convert(convert(x, "f64") * float(f"{w.rng.uniform(0.2, 3):.2g}"), "i32")


INTEGER: dict[str, Idiom] = {
    "compare": compare_sum,
    "select": choose,
    **{
        f.__name__: f
        for f in (
            expression, linear, combine, product, squares, shifted, difference, extremes, clamp, divide, modulo, bits,
            field, blend,
            weighted, manhattan, dot, mean, stencil, pack, table, hash, quadratic, scale, whole,
        )
    },
}  # fmt: skip
