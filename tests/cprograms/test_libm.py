"""Every row of the table of math functions: declared, run, computed by the graph and enclosed by its intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cprograms
from cprograms.frontend import preprocess
from cprograms.frontend.loading import NumericFile
from cprograms.frontend.source import read
from cprograms.graph import GraphBuilder, evaluate
from cprograms.libm import FUNCTIONS, OPERATORS, Form, MathFunction, called
from cprograms.lowering import lower
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.libm import call
from cprograms.ops import INDEX, OPS, PREDICATES, apply
from cprograms.program import Program
from cprograms.sandbox import Outcomes, Status, run_many
from cprograms.standard import DECLARATIONS, MEMORY, PROTOTYPES
from cprograms.types import DOUBLE, FLOAT, INT, Scalar

BEFORE = """
const arg add sub mul div mod neg abs min max and or xor shl shr not lt le eq ne sel cast sqrt cbrt exp exp2 expm1 log
log2 log10 log1p pow hypot sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 floor ceil trunc round rint
fmod remainder fmin fmax fdim copysign erf erfc tgamma lgamma isnan isinf carry loop opaque lookup
"""
"""The operators in the order that trained weights and stored corpora know them by."""
RANGES = {"positive": (0.05, 6.0), "unit": (-1.0, 1.0), "angle": (-4.0, 4.0), "small": (-5.0, 5.0), None: (-6.0, 6.0)}
ULPS = {"double": 2.0**-46, "float": 2.0**-18}
"""How far two math libraries may be apart, relative to the result."""

CALLS = [
    (name, function, form)
    for name, function, form in called()
    if (name == form.name or function.header is None) and form.name[len(function.name) :] != "l"
    if "*" not in function.shape
]
"""Those that take numbers; those that take pointers have a test of their own."""
COMPUTED = [c for c in CALLS if c[1].graph is not None]


def spelled(function: MathFunction, form: Form) -> tuple[list[str], str]:
    """C types of the parameters and of the result."""
    t = (form.type or DOUBLE).name
    types = [re.sub(r"\b[TG]\b", t, text) for text in [*function.parameters, function.result]]
    return types[:-1], types[-1]


def source(name: str, function: MathFunction, form: Form) -> str:
    parameters, result = spelled(function, form)
    names = [f"x{k}" for k in range(len(parameters))]
    takes = ", ".join(f"{t} {n}" for t, n in zip(parameters, names, strict=True))
    return f"{result} call_{form.name}({takes}) {{ return {name}({', '.join(names)}); }}"


@cache
def programs() -> dict[str, Program]:
    """A program a function, which returns what it gives."""
    texts = [source(*c) for c in CALLS]
    file = NumericFile(read(None, "\n".join(["#include <math.h>", "#include <stdlib.h>", "#include <time.h>", *texts])))
    found = {}
    for name, function, form in CALLS:
        ranges = {f"x{k}": RANGES[None] for k in range(len(function.parameters))} | {"x0": RANGES[function.domain]}
        if "unsigned" in function.shape:
            ranges["x0"] = (1, 60_000)
        if function.name == "ilogb":
            ranges["x0"] = RANGES["positive"]  # of 0 it does not fit
        found[name] = file.program(f"call_{form.name}", ranges)
    return found


@cache
def ran() -> dict[str, tuple[np.ndarray, Outcomes]]:
    """Rows of each program: its inputs, and what the sandbox gave."""
    inputs = [grid(p) for p in programs().values()]
    return dict(zip(programs(), zip(inputs, run_many(list(programs().values()), inputs), strict=True), strict=True))


def grid(program: Program) -> np.ndarray:
    """[n, arguments]: an even grid of each argument's range, the further ones shuffled; ends, zeros and halves too."""
    columns = []
    for k, (low, high) in enumerate(program.domain):
        column = np.concatenate([np.linspace(low, high, 201), [low, high], np.arange(np.ceil(low * 2), high * 2) / 2])
        column = column[np.isfinite(column)][:230]
        column = np.resize(column, 230)
        order = np.random.default_rng(k).permutation(230) if k else np.arange(230)
        type = program.arguments[k].type
        column = np.rint(column[order]) if type.is_integer else column[order].astype(type.dtype).astype(float)
        columns.append(np.clip(column, low, high))
    return np.stack(columns, axis=1)


def test_the_rows_are_in_order() -> None:
    names = [f.name for f in FUNCTIONS]
    assert len(set(names)) == len(names)
    assert [op.name for op in OPS][: len(BEFORE.split())] == BEFORE.split(), "append operators, never reorder"
    *added, last = [op.name for op in OPS][len(BEFORE.split()) :]
    assert last == "bitcast"
    assert added == [name for name in OPERATORS if name in added]
    assert all(OPS[INDEX[name]].group == operator.group for name, operator in OPERATORS.items())


def test_the_builtins_that_take_any_type_have_their_macros() -> None:
    header = (Path(preprocess.__file__).parent / "include" / "math.h").read_text()
    generic = {f.name: len(f.parameters) for f in FUNCTIONS if "G" in f.shape}
    macros = re.findall(r"#define (\w+)\((.*?)\) __builtin_\1\(\2\)\n", header)
    assert {name: len(parameters.split(", ")) for name, parameters in macros} == generic
    assert "SURROGATE_MATH_PROTOTYPES\n" in header


def test_what_is_declared_may_be_called() -> None:
    declared = set(re.findall(r"(\w+)\(", DECLARATIONS))
    assert declared <= PROTOTYPES.keys()
    assert PROTOTYPES.keys() - declared == {"abs", "labs", "llabs", "difftime", *MEMORY}


@pytest.mark.parametrize("name", [name for name, _, _ in CALLS])
def test_the_sandbox_runs_it(name: str) -> None:
    _, rows = ran()[name]
    assert (rows.status == Status.OK).all()
    assert np.isfinite(rows.y).mean() > 0.4


@pytest.mark.parametrize(("name", "function", "form"), COMPUTED, ids=[c[0] for c in COMPUTED])
def test_the_graph_agrees_with_the_sandbox(name: str, function: MathFunction, form: Form) -> None:
    x, rows = ran()[name]
    graph = lower(programs()[name])
    assert graph.exact
    found = evaluate(graph, x)
    scale = ULPS["float" if form.type == FLOAT else "double"]
    np.testing.assert_allclose(found, rows.y, rtol=scale, atol=scale * np.nanmax(np.abs(rows.y[np.isfinite(rows.y)])))


WHOLE = [
    (f"{prefix}{form.name}", function, form)
    for function in FUNCTIONS
    if function.name in ("lrint", "llrint", "lround", "llround", "ilogb")
    for form in function.forms
    for prefix in ("", "__builtin_")
]


@pytest.mark.parametrize(("name", "function", "form"), WHOLE, ids=[c[0] for c in WHOLE])
def test_a_whole_number_that_does_not_fit_is_trapped_by_the_sandbox_and_by_the_graph(
    name: str, function: MathFunction, form: Form
) -> None:
    given = [0.0, 2.75, -2.75, 5e9, -7e15, 9.2e18, 9.3e18, -9.3e18, 1e30, -1e300, np.nan, np.inf, -np.inf]
    with np.errstate(all="ignore"):
        x = np.array(given).astype((form.type or DOUBLE).dtype).astype(float)[:, None]
    text = "#include <math.h>\n" + source(name, function, form)
    program = cprograms.load(source=text, ranges={"x0": (-10, 10)})
    if function.name == "ilogb":
        expected = [math.frexp(v)[1] - 1 if v and math.isfinite(v) else np.nan for v in x[:, 0]]
    else:
        rounded = np.rint(x[:, 0]) if "rint" in name else np.copysign(np.floor(np.abs(x[:, 0]) + 0.5), x[:, 0])
        expected = [v if abs(v) < 2.0**63 else np.nan for v in rounded]
    for optimise in (False, True):
        (rows,) = run_many([program], [x], optimise=optimise)
        np.testing.assert_array_equal(rows.y[:, 0], expected)
        assert {Status(s) for s in rows.status[np.isnan(expected)]} == {Status.CONVERSION}
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(evaluate(lower(program), x)[:, 0], expected)


POINTERS = {
    "frexp": ("int e; r.a = frexp{s}(x, &e); r.b = e;", math.frexp),
    "modf": ("T w; r.a = modf{s}(x, &w); r.b = w;", math.modf),
    "remquo": (
        "int q; r.a = remquo{s}(x, 3, &q); r.b = q & 7;",
        lambda x: (math.remainder(x, 3), round((x - math.remainder(x, 3)) / 3) & 7 if x >= 0 else None),
    ),
    "sincos": ("T s, c; sincos{s}(x, &s, &c); r.a = s; r.b = c;", lambda x: (math.sin(x), math.cos(x))),
    "lgamma_r": (
        "int n; r.a = lgamma{s}_r(x, &n); r.b = n;",
        lambda x: (math.lgamma(x), 1 if x > 0 or math.floor(x) % 2 == 0 else -1),
    ),
    "nan": ('r.a = nan{s}("") != nan{s}("1"); r.b = x;', lambda x: (1, x)),
}


@pytest.mark.parametrize("name", POINTERS)
@pytest.mark.parametrize(("suffix", "type"), [("", "double"), ("f", "float"), ("l", "long double")])
def test_what_gives_its_results_through_pointers(name: str, suffix: str, type: str) -> None:
    body, expected = POINTERS[name]
    text = f"#define _GNU_SOURCE\n#include <math.h>\ntypedef {type} T; struct r {{ double a, b; }};\n"
    text += f"struct r f(T x) {{ struct r r; {body.replace('{s}', suffix)} return r; }}"
    program = cprograms.load(source=text, entry="f")
    x = np.array([-7.75, -2.5, -0.3125, 0.125, 1.5, 2.25, 11.0, 1000.5])
    (rows,) = run_many([program], [x[:, None]])
    assert (rows.status == Status.OK).all()
    for given_, found in zip(x.tolist(), rows.y, strict=True):
        first, second = expected(given_)
        np.testing.assert_allclose(found[0], first, rtol=1e-6 if suffix == "f" else 1e-14, atol=1e-4 * (suffix == "f"))
        if second is not None:
            np.testing.assert_allclose(found[1], second, rtol=1e-6 if suffix == "f" else 1e-14)


def test_builtins_of_long_have_64_bits() -> None:
    text = """
    struct r { long labs, rounded; int bits; double scaled; };
    struct r f(long a, double x) {
        struct r r = {__builtin_labs(a), __builtin_lrint(x) + __builtin_lround(x), __builtin_popcountll(a),
                      __builtin_scalbln(1.0, a / 1000000)};
        return r;
    }"""
    program = cprograms.load(source=text, entry="f")
    x = np.array([[-(2.0**40), 2.0**40], [2.0**33 + 1, -(2.0**50)]])
    (rows,) = run_many([program], [x])
    bits = [bin(int(a) % 2**64).count("1") for a in x[:, 0]]
    scaled = [math.ldexp(1.0, int(a / 1e6)) if abs(a / 1e6) < 1000 else (np.inf if a > 0 else 0.0) for a in x[:, 0]]
    np.testing.assert_array_equal(rows.y, np.stack([np.abs(x[:, 0]), 2 * x[:, 1], bits, scaled], axis=1))


@pytest.mark.parametrize("name", [name for name, f, _ in CALLS if f.graph is None])
def test_the_graph_does_not_know_it(name: str) -> None:
    graph = lower(programs()[name])
    assert not graph.exact
    assert [n.op for n in graph.nodes if n.children and n.op != "cast"] == ["opaque"]


def test_arguments_are_converted_as_the_prototype_says() -> None:
    text = (
        "#include <math.h>\ndouble f(double x, float y) { return ldexp(x, y) + ldexpf(x, y) + isnormal(y * 1e-30f); }"
    )
    program = cprograms.load(source=text, ranges={"x": (-4, 4), "y": (-9, 9)})
    x = grid(program)
    (rows,) = run_many([program], [x])
    np.testing.assert_allclose(evaluate(lower(program), x), rows.y, rtol=ULPS["float"])


def test_another_number_of_arguments_is_not_known() -> None:
    builder = GraphBuilder()
    x = builder.argument(0, DOUBLE)
    assert call(builder, "sin", [x, x]) is None
    assert call(builder, "pow", [x]) is None
    assert call(builder, "no such function", [x]) is None


ENCLOSED = [name for name, operator in OPERATORS.items() if operator.interval is not None]
numbers = st.floats(-1e6, 1e6, width=32) | st.sampled_from([-0.5, 0.5, 0.49999997, -2.5, 0.0, 1.0])


@pytest.mark.parametrize("type", [FLOAT, DOUBLE], ids=lambda t: t.code)
@pytest.mark.parametrize("op", ENCLOSED)
def test_the_interval_holds_what_numpy_gives(op: str, type: Scalar) -> None:
    @settings(max_examples=60)
    @given(st.lists(st.tuples(numbers, numbers, st.floats(0, 1)), min_size=2, max_size=2))
    def check(ranges: Sequence[tuple[float, float, float]]) -> None:
        arity = OPS[INDEX[op]].arity
        ends = [(min(a, b), max(a, b)) for a, b, _ in ranges[:arity]]
        builder = GraphBuilder()
        out = INT if op in PREDICATES else type
        node = builder.add(op, out, *(builder.argument(k, type) for k in range(arity)))
        interval = Bounds(builder, np.array(ends)).of(node)
        if interval is None:
            return
        low, high = interval
        values = [
            type.dtype.type(np.clip(a + (b - a) * part, a, b)) for (a, b), (*_, part) in zip(ends, ranges, strict=False)
        ]
        for given_ in (values, [type.dtype.type(a) for a, _ in ends], [type.dtype.type(b) for _, b in ends]):
            value, _ = apply(op, out, [np.asarray([v]) for v in given_])
            assert low <= value[0] <= high, (op, ends, given_, value, interval)

    check()


@pytest.mark.parametrize("x", [3.0, 5.0, -3.0, 1.0, 0.5, 7.25, 1e300, -1.0])
def test_remainder_takes_the_even_one_of_two_nearest(x: float) -> None:
    assert float(OPERATORS["remainder"].compute(np.array(x), np.array(2.0))) == math.remainder(x, 2.0)


@pytest.mark.parametrize(("x", "y"), [(math.nan, 1.0), (1.0, math.nan), (math.nan, math.nan)])
def test_the_positive_difference_of_a_nan_is_one(x: float, y: float) -> None:
    assert math.isnan(OPERATORS["fdim"].compute(np.array(x), np.array(y)))


@pytest.mark.parametrize(
    ("op", "a", "b", "traps"),
    [
        ("shl", 1, 30, False),
        ("shl", 1, 31, False),  # into the sign, which gcc and clang define
        ("shl", -1, 0, False),
        ("shl", 1, 32, True),
        ("shl", 1, -1, True),
        ("div", -(2**31), -1, True),  # 2^31 is no int
        ("mod", -(2**31), -1, True),
        ("div", -(2**31) + 1, -1, False),
        ("div", 1, 0, True),
    ],
)
def test_what_c_leaves_undefined_of_an_int_traps(op: str, a: int, b: int, traps: bool) -> None:
    numbers = [np.array([a], dtype=np.int32), np.array([b], dtype=np.int32)]
    with np.errstate(all="ignore"):
        trap = apply(op, INT, numbers)[1]
    assert bool(np.any(trap)) == traps
