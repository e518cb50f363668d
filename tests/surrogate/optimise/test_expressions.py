"""Expressions against Python's own arithmetic, and what is said of wrong ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cprograms.diagnostics import UsageError
from surrogate.optimise.expressions import FUNCTIONS, Names, conditions, expression

NAMES = Names(("x", "lambda", "w[0]", "p.in"), ("price", "w[0]", "m[1][2]"), "f")
VALUES = {"x": 0.5, "lambda": -1.25, "p.in": 3.0, "price": 2.0, "w[0]": 7.0, "m[1][2]": -0.75}
BEFORE = 11.0
"""The argument `w[0]`, beside the result of that name."""

_X = torch.tensor([[VALUES["x"], VALUES["lambda"], BEFORE, VALUES["p.in"]]] * 2, dtype=torch.float64)
_Y = torch.tensor([[VALUES["price"], VALUES["w[0]"], VALUES["m[1][2]"]]] * 2, dtype=torch.float64)


def value(text: str) -> float:
    found = expression(text, NAMES).value(_X, _Y)
    assert found.shape == (2,)
    assert found.dtype == torch.float64
    assert np.array_equal(found[0], found[1], equal_nan=True)
    return float(found[0])


@st.composite
def texts(draw: st.DrawFn, depth: int = 3) -> tuple[str, float]:
    """An expression and its value, by Python."""
    if depth == 0 or draw(st.booleans()):
        if draw(st.booleans()):
            name = draw(st.sampled_from(sorted(VALUES)))
            return name, VALUES[name]
        number = draw(st.integers(0, 20)) / 4
        return repr(number), number
    (left, a), (right, b) = draw(texts(depth - 1)), draw(texts(depth - 1))
    kind = draw(st.sampled_from(["+", "-", "*", "neg", "min", "max", "abs", "sin", "tanh"]))
    if kind in ("min", "max"):
        return f"{kind}({left}, {right})", {"min": min, "max": max}[kind](a, b)
    if kind in ("abs", "sin", "tanh"):
        return f"{kind}({left})", {"abs": abs, "sin": math.sin, "tanh": math.tanh}[kind](a)
    if kind == "neg":
        return f"-({left})", -a
    return f"({left}) {kind} ({right})", {"+": a + b, "-": a - b, "*": a * b}[kind]


@given(texts())
@settings(max_examples=60)
def test_an_expression_is_what_python_makes_of_it(drawn: tuple[str, float]) -> None:
    text, wanted = drawn
    assert value(f"({text}) + 0 * x") == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("price / x - 2 ** 3 ** 0.5 + 0*x", 4 - 2 ** 3**0.5),
        ("-x ** 2", -0.25),
        ("price - -1.5e1", 17),
        ("-(-3) - -(-(2.5)) + 0*x", 0.5),
        ("lambda", -1.25),
        ("p.in", 3),
        ("m[1][2]", -0.75),
        ("m [ 1 ] [ 2 ]", -0.75),
        ("before(w[0]) - w[0]", BEFORE - 7),
        ("max(x, price, 3) + exp(0*x) + log(price) + cos(x) + tan(x) + sqrt(price)", 4 + math.log(2) + math.cos(0.5)
         + math.tan(0.5) + math.sqrt(2)),
    ],
)  # fmt: skip
def test_precedence_names_and_functions(text: str, wanted: float) -> None:
    assert value(text) == pytest.approx(wanted, rel=1e-12)


def test_the_functions_name_is_what_it_returns_unless_an_argument_has_it() -> None:
    y = torch.tensor([[3.0]], dtype=torch.float64)
    x = torch.tensor([[5.0]], dtype=torch.float64)
    assert expression("price", Names(("x",), ("return",), "price")).value(x, y).item() == 3
    assert expression("price", Names(("price",), ("return",), "price")).value(x, y).item() == 5
    assert expression("return", Names(("x",), ("return",), "price")).value(x, y).item() == 3


def test_every_function_has_a_gradient() -> None:
    x = torch.full((1, 4), 0.5, dtype=torch.float64, requires_grad=True)
    for name in FUNCTIONS:
        (slope,) = torch.autograd.grad(expression(f"{name}(x)", NAMES).value(x, _Y[:1]).sum(), x)
        assert slope[0, 0] != 0, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prize", "there is no 'prize'; did you mean 'price'\\? the results are price"),
        ("2 * prize", "there is no 'prize' in '2 \\* prize'; did you mean 'price'\\?"),
        ("w[1]", "there is no 'w\\[1\\]'"),
        ("before(price)", "there is no 'price' in"),
        ("price +", "this is no expression"),
        ("", "this is no expression"),
        ("price; x", "this is no expression"),
        ("(" * 300 + "x" + ")" * 300, "this is no expression"),
        ("-" * 500 + "x", "deep|no expression"),
        ("+".join(["x"] * 300), "deep"),
        ("x" * 2000, "at most 1,000 characters"),
        ("price ^ 2", "a power is written \\*\\*"),
        ("price <= 2", "'price <= 2' means nothing here"),
        ("price if x else 2", "no expression|means nothing here"),
        ("[price]", "means nothing here"),
        ("'price'", "means nothing here"),
        ("price * 1j", "means nothing here"),
        ("price * True", "there is no 'True'"),
        ("__import__('os')", "there is no function '__import__'"),
        ("x.__class__", "there is no 'x.__class__'"),
        ("sqr(price)", "there is no function 'sqr'; did you mean 'sqrt'\\?"),
        ("sqrt()", "sqrt\\(\\) takes 1 value"),
        ("sqrt(x, x)", "sqrt\\(\\) takes 1 value"),
        ("max()", "max\\(\\) takes one or more values"),
        ("price * 1e999", "no finite number"),
        ("price * 1" + "0" * 400, "no finite number"),
        ("1 + 2", "reads no result and no argument"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        expression(text, NAMES)


def test_conditions_are_gaps_that_are_at_most_zero_where_they_hold() -> None:
    (held,) = conditions("price <= 3", NAMES)
    assert held.gap(_X, _Y)[0] == -1
    assert held.shown(_X, _Y)[0] == 2
    (held,) = conditions("3 < price", NAMES)
    assert held.gap(_X, _Y)[0] == 1
    assert (held.what, held.shown(_X, _Y)[0]) == ("price", 2)
    (held,) = conditions("price >= x", NAMES)
    assert held.gap(_X, _Y)[0] == -1.5
    assert held.what == "x - price"
    low, high = conditions("-1 <= lambda + x <= 2*price", NAMES)
    assert (low.text, high.text) == ("-1 <= lambda + x", "lambda + x <= 2 * price")
    assert low.gap(_X, _Y)[0] == pytest.approx(-0.25)
    assert high.gap(_X, _Y)[0] == pytest.approx(-4.75)


@pytest.mark.parametrize("text", ["price", "price == 2", "price != 2", "price <= 2 == x", "x in price", "price <= "])
def test_what_is_no_condition_is_said(text: str) -> None:
    with pytest.raises(UsageError, match=r"compares by <= or >=|no expression"):
        conditions(text, NAMES)
