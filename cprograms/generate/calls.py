"""Calls of helper functions: newly written ones, and variants of recipes."""

from __future__ import annotations

from cprograms.generate import guards, integers, nodes, values
from cprograms.generate.distribution import HELPERS
from cprograms.generate.function import FunctionWriter
from cprograms.generate.recipe import choose, recipes, vary
from cprograms.generate.values import Value, binary, convert, hull, mask_of
from cprograms.generate.writer import Writer


def helper(w: FunctionWriter) -> None:
    """A static function of one to three parameters, called once or twice."""
    if w.depth or len(w.unit.helpers) >= 2:
        w.local(w.idiom())
        return
    n = w.rng.choice((1, 2, 2, 3))
    calls = [[_argument(w) for _ in range(n)] for _ in range(w.rng.choice((1, 1, 2)))]
    inner = w.child(_parameters(w, calls))
    result = inner.write(w.rng.choice((0, 0, 1, 2)))
    name = w.unit.name(HELPERS)
    parameters = [(p.type, p.node.name) for p in inner.parameters]
    w.unit.helpers.append(nodes.function(inner.type, name, parameters, inner.statements, static=True))
    for arguments in calls:
        node, mask = nodes.call(name, *(a.node for a in arguments)), mask_of(arguments)
        called = Value(node, inner.type, result.lo, result.hi, result.mid, result.dev, mask)
        w.local(called * w.operand() if w.real and w.chance(0.15) else called)


def _argument(w: Writer) -> Value:
    v = w.operand()
    return w.tame(w.real_of(v), 100.0) if w.real else integers.kept(w, v, 1 << 12)


def _parameters(w: Writer, calls: list[list[Value]]) -> list[Value]:
    names = w.rng.sample(["x", "y", "z", "a", "b", "c", "t", "k", "u", "v"], len(calls[0]))
    parameters = []
    for name, *given in zip(names, *calls, strict=True):
        merged = given[0]
        for v in given[1:]:
            merged = hull(merged, v)
        type = w.type if values.fits(merged, w.type) else merged.type
        parameters.append(Value(nodes.identifier(name), type, merged.lo, merged.hi, merged.mid, merged.dev))
    return parameters


def recipe(w: Writer) -> None:
    """A call of a variant of a recipe, preferably one that takes as many values as wait to be used."""
    most = max(2, len(w.fresh))
    candidates = [r for r in recipes(w.real) if len(r.ranges) <= most]
    wide = [r for r in candidates if len(r.ranges) >= min(3, len(w.fresh))]
    chosen = choose(w.rng, wide if wide and w.chance(0.6) else candidates, w.grammar.looping_recipe)
    name = w.unit.name([chosen.name])
    function, prototypes = vary(chosen, w.rng, name, single=w.type == "f32")
    function.decl.storage = ["static"]
    w.unit.prototypes.update(prototypes)
    w.unit.helpers.append(function)
    given = w.gather(len(chosen.ranges), len(chosen.ranges))
    into = _real_into if w.real else _whole_into
    arguments = [into(w, v, *ends) for v, ends in zip(given, chosen.ranges, strict=True)]
    type = w.type if w.real else chosen.type
    slack = 0.2 * (chosen.hi - chosen.lo)
    low = chosen.lo if chosen.lo >= 0 else chosen.lo - slack
    call = nodes.call(name, *(v.node for v in arguments))
    w.local(Value(call, type, low, chosen.hi + slack, chosen.mid, chosen.dev, mask_of(arguments)))


def _real_into(w: Writer, v: Value, low: float, high: float) -> Value:
    """v brought to where a recipe is of use."""
    if low <= v.lo and v.hi <= high:
        return v
    if low < 0:
        return w.fit(v, 0.9 * max(-low, high))
    if low == 0 and high <= 1:
        return w.unit_interval(v)
    v = w.fit(v if v.lo >= 0 else guards.absolute_of(w, v), 0.8 * high)
    return v + w.constant(low) if low > v.lo else v


def _whole_into(w: Writer, v: Value, low: float, high: float) -> Value:
    """v as a whole number of a recipe's range."""
    v = w.whole(v)
    if low <= v.lo and v.hi <= high:
        return v if v.type == "i32" else convert(v, "i32")
    if low < 0:
        return convert(integers.clamp_of(w, integers.kept(w, v), int(low), int(high)), "i32", explicit=False)
    span = int(high - low) + 1
    rest = binary("%", integers.magnitude(w, v) if v.lo < 0 else v, values.literal(span), 0, span - 1)
    return convert(rest + int(low) if low else rest, "i32", explicit=False)
