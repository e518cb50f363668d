"""The graph's operators against Python's exact integers and math module; folding, sharing and the strata."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cprograms.graph import GraphBuilder, evaluate, evaluate_nodes
from cprograms.libm import OPERATORS
from cprograms.lowering import lower
from cprograms.ops import INDEX, OPS, UNEVALUABLE, apply
from cprograms.strata import strata
from cprograms.types import DOUBLE, FLOAT, INT, SCALARS, Scalar
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of, rows_of

INTEGERS = [s for s in SCALARS.values() if s.is_integer and s.bits >= 32]
NARROW = [s for s in SCALARS.values() if s.is_integer]


def quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


EXACT = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": quotient,
    "mod": lambda a, b: a - b * quotient(a, b),
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b,
    "shr": lambda a, b: a >> b,
    "min": min,
    "max": max,
    "neg": lambda a, b: -a,
    "abs": lambda a, b: abs(a),
    "not": lambda a, b: ~a,
}


def exact_integer(op: str, type: Scalar, a: int, b: int) -> int | None:
    """C's result in unlimited precision, wrapped for unsigned types and for shifts, as gcc does; None where it is
    undefined."""
    low, high = type.limits
    if op in ("div", "mod") and (b == 0 or not low <= quotient(a, b) <= high):
        return None
    if op in ("shl", "shr") and not 0 <= b < type.bits:
        return None
    value = EXACT[op](a, b)
    if op == "shl":
        return (value - low) % (1 << type.bits) + low
    if type.kind == "uint":
        return value % (1 << type.bits)
    return value if low <= value <= high else None


def edges(type: Scalar) -> st.SearchStrategy[int]:
    low, high = (int(v) for v in type.limits)
    near = [v for c in (low, 0, high, high // 2, low // 2, 1 << type.bits // 2) for v in range(c - 3, c + 4)]
    return st.one_of(st.sampled_from([v for v in near if low <= v <= high]), st.integers(low, high))


def applied(op: str, type: Scalar, *values: int | float, source: Scalar | None = None) -> int | float | None:
    """`apply` on single values; None where it traps."""
    args = [np.array([v], dtype=(source or type).dtype) for v in values]
    with np.errstate(all="ignore"):
        value, trap = apply(op, type, args[: OPS[INDEX[op]].arity])
    assert value.dtype == type.dtype
    return None if trap is not None and np.broadcast_to(trap, 1)[0] else value[0].item()


@pytest.mark.parametrize("op", EXACT)
@pytest.mark.parametrize("type", INTEGERS, ids=lambda t: t.code)
def test_integer_operators(op, type):
    @settings(max_examples=60)
    @given(edges(type), edges(type) if op not in ("shl", "shr") else st.integers(0, 66))
    def check(a, b):
        if op in ("shl", "shr"):
            b = min(b, int(type.limits[1]))
        if op == "abs" and type.kind == "uint":
            return
        assert applied(op, type, a, b) == exact_integer(op, type, a, b)

    check()


@pytest.mark.parametrize("target", NARROW, ids=lambda t: t.code)
@pytest.mark.parametrize("source", [*NARROW, FLOAT, DOUBLE], ids=lambda t: t.code)
def test_casts_to_integers(source, target):
    values = edges(source) if source.is_integer else st.floats(width=source.bits)

    @settings(max_examples=40)
    @given(st.one_of(values, st.sampled_from([-1.5, -1.0, -0.5, -0.0, 0.5, 2.0**31, 2.0**63, -(2.0**63), 2.0**64])))
    def check(value):
        assume(not source.is_integer or (value == int(value) and source.limits[0] <= value <= source.limits[1]))
        low, high = target.limits
        if target.code == "bool":
            expected = value != 0
        elif source.is_integer:
            span = 1 << target.bits
            expected = (int(value) - int(low)) % span + int(low)
        elif not math.isfinite(value) or not low <= math.trunc(value) <= high:
            expected = None
        else:
            expected = math.trunc(value)
        assert applied("cast", target, value, source=source) == expected

    check()


def nearest(x: float) -> float:
    return math.copysign(math.floor(abs(x) + 0.5) if abs(x) % 1 >= 0.5 else math.floor(abs(x)), x)


FLOATING = {
    "floor": math.floor, "ceil": math.ceil, "trunc": math.trunc, "rint": round, "round": nearest, "abs": abs,
    "sqrt": lambda x: math.sqrt(abs(x)), "neg": lambda x: -x,
}  # fmt: skip


@pytest.mark.parametrize("op", FLOATING)
@given(
    st.one_of(
        st.floats(-1e18, 1e18),
        st.integers(-40, 40).map(lambda i: i / 4),
        st.sampled_from([0.49999999999999994, 2.0**52 + 1, 2.0**51 + 0.5]),
    )
)
def test_floating_operators(op, x):
    given_ = abs(x) if op == "sqrt" else x
    assert applied(op, DOUBLE, given_) == FLOATING[op](x)


@given(st.floats(-1e9, 1e9), st.floats(-1e3, 1e3), st.booleans())
def test_remainders(x, y, halves):
    x, y = (round(x) / 2, round(y) / 2) if halves else (x, y)
    assume(abs(y) > 1e-100)
    assert applied("remainder", DOUBLE, x, y) == math.remainder(x, y)
    assert applied("fmod", DOUBLE, x, y) == math.fmod(x, y)


@pytest.mark.parametrize(
    "name",
    "exp log sin cos tan atan cbrt exp2 expm1 log1p log2 log10 sinh cosh tanh asinh erf erfc lgamma tgamma".split(),
)
def test_functions_in_float_and_double(name):
    x = np.linspace(0.1, 9, 50)
    reference = math.gamma if name == "tgamma" else getattr(math, name)
    expected = np.array([reference(v) for v in x])
    for type, tolerance in ((DOUBLE, 1e-13), (FLOAT, 3e-6)):
        found, trap = apply(name, type, [x.astype(type.dtype)])
        assert (found.dtype, trap) == (type.dtype, None)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@given(st.floats(), st.floats())
def test_extremes_and_comparisons(a, b):
    as_c = {"min": a if a < b else b, "max": a if a > b else b, "lt": a < b, "le": a <= b, "eq": a == b, "ne": a != b}
    as_c["fmin"] = b if math.isnan(a) else a if math.isnan(b) else min(a, b)
    as_c["fdim"] = math.nan if math.isnan(a) or math.isnan(b) else a - b if a > b else 0.0
    for op, expected in as_c.items():
        type = INT if op in ("lt", "le", "eq", "ne") else DOUBLE
        found = applied(op, type, a, b, source=DOUBLE)
        assert found == expected or (math.isnan(found) and math.isnan(expected))


# The builder


@pytest.mark.parametrize("op", [o.name for o in OPS if o.arity in (1, 2) and o.name not in UNEVALUABLE | {"cast"}])
@settings(max_examples=30)
@given(a=st.integers(-5, 5), b=st.integers(-5, 33), fraction=st.booleans())
def test_folding_agrees_with_evaluation(op, a, b, fraction):
    """An operator on constants, on arguments and on one of each give the same value and the same poison."""
    whole = op in ("mod", "and", "or", "xor", "shl", "shr", "not")
    group = OPS[INDEX[op]].group
    type = DOUBLE if op in OPERATORS or (fraction and not whole) else INT
    out = INT if group in ("compare", "test") else type
    values = [v / 2 if type == DOUBLE else v for v in (a, b)]
    found = []
    for constant in ((), (0,), (1,), (0, 1)):
        builder = GraphBuilder()
        children = [
            builder.constant(v, type) if k in constant else builder.argument(k, type) for k, v in enumerate(values)
        ]
        root = builder.add(op, out, *children[: OPS[INDEX[op]].arity])
        found.append(evaluate(builder.finish([root]), np.array([values], dtype=float))[0, 0])
    np.testing.assert_array_equal(found, found[:1] * 4)


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(-3, 3), st.sampled_from(["eq", "ne"]), st.integers(0, 2))
def test_selects_agree_with_evaluation(a, b, c, op, number):
    """Every select over comparisons of comparisons with constants gives what the plain one does."""
    builder = GraphBuilder()
    x, y, z = (builder.argument(k, INT) for k in range(3))
    for inner in ("lt", "le", "eq", "ne"):
        test = builder.add(op, INT, builder.add(inner, INT, x, y), builder.constant(number, INT))
        again = builder.add("sel", INT, test, builder.add("sel", INT, test, z, x), y)
        flag = builder.add("sel", INT, test, builder.constant(1, INT), builder.constant(0, INT))
        opposite = builder.add("sel", INT, test, builder.constant(0, INT), builder.constant(1, INT))
        least = builder.add("sel", INT, builder.add(inner, INT, x, y), x, y)
        size = builder.add(
            "sel", INT, builder.add(inner, INT, builder.constant(0, INT), x), x, builder.add("neg", INT, x)
        )
        found = evaluate(builder.finish([again, flag, opposite, least, size]), np.array([[a, b, c]], dtype=float))[0]
        held = {"lt": a < b, "le": a <= b, "eq": a == b, "ne": a != b}[inner]
        taken = (held == number) == (op == "eq")
        positive = {"lt": a > 0, "le": a >= 0, "eq": a == 0, "ne": a != 0}[inner]
        assert found.tolist() == [c if taken else b, taken, not taken, a if held else b, a if positive else -a]


numbers = st.sampled_from([-7, -2, -1, 0, 1, 2, 7])


@given(
    v=numbers | st.sampled_from([math.nan, math.inf, -math.inf]),
    ends=st.tuples(numbers, numbers),
    ops=st.tuples(*[st.sampled_from(["lt", "le"])] * 2),
    towards=st.tuples(st.booleans(), st.booleans()),
    lower_first=st.booleans(),
    types=st.sampled_from([(INT, INT), (INT, SCALARS["i64"]), (DOUBLE, DOUBLE), (DOUBLE, FLOAT), (DOUBLE, INT)]),
)
def test_clamps_agree_with_evaluation(v, ends, ops, towards, lower_first, types):
    """Every way to write a clamp by two selects, each side converted, gives what the two selects give."""
    source, target = types
    assume(math.isfinite(v) or (source, target) == (DOUBLE, DOUBLE))
    builder = GraphBuilder()
    x = builder.argument(0, source)

    def bounded(inner, value, bound, op, below, toward):
        """`x < bound ? bound : inner`, or its mirror for an upper bound; `toward`: the bound is the first side."""
        sides = (builder.constant(bound, source), x) if below != toward else (x, builder.constant(bound, source))
        chosen = (builder.constant(bound, target), inner) if toward else (inner, builder.constant(bound, target))
        left, right = (bound, v) if below != toward else (v, bound)
        held = left < right if op == "lt" else left <= right
        node = builder.add("sel", target, builder.add(op, INT, *sides), *chosen)
        return node, (bound if held == toward else value)

    node, value = builder.cast(x, target), v
    for bound, op, below, toward in zip(ends, ops, (lower_first, not lower_first), towards, strict=True):
        node, value = bounded(node, value, bound, op, below, toward)
    found = evaluate(builder.finish([node]), np.array([[v]], dtype=float))[0, 0]
    np.testing.assert_array_equal(found, value)


def test_equal_nodes_are_shared_but_signed_zeros_are_not():
    builder = GraphBuilder()
    x = builder.argument(0, DOUBLE)
    assert builder.add("add", DOUBLE, x, builder.constant(2, DOUBLE)) == builder.add(
        "add", DOUBLE, builder.constant(2, DOUBLE), x
    )
    assert builder.constant(0.0, DOUBLE) != builder.constant(-0.0, DOUBLE)
    assert builder.constant(math.nan, DOUBLE) == builder.constant(math.nan, DOUBLE)
    assert builder.constant(1, INT) != builder.constant(1, DOUBLE)


def test_children_come_before_their_parents_and_nothing_is_left_over():
    graph = lower(program_of(CASES["sorting"].source, CASES["sorting"].ranges))
    used = set(graph.roots)
    for k, node in enumerate(graph.nodes):
        assert all(c < k for c in node.children)
        used.update(node.children)
    assert used == set(range(len(graph.nodes)))


def test_poison_of_an_untaken_side_does_not_strata():
    builder = GraphBuilder()
    x, one = builder.argument(0, INT), builder.constant(1, INT)
    undefined = builder.add("div", INT, one, x)
    root = builder.add("sel", INT, x, undefined, one)
    graph = builder.finish([root, undefined])
    np.testing.assert_array_equal(evaluate(graph, np.array([[0.0], [1.0]])), [[1, np.nan], [1, 1]])


def test_a_constant_that_is_undefined_poisons_every_row():
    builder = GraphBuilder()
    root = builder.add("div", INT, builder.constant(1, INT), builder.constant(0, INT))
    assert np.isnan(evaluate(builder.finish([root]), np.zeros((3, 1)))).all()


def test_lookup_outside_is_undefined():
    builder = GraphBuilder()
    index = builder.argument(0, INT)
    graph = builder.finish([builder.lookup(np.array([1.5, 2.5]), DOUBLE, index)])
    np.testing.assert_array_equal(evaluate(graph, np.array([[-1.0], [0], [1], [2]]))[:, 0], [np.nan, 1.5, 2.5, np.nan])


def test_a_results_own_graph():
    case = CASES["complex numbers"]
    program = program_of(case.source, case.ranges)
    graph, rows = lower(program), rows_of(program, 20)
    for k in range(2):
        np.testing.assert_array_equal(evaluate(graph.result(k), rows)[:, 0], evaluate(graph, rows)[:, k])


def test_skeletons_ignore_numbers_but_not_shapes():
    def skeleton(expression: str) -> str:
        return lower(program_of(f"double f(double x, double y) {{ return {expression}; }}")).skeleton()

    assert skeleton("x * 2 + y") == skeleton("x * 3.5 + y") == skeleton("y * 7 + x")
    assert len({skeleton(e) for e in ("x * 2 + y", "x * 2 - y", "x * 2 + x", "x * y + x", "(float)x * 2 + y")}) == 5


# Strata


@pytest.mark.parametrize("name", CASES)
def test_strata_are_finite_and_sorted_where_values_are(name):
    case = CASES[name]
    for program in (program_of(case.source, case.ranges), program_of(case.source, [(0, 0)] * len(case.ranges))):
        graph = lower(program)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            q = strata(graph, program.domain)
        assert q.shape == (len(graph.nodes), 7)
        assert np.isfinite(q).all()
        assert (np.diff(q, axis=1) >= 0).all()


def test_strata_of_plain_arithmetic_are_those_of_its_values():
    program = program_of("double f(double x, double y) { return 3 * x + y - 1; }", [(-1, 1), (0, 2)])
    graph = lower(program)
    rows = np.random.default_rng(0).uniform(*program.domain.T, (20_000, 2))
    values = np.sort(evaluate(graph, rows)[:, 0])
    expected = values[: 7 * (len(values) // 7)].reshape(7, -1).mean(1)
    np.testing.assert_allclose(strata(graph, program.domain)[-1], expected, atol=0.15)


def test_strata_keep_to_what_is_defined():
    program = program_of("int f(int a, int b) { return a / b; }", [(10, 20), (0, 2)])
    q = strata(lower(program), program.domain)[-1]
    # Halves of 10 … 20, and 10 … 20 themselves: what divides by zero has no share.
    assert 5 <= q.min() < 8
    assert 15 < q.max() <= 20


@pytest.mark.parametrize(
    "body",
    [
        "return v < 0 ? 0 : v > 250 ? 250 : v;",
        "return v > 250 ? 250 : v >= 0 ? v : 0;",
        "if (v < 0) return 0; if (v > 250) return 250; return v;",
        "unsigned char r; if (v <= 0) r = 0; else if (v < 250) r = v; else r = 250; return r;",
    ],
)
@pytest.mark.parametrize("type", ["int", "double"])
def test_strata_of_a_clamp_are_within_its_bounds(body, type):
    program = program_of(f"unsigned f({type} v) {{ {body} }}", [(-300, 600)])
    q = strata(lower(program), program.domain)[-1]
    assert (q.min(), q.max()) == (0, 250)


def test_strata_of_unsigned_numbers_do_not_wrap():
    program = program_of("unsigned f(unsigned a, int b) { return a - 40 + (unsigned)b; }", [(0, 100), (-20, 20)])
    q = strata(lower(program), program.domain)[-1]
    assert q.max() < 100


def test_poisons_have_their_nodes_shape():
    program = program_of("int f(int a, int b) { return b > 0 ? a / b : a << b; }", [(-9, 9), (-3, 3)])
    graph, rows = lower(program), rows_of(program, 50)
    values, poisons = evaluate_nodes(graph, rows)
    for value, poison in zip(values, poisons, strict=True):
        assert value.shape in ((), (50,))
        assert poison is None or poison.shape in ((), (50,))


def test_strata_know_a_node_from_itself():
    """x · x is never negative, x · y is."""
    for expression, negative in (("x * x", False), ("x * y", True)):
        program = program_of(f"double f(double x, double y) {{ return {expression}; }}")
        assert (strata(lower(program), program.domain)[-1].min() < 0) == negative


def test_strata_of_a_select_have_its_sides_shares():
    """k < 6 holds for six of the seven values that stand for 0 … 6."""
    program = program_of("double f(int k, double x) { return k < 6 ? 100.0 : x; }", [(0, 6), (0, 1)])
    q = strata(lower(program), program.domain)[-1]
    assert (q == 100).sum() == 6


@pytest.mark.parametrize("type", [DOUBLE, FLOAT], ids=lambda t: t.code)
def test_an_extremum_of_a_nan_is_the_second_operand(type):
    """As `a < b ? a : b` is, which it stands for."""
    for op in ("min", "max"):
        assert math.isnan(applied(op, type, 1.0, math.nan))
        assert applied(op, type, math.nan, 1.0) == 1.0
