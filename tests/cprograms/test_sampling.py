"""Inputs from the domain, and rows with finite results."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.program import Argument
from cprograms.sampling import Method, in_range, rows, sample
from cprograms.sandbox import run
from cprograms.types import SCALARS
from tests.cprograms.native import processor_time, program_of

METHODS: tuple[Method, ...] = ("uniform", "sobol", "latin")
MIXED = "double f(double a, float b, int c, unsigned char d, _Bool e) { return a + b + c + d + e; }"
RANGES = [(-2.0, 3.0), (0.0, 0.5), (-3.0, 4.0), (250.0, 255.0), (0.0, 1.0)]
CODES = sorted(SCALARS)


@pytest.mark.parametrize("method", METHODS)
def test_within_the_domain_and_of_the_argument_types(method: Method) -> None:
    x = sample(program_of(MIXED, RANGES), 1000, 0, method)
    low, high = np.array(RANGES).T
    assert x.shape == (1000, 5)
    assert x.dtype == np.float64
    assert ((x >= low) & (x <= high)).all()
    np.testing.assert_array_equal(x[:, 1], x[:, 1].astype(np.float32))
    for column, (first, last) in zip(x[:, 2:].T, RANGES[2:], strict=True):
        values, counts = np.unique(column, return_counts=True)
        np.testing.assert_array_equal(values, np.arange(first, last + 1))
        # Both ends are as likely as the rest: five standard deviations of a binomial count.
        expected = 1000 / len(values)
        assert (abs(counts - expected) < 5 * math.sqrt(expected)).all()
    np.testing.assert_allclose(
        x.mean(axis=0), (low + high) / 2, atol=5 * np.ptp(RANGES, axis=1).max() / math.sqrt(12e3)
    )


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides(method: Method) -> None:
    program = program_of(MIXED, RANGES)
    first = sample(program, 50, 7, method)
    np.testing.assert_array_equal(first, sample(program, 50, 7, method))
    assert (first != sample(program, 50, 8, method)).any()
    for a, b in zip(rows(program, 50, 7, method), rows(program, 50, 7, method), strict=True):
        np.testing.assert_array_equal(a, b)


def test_latin_hypercube_has_one_point_in_each_slice() -> None:
    x = sample(program_of("double f(double a, double b) { return a + b; }", [(0, 1), (0, 1)]), 40, 3, "latin")
    for column in x.T:
        np.testing.assert_array_equal(np.sort(np.floor(column * 40)), np.arange(40))


def test_sobol_points_are_spread_better_than_uniform_ones() -> None:
    program = program_of("double f(double a, double b) { return a + b; }", [(0, 1), (0, 1)])
    even = {m: np.mean([qmc.discrepancy(sample(program, 64, s, m)) for s in range(10)]) for m in METHODS}
    assert even["sobol"] < even["latin"] < even["uniform"]


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown sampling method 'grid'"):
        sample(program_of(MIXED, RANGES), 3, 0, "grid")  # type: ignore[arg-type]


@settings(max_examples=200)
@given(st.sampled_from(CODES), st.data(), st.sampled_from(METHODS), st.integers(0, 40))
def test_any_domain_of_any_type(code: str, data: st.DataObject, method: Method, n: int) -> None:
    """Every sample lies in the domain and in the type, so that C converts it without a trap."""
    type = SCALARS[code]
    ends = st.integers(*map(int, type.limits)) if type.is_integer else st.floats(*type.limits)
    # An integer near the end of a 64-bit type may round out of it.
    low, high = sorted([data.draw(ends.map(float).filter(lambda end: end <= type.limits[1])) for _ in range(2)])
    x = sample(program_of(f"double f({type.name} a) {{ return 0; }}", [(low, high)]), n, 0, method)
    assert x.shape == (n, 1)
    assert ((x >= low) & (x <= high)).all()
    if type.is_integer:
        assert all(int(v) == v and type.limits[0] <= int(v) <= type.limits[1] for v in x[:, 0])


@pytest.mark.parametrize("type", ["long", "unsigned long", "int", "unsigned"])
def test_whole_integer_types_do_not_trap(type: str) -> None:
    scalar = program_of(f"int f({type} a) {{ return 1; }}").arguments[0].type
    program = program_of(f"{type} f({type} a) {{ return a; }}", [(float(scalar.limits[0]), float(scalar.limits[1]))])
    assert np.isfinite(run(program, sample(program, 1000, 0))).all()


def test_a_domain_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError, match=r"argument 'k': no int lies between 0\.2 and 0\.8"):
        sample(program_of("int f(int k) { return k; }", [(0.2, 0.8)]), 3, 0)


def test_inputs_without_a_finite_result_are_replaced() -> None:
    program = program_of("double f(double a, int k) { return (1 / k) / (a > 0); }", [(-1, 1), (-2, 2)])
    x, y = rows(program, 500, 0)
    assert x.shape == (500, 2)
    assert y.shape == (500, 1)
    assert np.isfinite(y).all()
    assert (x[:, 0] > 0).all()
    assert set(x[:, 1]) == {-2, -1, 1, 2}
    np.testing.assert_array_equal(run(program, x), y)


def test_a_function_that_is_rarely_finite_still_gives_rows() -> None:
    program = program_of("double f(int k) { return k ? 1.0 / 0 : 1; }", [(0, 19)])
    x, _ = rows(program, 64, 0)
    assert (x == 0).all()


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ("return 0 * k / 0.0;", "0 of 100 inputs from its domain: 100 gave NaN or infinity"),
        ("return k / (k - k);", "0 of 100 .*: 100 divided an integer by zero"),
        ("for (;;);", "0 of 100 .*: \\d+ ran too long, \\d+ were not run"),
        ("return k == 1000000 ? 1 : 1 << 40;", "0 of 100 .*: 100 shifted out of range"),
        ("if (k == 77) return 1; if (k < 0) return 1 / 0; return 1 << 32;", "divided an integer by zero, .* shifted"),
    ],
)
def test_nearly_no_finite_result_is_an_error(body: str, reasons: str) -> None:
    with pytest.raises(ProgramError, match=reasons) as caught:
        rows(program_of(f"double f(int k) {{ {body} }}", [(-1000, 1000)]), 100, 0)
    assert "hint: set the range" in str(caught.value)


def test_a_function_that_rarely_ends_is_an_error_within_seconds() -> None:
    program = program_of("int f(int k) { for (volatile int i = 0; k; ++i); return 1; }", [(0, 4)])
    start = processor_time()
    with pytest.raises(ProgramError, match="ran too long"):
        rows(program, 2000, 0)
    assert processor_time() - start < 10


def test_no_rows() -> None:
    for method in METHODS:
        x, y = rows(program_of(MIXED, RANGES), 0, 0, method)
        assert (x.shape, y.shape) == ((0, 5), (0, 1))


def test_rows_that_are_drawn_again_are_other_rows() -> None:
    """Nine of ten inputs have no finite result, so that many draws are needed."""
    program = program_of("double f(double a) { return a < 0.9 ? 0.0 / 0.0 : a; }", [(0, 1)])
    x, _ = rows(program, 200, 0)
    assert len(np.unique(x)) == 200


def test_every_result_of_a_row_is_finite() -> None:
    source = "struct p { double a, b; }; struct p f(double x) { struct p r = {x, 1 / (x > 0)}; return r; }"
    x, y = rows(program_of(source, [(-1, 1)]), 100, 0)
    assert np.isfinite(y).all()
    assert (x > 0).all()


def test_a_float_between_ends_that_no_float_is() -> None:
    """Between 0.1 and the double after it there is no float: rounding one would step outside."""
    low, high = 0.1, math.nextafter(0.1, 1)
    x = sample(program_of("float f(float a) { return a; }", [(low, high)]), 20, 0)
    assert ((x >= low) & (x <= high)).all()


def test_a_row_counts_where_every_result_of_it_is_finite() -> None:
    pair = "struct p { double a, b; }; struct p f(double x) { return (struct p){x, x > 0 ? x : 0 * (1 / 0.0)}; }"
    x, y = rows(program_of(pair, [(-1.0, 1.0)]), 20, seed=0)
    assert np.isfinite(y).all()
    assert (x > 0).all()


@pytest.mark.parametrize(("name", "last"), [("i64", 2**63 - 1), ("u64", 2**64 - 1)])
def test_the_greatest_draw_is_one_that_the_type_holds(name: str, last: int) -> None:
    argument = Argument("x", SCALARS[name], float(last // 2), float(last))
    (drawn,) = in_range(argument, np.array([np.nextafter(1.0, 0.0)])).tolist()
    assert last - 2**12 < int(drawn) <= last
