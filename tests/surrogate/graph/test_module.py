"""The graph in torch against `cprograms.graph.evaluate` and the sandbox; its gradients against differences."""

from __future__ import annotations

import copy
import math
import pickle
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cprograms
from cprograms.graph import Graph, GraphBuilder, evaluate
from cprograms.libm import OPERATORS
from cprograms.lowering import lower
from cprograms.ops import INDEX, OPS
from cprograms.sampling import sample
from cprograms.types import DOUBLE, FLOAT, INT, SCALARS, Scalar
from surrogate.graph.module import BLOCK, GraphModule
from surrogate.graph.operators import MATH
from surrogate.numeric.batches import derivatives
from tests import ROOT
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of, rows_of

LIBRARY = sorted((ROOT / "cprograms" / "library").glob("*.c"))
INTEGERS = [s for s in SCALARS.values() if s.is_integer and s.bits >= 32]
BINARY = "add sub mul div mod and or xor shl shr min max lt le eq ne".split()


def module_of(source: str, *ranges: tuple[float, float], smooth: float | None = None) -> GraphModule:
    return GraphModule(lower(program_of(source, list(ranges) or None)), smooth=smooth)


def same(got: np.ndarray, expected: np.ndarray, digits: float = 0.0) -> bool:
    """Equal but for `digits`, relatively, and NaN where the other is."""
    with np.errstate(invalid="ignore"):
        close = np.abs(got - expected) <= digits * np.maximum(np.abs(expected), 1)
    return bool(((got == expected) | close | (np.isnan(got) & np.isnan(expected))).all())


def values(module: GraphModule, *rows: list[float]) -> list[float]:
    return [float(v) for v in module.predict(np.array(rows))[:, 0]]


def slope(module: GraphModule, *at: float) -> list[float]:
    """The derivatives of the first result at a point."""
    return [float(v) for v in derivatives(module, torch.tensor([at], dtype=torch.float64))[0, 0]]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.exact])
def test_every_case_is_what_the_graph_says(name):
    program = program_of(CASES[name].source, CASES[name].ranges)
    graph = lower(program)
    x = rows_of(program, 300)
    expected = evaluate(graph, x)
    floats = any(n.type == FLOAT for n in graph.nodes)
    called = any(n.op in OPERATORS for n in graph.nodes)
    got = GraphModule(graph, [a.name for a in program.arguments]).predict(x)
    assert same(got, expected, (1e-6 if floats else 1e-13) if called else 0)


@pytest.mark.parametrize("path", LIBRARY[::5], ids=lambda p: p.stem)
def test_the_library_is_what_the_sandbox_says(path):
    program = cprograms.load(path)
    graph = lower(program, max_nodes=2048)
    if not graph.exact:
        pytest.skip("not exact")
    x = sample(program, 500, 3)
    floats = any(n.type == FLOAT for n in graph.nodes)
    names = [a.name for a in program.arguments]
    assert same(GraphModule(graph, names).predict(x), cprograms.run(program, x), 1e-5 if floats else 1e-11)


def test_no_function_of_the_library_is_missing():
    assert set(MATH) == set(OPERATORS)


# --- Operators one by one ---


def edges(type: Scalar) -> st.SearchStrategy[int]:
    low, high = (int(v) for v in type.limits)
    near = [v for c in (low, 0, high, high // 2, 1 << type.bits // 2) for v in range(c - 2, c + 3) if low <= v <= high]
    return st.one_of(st.sampled_from(near), st.integers(low, high))


def of_constants(op: str, type: Scalar, numbers: list[int]) -> Graph:
    """An operator on numbers that only the run knows: an argument of 0 is added, where nothing is folded."""
    builder = GraphBuilder()
    nothing = builder.cast(builder.argument(0, DOUBLE), type)
    operands = [builder.add("xor", type, nothing, builder.constant(v, type)) for v in numbers]
    return builder.finish([builder.add(op, INT if op in ("lt", "le", "eq", "ne") else type, *operands)])


@pytest.mark.parametrize("op", [*BINARY, "neg", "not", "abs"])
@pytest.mark.parametrize("type", INTEGERS, ids=lambda t: t.code)
def test_integer_operators_are_exact(op, type):
    @settings(max_examples=30)
    @given(edges(type), edges(type) if op not in ("shl", "shr") else st.integers(0, 66))
    def check(a, b):
        if op == "abs" and type.kind == "uint":
            return
        graph = of_constants(op, type, [a, b][: OPS[INDEX[op]].arity])
        zero = np.zeros((1, 1))
        assert same(GraphModule(graph, ["x"]).predict(zero), evaluate(graph, zero))

    check()


@pytest.mark.parametrize("op", "add sub mul mod div neg min max shl lt".split())
@given(st.data())
@settings(max_examples=30)
def test_integers_of_arguments_are_exact_and_so_with_a_gradient(op, data):
    type = SCALARS[data.draw(st.sampled_from(["i32", "u32"]))]
    builder = GraphBuilder()
    operands = [builder.argument(k, type) for k in range(OPS[INDEX[op]].arity)]
    graph = builder.finish([builder.add(op, INT if op == "lt" else type, *operands)])
    x = np.array([[float(data.draw(edges(type))) for _ in operands] for _ in range(4)])
    module, expected = GraphModule(graph), evaluate(graph, x)
    assert same(module.predict(x), expected)
    assert same(module(torch.tensor(x, requires_grad=True)).detach().numpy(), expected)


@pytest.mark.parametrize("target", SCALARS.values(), ids=lambda t: t.code)
@pytest.mark.parametrize("source", SCALARS.values(), ids=lambda t: t.code)
def test_casts_are_exact(source, target):
    if source.is_integer:
        low, high = (int(v) for v in source.limits)
        near = {v for c in (low, 0, high, 127, 255, 2**31, 2**53, 2**63) for v in range(c - 3, c + 4)}
        drawn = sorted(v for v in near if low <= v <= high)
    else:
        drawn = [-1.5, -1.0, -0.5, 0.5, 254.9, 255.5, 2.0**31, 2.0**63, -(2.0**63), 2.0**64, 1e300, math.nan]
    for value in drawn:
        builder = GraphBuilder()
        with np.errstate(over="ignore"):
            chosen = builder.add(
                "sel",
                source,
                builder.argument(0, INT),
                builder.constant(value, source),
                builder.constant(0, source),
            )
        graph = builder.finish([builder.add("cast", target, chosen)])
        one = np.ones((1, 1))
        assert same(GraphModule(graph, ["x"]).predict(one), evaluate(graph, one)), value


@pytest.mark.parametrize("type", [DOUBLE, FLOAT], ids=lambda t: t.code)
@pytest.mark.parametrize("op", OPERATORS)
def test_functions_at_odd_places(op, type):
    builder = GraphBuilder()
    arity = OPS[INDEX[op]].arity
    graph = builder.finish(
        [builder.add(op, INT if op.startswith("is") else type, *(builder.argument(k, type) for k in range(arity)))]
    )
    odd = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        3.0,
        -3.0,
        1e-3,
        0.99,
        7.7,
        -7.7,
        40.25,
        math.inf,
        -math.inf,
        math.nan,
    ]
    x = np.stack(np.meshgrid(*[odd] * arity), axis=-1).reshape(-1, arity).astype(type.dtype).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = evaluate(graph, x)
    if op == "lgamma":
        expected[x[:, 0] == -math.inf] = math.inf  # scipy has -inf, which C has not
    got = GraphModule(graph).predict(x)
    assert same(got, expected, 2e-6 if type == FLOAT else 1e-13)
    if op not in ("fmin", "fmax"):  # of two zeros, either
        assert same(np.copysign(1, got[~np.isnan(got)]), np.copysign(1, expected[~np.isnan(expected)]))


# --- What it takes ---


def test_any_batch_shape_and_floating_type():
    module = module_of("double f(double x, double y) { return x * 3.25 - y; }")
    assert module(torch.zeros(2, 3, 2)).shape == (2, 3, 1)
    assert module(torch.zeros(2)).shape == (1,)
    assert module(torch.zeros(0, 2)).shape == (0, 1)
    assert module(torch.zeros(4, 2)).dtype == torch.float32
    assert module(torch.ones(1, 2, dtype=torch.int32)).item() == 2.25
    with pytest.raises(ValueError, match=r"\[\.\.\., 2\]"):
        module(torch.zeros(4, 3))


def test_blocks_are_one_batch():
    module = module_of("int f(int a, int b) { return a / b * 100 + a % b; }", (-9, 9), (-5, 5))
    x = np.random.default_rng(0).integers(-5, 6, (2 * BLOCK + 7, 2)).astype(float)
    assert same(module.predict(x), evaluate(module.graph, x))


def test_a_result_may_be_an_argument_or_a_constant():
    source = "struct p { double a; int b; double c; }; struct p f(double x) { struct p r = {x, 3, 2.5}; return r; }"
    assert module_of(source).predict(np.array([[1.5], [2.5]])).tolist() == [[1.5, 3, 2.5], [2.5, 3, 2.5]]


def test_what_cannot_be_computed_is_refused():
    graph = lower(program_of("int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }", [(0, 60)]))
    with pytest.raises(ValueError, match="cannot be computed"):
        GraphModule(graph)
    with pytest.raises(ValueError, match="positive"):
        module_of("double f(double x) { return x; }", smooth=0.0)


# --- Gradients ---

SMOOTH_PROGRAMS = [
    "double f(double x, double y) { return x * y - x / (y + 3) + -x; }",
    "double f(double x, double y) { return sqrt(x + 2) * exp(y) + log(3 + x) * pow(x + 2, y) + atan2(y, x + 2); }",
    "double f(double x, double y) { return cbrt(x + 3) + tgamma(x + 4) + lgamma(y + 3) + hypot(x, y + 2) + erf(x); }",
    "double f(double x, double y) { return fmod(x * 7, y + 1.5) + remainder(y * 5, 0.7) + fdim(x, y) + fmax(x, y); }",
    "double f(double x, double y) { return x > y ? x * x : y < 0.25 ? sin(y) : fabs(x) * tan(y); }",
    "double f(double x, double y) { double s = 0; for (int i = 1; i < 6; i++) s += pow(x, i) * cosh(y); return s; }",
]


@pytest.mark.parametrize("source", SMOOTH_PROGRAMS)
def test_derivatives_are_those_of_differences(source):
    module = module_of(source)
    x = np.random.default_rng(1).uniform(-0.9, 0.9, (60, 2))
    found = derivatives(module, torch.tensor(x))[:, 0].numpy()
    for k in range(2):
        step = np.zeros(2)
        step[k] = 1e-6
        differences = (module.predict(x + step) - module.predict(x - step))[:, 0] / 2e-6
        near = np.abs(differences - found[:, k]) <= 1e-5 * np.maximum(1, np.abs(differences))
        assert near.mean() > 0.95  # but where a jump or a kink lies between


def test_integers_have_the_derivatives_of_real_numbers():
    luminance = module_of("int f(int r, int g, int b) { return 54 * r + 183 * g - -19 * b; }", *[(0, 255)] * 3)
    assert slope(luminance, 10, 20, 30) == [54, 183, 19]
    product = module_of("unsigned f(unsigned a, unsigned b) { return a * b + 7u; }", (0, 9), (0, 9))
    assert slope(product, 4e9, 5) == [5, 4e9]
    assert slope(
        module_of("double f(int a, short b) { return a % 7 * 0.5 + (b < a ? b : a); }", (0, 9), (0, 9)), 9, 3
    ) == [
        0.5,
        1,
    ]


def test_jumps_have_none():
    assert slope(module_of("int f(int a, double x) { return (a > 2) + (a >> 1) + a / 3 + (int)(x * 9); }"), 5, 0.3) == [
        0,
        0,
    ]
    assert slope(module_of("double f(double x) { return floor(x) + rint(x) + (x > 0.2); }"), 0.7) == [0]
    assert slope(module_of("double f(long a, double x) { return a * x; }"), 3, 2) == [0, 3]


def test_what_has_no_gradient_anywhere_has_the_gradient_0():
    x = torch.tensor([[5.0]], requires_grad=True)
    module_of("int f(int a) { return a >> 1; }")(x).sum().backward()
    assert x.grad.tolist() == [[0]]


@pytest.mark.parametrize(
    ("source", "at", "expected"),
    [
        ("double f(double x) { return x > 0 ? sqrt(x) : 0; }", -1, 0),
        ("double f(double x) { return x > 0 ? sqrt(x) : 0; }", 4, 0.25),
        ("double f(double x) { return x != 0 ? sin(x) / x : 1; }", 0, 0),
        ("double f(double x) { return x != 0 && 1 / x > 2 ? log(1 / x) : x * 3; }", 0, 3),
        ("double f(double x) { if (x <= 0) return x; double y = log(x); return y * exp(1 / x) * pow(x, 0.3); }", 0, 1),
        ("double f(double x) { double y = sqrt(x); return x < 0 ? 2 * x : y * y + hypot(x, y); }", -2, 2),
        ("double f(double x) { return x != x ? 7 : x * x; }", math.nan, 0),
        ("double f(double x) { double y = acos(x), z = x * 2; return y < z ? y : z; }", 2, 2),
        ("float f(float x) { return x > 0 ? 1 / x + cbrtf(x) + tgammaf(x) + remainderf(1, x) : x; }", 0, 1),
    ],
)
def test_a_branch_that_is_not_taken_leaks_nothing(source, at, expected):
    assert slope(module_of(source), at) == [expected]


def test_a_derivative_that_is_infinite_where_it_is_asked_for_stays():
    assert slope(module_of("double f(double x) { return x >= 0 ? sqrt(x) : 0; }"), 0) == [math.inf]


def test_second_derivatives():
    module = module_of("double f(double x) { return x > 0 ? x * x * x : exp(x); }")
    x = torch.tensor([[2.0], [-1.0]], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(module(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert torch.allclose(second, torch.tensor([[12.0], [math.exp(-1)]], dtype=torch.float64))


# --- Constants ---


def test_constants_are_parameters_but_structural_ones():
    source = (
        "double f(double x, int n) {\n  return 0.2126 * x * 2 + pow(x, 3) * 17.5 +\n  (n > 4 ? -0.2126 : 1) + 3 * x;\n}"
    )
    module = module_of(source, (0, 1), (0, 9))
    assert sorted(c.item() for c in module.constants) == [-0.2126, 0.2126, 3, 17.5]
    y = module(torch.tensor([[2.0, 9.0]], dtype=torch.float64))
    found = dict(
        zip([c.item() for c in module.constants], torch.autograd.grad(y.sum(), list(module.constants)), strict=True)
    )
    assert {k: float(v) for k, v in found.items()} == {0.2126: 4, 17.5: 8, -0.2126: 1, 3: 2}


def test_a_changed_constant_counts():
    module = module_of("float f(float x) { return x * 1.5f; }")
    with torch.no_grad():
        module.constants[0].fill_(4.0)
    assert values(module, [0.5]) == [2]


def test_what_holds_of_a_constant_is_not_taken_to_hold_of_another():
    module = module_of("unsigned char f(unsigned char x) { return (unsigned char)(x * 0.7); }", (0, 255))
    assert values(module, [255.0]) == [178]
    with torch.no_grad():
        module.constants[0].fill_(2.0)
    assert values(module, [100.0]) == [200]
    assert math.isnan(values(module, [200.0])[0])


def test_copies_and_pickles():
    module = module_of("double f(double x) { return x > 0 ? x * 3.5 : 0; }")
    with torch.no_grad():
        module.constants[0].fill_(4.0)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert values(other, [2.0]) == [8]
        assert other.labels == module.labels


# --- Smooth selects ---


def test_a_smooth_select_weighs_both_branches():
    module = module_of("double f(double x) { return x < 1 ? 10.0 : 20.0; }", smooth=0.5)
    assert values(module, [1.0]) == [15]
    assert values(module, [1.5]) == [pytest.approx(10 + 10 / (1 + math.exp(-1)))]
    assert values(module, [-100.0], [100.0]) == [10, 20]
    assert slope(module, 1.0)[0] == pytest.approx(10 * 0.25 / 0.5)


def test_smooth_conditions_combine():
    both = module_of("double f(double x, double y) { return x < 0 && y < 0 ? 8.0 : 0.0; }", smooth=1.0)
    either = module_of("double f(double x, double y) { return x < 0 || y < 0 ? 8.0 : 0.0; }", smooth=1.0)
    neither = module_of("double f(double x, double y) { return !(x < 0) ? 8.0 : 0.0; }", smooth=1.0)
    assert values(both, [0, 0]) == [2]
    assert values(either, [0, 0]) == [6]
    assert values(neither, [math.log(3)]) == [pytest.approx(6)]
    assert values(module_of("double f(int n) { return n == 2 ? 8.0 : 1.0; }", (0, 9), smooth=1.0), [2], [3]) == [8, 1]


def test_smooth_takes_cs_branch_where_the_other_has_no_number():
    module = module_of("double f(double x) { return x < 0 ? -1 : sqrt(x); }", smooth=1.0)
    assert values(module, [-0.5]) == [-1]
    assert slope(module, -0.5) == [0]


# --- Tools of torch ---

EXPORTED = """
double f(double x, int n) {
    double s = 0.25;
    for (int i = 0; i < 4; i++)
        s += x > i ? sqrt(x) * n : s * 0.5;
    return s;
}"""


def test_export_and_trace_give_the_same():
    module = module_of(EXPORTED, (0, 5), (0, 9))
    x = torch.tensor(np.random.default_rng(0).uniform(0, 5, (50, 2)))
    expected = module(x).detach()
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("n", min=2)},))
    assert torch.equal(exported.module()(x[:20]), expected[:20])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(module, (x,))
    assert torch.equal(traced(x[:20]), expected[:20])


def test_functional_transforms():
    module = module_of("double f(double x, double y) { return x > y ? x * x * y : exp(y); }")
    x = torch.tensor([[0.5, 0.2], [0.1, 0.9]], dtype=torch.float64)
    jacobian = torch.func.vmap(torch.func.jacrev(module))(x)
    assert torch.allclose(jacobian, derivatives(module, x))
