"""Statements: declarations, branches, early returns, switches, helper calls; loops are in `loops`."""

from __future__ import annotations

import math

from pycparser import c_ast

from cprograms.generate import integers, nodes, values
from cprograms.generate.calls import helper, recipe
from cprograms.generate.distribution import LOCALS
from cprograms.generate.function import FunctionWriter, Statement
from cprograms.generate.integer_loops import INTEGER_LOOPS
from cprograms.generate.loops import REAL_LOOPS
from cprograms.generate.values import Value, convert, hull
from cprograms.generate.writer import ConstValue, Writer, fresh_name
from cprograms.types import SCALARS


def local(w: Writer) -> None:
    w.local(w.idiom())


def chain(w: Writer) -> None:
    """Several values worked out one from another."""
    v = w.local(w.idiom(many=False))
    for _ in range(w.rng.choice((1, 2))):
        w.read(w.pool[-1])
        x = w.fit(v, 2.0) if w.real else v
        v = w.local(x * w.operand() if w.real and w.chance(0.4) else x + w.operand(), const=False)


def _settled(w: Writer, v: Value, target: Value) -> Value:
    """v brought to the target's kind and within what its type holds."""
    if target.real:
        return w.tame(v)
    v = integers.kept(w, v)
    low, high = SCALARS[target.type].limits
    return v if values.fits(v, target.type) else integers.clamp_of(w, v, max(int(low), -1000), min(int(high), 1000))


def branch(w: Writer) -> None:
    """A variable assigned on both sides of an if."""
    test = w.condition()
    name_type = w.type
    name = fresh_name(LOCALS, w.taken, w.rng)
    w.emit(nodes.declare(name_type, name))
    target = Value(nodes.identifier(name), name_type, -1e9, 1e9)
    sides = []
    for _ in range(2):
        with w.nested() as body:
            if w.chance(0.2):
                local(w)
            v = _settled(w, w.idiom(), target)
            w.emit(nodes.assign(name, v.node))
        sides.append((body, v))
    (yes, a), (no, b) = sides
    w.emit(nodes.branch(test.node, yes, no))
    merged = hull(a, b)
    merged.mask |= test.mask
    result = values.variable(name, name_type, merged)
    w.pool.append(result)
    w.fresh.append(result)


def adjust(w: Writer) -> None:
    """An if that changes a variable, perhaps with an else-if."""
    target = w.mutable()
    if target is None:
        return local(w)
    test = w.condition()
    before = values.read(target)
    with w.nested() as body:
        after = _change(w, target)
    w.emit(nodes.branch(test.node, body))
    merged = hull(before, after)
    merged.mask |= test.mask | before.mask
    w.update(target, merged)


def _change(w: Writer, target: Value) -> Value:
    """Emit an assignment to the variable; returns what it holds then (the variable itself is not updated)."""
    old = values.read(target)
    w.read(target)
    kind = w.rng.random()
    name = target.node.name
    if w.real:
        if kind < 0.35:
            op, v = w.rng.choice("+-"), w.fit(w.operand(), old.bound or 1.0)
        elif kind < 0.65:
            op, v = "*", w.constant(w.number(0.2, 1.8)) if w.chance(0.6) else w.fit(w.operand(), 1.5)
        elif kind < 0.75:
            op, v = "/", w.constant(w.number(1.2, 4))
        else:
            v = w.tame(w.idiom())
            w.emit(nodes.assign(name, v.node))
            return convert(v, target.type, explicit=False)
    elif kind < 0.55:
        op, v = w.rng.choice("+-"), integers.kept(w, w.operand(), 1 << 16)
    elif kind < 0.7:
        op, v = "*", values.literal(w.rng.choice((2, 3, 5)))
    else:
        op, v = "/", values.literal(w.rng.choice((2, 3, 4)))
    new = {"+": old.__add__, "-": old.__sub__, "*": old.__mul__, "/": old.__truediv__}[op](v)
    if new.bound > 1e6 or not (values.fits(new, target.type) and (new.type == target.type or target.real)):
        new = _settled(w, old / 2 if not w.real else w.fit(old, 100.0), target)
        w.emit(nodes.assign(name, new.node))
    else:
        w.emit(nodes.assign(name, v.node, op + "="))
    new.mask |= old.mask
    return convert(new, target.type, explicit=False)


def compound(w: Writer) -> None:
    target = w.mutable()
    if target is None:
        return local(w)
    w.update(target, _change(w, target))


def clamp(w: Writer) -> None:
    """One or two ifs that keep a variable in a range."""
    target = w.mutable()
    if target is None or target.dev == 0:
        return local(w)
    ends = [target.mid - w.rng.uniform(0.4, 1.3) * target.dev, target.mid + w.rng.uniform(0.4, 1.3) * target.dev]
    low, high = (float(f"{e:.2g}") if w.real else round(e) for e in ends)
    sides = w.rng.choice(((0, 1), (0, 1), (0,), (1,)))
    before = values.read(target)
    for side in sides:
        end = w.constant(low if side == 0 else high)
        test = values.compare("<" if side == 0 else ">", values.read(target), end)
        w.emit(nodes.branch(test.node, [nodes.assign(target.node.name, end.node)]))
    low, high = low if 0 in sides else -math.inf, high if 1 in sides else math.inf
    mid, dev = values.moments(lambda x: max(low, min(high, x)), before)
    kept = Value(
        target.node, target.type, max(low, min(before.lo, high)), min(high, max(before.hi, low)), mid, dev, before.mask
    )
    w.update(target, kept)


def early(w: FunctionWriter) -> None:
    """A return before the end, on a condition; what it returns is noted by the function's end."""
    if w.struct:
        return branch(w)
    test = w.condition()
    saved = list(w.fresh)
    with w.nested():
        v = w.finish(w.operand() if w.chance(0.5) else w.idiom(many=False))
        statements = [*w.statements, *w.ending(v)]
    # The path that goes on has not read what this one did.
    w.fresh = [*saved, *(v for v in w.fresh if v not in saved)]
    w.emit(nodes.branch(test.node, statements))
    w.returned(v, test)


def ladder(w: FunctionWriter) -> None:
    """Returns for one part of a variable's range after the other; what is left goes on."""
    if w.struct:
        return branch(w)
    v = w.pick()
    steps = w.rng.choice((2, 2, 3, 4))
    rising = w.chance(0.6)
    saved = list(w.fresh)
    for k in range(steps):
        share = (k + w.rng.uniform(0.3, 0.9)) / (steps + 0.5)
        at = v.mid + (2 * share - 1) * 1.6 * v.dev * (1 if rising else -1)
        limit = w.constant(w.near(at)) if v.real else values.literal(round(at))
        test = values.compare(w.rng.choice(("<", "<=")) if rising else w.rng.choice((">", ">=")), values.read(v), limit)
        with w.nested():
            simple = (
                w.constant(w.near(w.rng.uniform(-1, 1) * v.dev)) if w.real else values.literal(w.rng.randint(0, 20))
            )
            result = w.finish(simple if w.chance(0.35) else w.idiom(many=False))
            statements = [*w.statements, *w.ending(result)]
        w.emit(nodes.branch(test.node, statements))
        w.returned(result, test)
    w.fresh = [*saved, *(x for x in w.fresh if x not in saved)]


def switch(w: Writer) -> None:
    """A switch over the rest or the size of a whole number."""
    chosen = w.pick(False)
    ways = w.rng.choice((2, 3, 4))
    if chosen.lo >= 0 and chosen.hi <= 4 and w.chance(0.7):
        selector = chosen
    elif chosen.lo >= 0 and chosen.hi < 1000 and w.chance(0.4):
        selector = chosen / max(1, int(chosen.hi) // ways)
    else:
        selector = values.binary("%", chosen, values.literal(ways), 0, ways - 1)
    start = w.operand()
    w.local(start, const=False)
    variable = w.pool[-1]
    cases: list[c_ast.Node] = []
    outcome = values.read(variable)
    for i in range(ways):
        with w.nested() as body:
            after = _change(w, variable)
        outcome = hull(outcome, after)
        # A declaration may not follow a label.
        inner = [nodes.block(body)] if any(isinstance(s, c_ast.Decl) for s in body) else body
        if i == ways - 1 and w.chance(0.7):
            cases.append(c_ast.Default([*inner, c_ast.Break()]))
        else:
            cases.append(c_ast.Case(nodes.integer(i), [*inner, c_ast.Break()]))
    w.emit(c_ast.Switch(selector.node, c_ast.Compound(cases)))
    outcome.mask |= selector.mask
    w.update(variable, outcome)


def loop(w: Writer) -> None:
    table, kinds = (w.grammar.loop, REAL_LOOPS) if w.real else (w.grammar.integer_loop, INTEGER_LOOPS)
    kinds[table.draw(w.rng)](w)


def swap(w: Writer) -> None:
    """Two variables put in order."""
    candidates = [v for v in w.pool if v.real == w.real and v.type == w.type and not isinstance(v, ConstValue)]
    if len(candidates) < 2:
        return local(w)
    a, b = w.rng.sample(candidates, 2)
    low, high = values.read(a), values.read(b)
    name = fresh_name(LOCALS, w.taken, w.rng)
    body = [
        nodes.declare(w.type, name, low.node),
        nodes.assign(a.node.name, high.node),
        nodes.assign(b.node.name, nodes.identifier(name)),
    ]
    w.emit(nodes.branch(values.compare(">", low, high).node, body))
    both = hull(low, high)
    w.update(a, both)
    w.update(b, both)


STATEMENTS: dict[str, Statement] = {
    "local": local,
    "branch": branch,
    "adjust": adjust,
    "compound": compound,
    "clamp": clamp,
    "early": early,
    "loop": loop,
    "ladder": ladder,
    "switch": switch,
    "helper": helper,
    "recipe": recipe,
    "chain": chain,
    "swap": swap,
}
