"""Which inner values of a program a network may read, and that they are the program's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from cprograms.diagnostics import UsageError
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.sampling import sample
from surrogate.mlp.parts.taps import MOST, Taps, find_taps, tap_choice
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of

BRANCHES = """\
#include <math.h>
#pragma surrogate range(x, -4, 4)
#pragma surrogate range(y, -4, 4)
double f(double x, double y) { return (x > 1 ? x * y : fmax(x, y)) + floor(y) + 2 * x - y + fabs(x - y); }
"""
LINEAR = "double f(double x, double y) { return 3 * x - y / 4 + 1; }"


def taps_of(source: str, choice: str | int | None = None) -> Taps | None:
    program = cprograms.load(source=source)
    return find_taps(program, lower(program), tap_choice(choice, MOST))


def test_they_are_the_gates_and_the_products() -> None:
    taps = taps_of(BRANCHES)
    assert taps is not None
    x = np.random.default_rng(0).uniform(-4, 4, (50, 2))
    found = taps(torch.from_numpy(x)).numpy() * taps.reach.numpy() + taps.mid.numpy()
    columns = [found[:, k] for k in range(len(taps))]
    a, b = x.T
    wanted = [a > 1, a < b, b < a, np.floor(b), a * b, np.maximum(a, b), np.abs(a - b)]
    for values in wanted:
        near = [np.allclose(c, values) or np.allclose(c, 1 - values) for c in columns]
        assert any(near), values
    assert len(taps.gates) < len(taps)
    gates = taps_of(BRANCHES, "gates")
    assert gates is not None
    assert len(gates) == len(taps.gates)


def test_what_a_layer_computes_anyway_is_none() -> None:
    assert taps_of(LINEAR) is None
    assert taps_of(BRANCHES, "none") is None
    assert taps_of(BRANCHES, 0) is None


def values_of(taps: Taps, x: np.ndarray) -> np.ndarray:
    """In C units."""
    return np.asarray(taps(torch.from_numpy(x)).numpy() * taps.reach.numpy() + taps.mid.numpy())


def test_what_divides_is_read_as_its_reciprocal() -> None:
    taps = taps_of("""
        #pragma surrogate range(d, 1, 3)
        double f(double a, double b, double d) { return (a * b * b * a + 1) / (d + b * 0.1); }""")
    assert taps is not None
    x = np.random.default_rng(0).uniform([-1, -1, 1], [1, 1, 3], (50, 3))
    found = values_of(taps, x)
    assert np.isclose(found, 1 / (x[:, 2:] + 0.1 * x[:, 1:2])).all(0).any()


def test_what_a_narrow_type_cuts_off_is_a_gate_and_what_it_holds_is_none() -> None:
    source = "#pragma surrogate range(a, 0, {})\nint f(int a, int b) {{ return (unsigned char)a + b * 2; }}"
    assert taps_of(source.format(255)) is None
    taps = taps_of(source.format(1000))
    assert taps is not None
    assert taps.kinds == ("step",)
    x = np.random.default_rng(0).integers(0, 1001, (50, 2)).astype(float)
    np.testing.assert_allclose(values_of(taps, x)[:, 0], x[:, 0] % 256, atol=1e-9)


def test_constants_of_one_argument_are_folded() -> None:
    """The sine is of a product and a sum, whatever is written."""
    source = "#include <math.h>\ndouble f(int k, double x) {{ return sin(({}) / 128) * x; }}"
    taps = taps_of(source.format("(2 * k + 1) * 3.1 - 7"))
    assert taps is not None
    x = np.random.default_rng(0).integers(-1, 2, (50, 2)).astype(float)
    assert np.isclose(values_of(taps, x), np.sin(((2 * x[:, :1] + 1) * 3.1 - 7) / 128)).all(0).any()


def test_a_domain_of_all_numbers_has_taps() -> None:
    """Its width is no double; what overflows would be a warning, which is an error of tests."""
    ranges = "".join(f"#pragma surrogate range({x}, -1e308, 1e308)\n" for x in "xy")
    taps = taps_of(f"{ranges}#include <math.h>\ndouble f(double x, double y) {{ return fmax(x, y); }}")
    assert taps is not None
    assert [taps.kinds[k] for k in taps.gates] == ["flag"]
    side = 2.0 * (np.array([-9e307, 9e307]) < np.array([9e307, -9e307])) - 1
    np.testing.assert_array_equal(taps(torch.tensor([[-9e307, 9e307], [9e307, -9e307]]).double())[:, 0].numpy(), side)


def test_they_are_at_most_so_many_and_differ() -> None:
    taps = taps_of(BRANCHES, 3)
    assert taps is not None
    assert len(taps) == 3
    everything = taps_of(BRANCHES)
    assert everything is not None
    x = torch.rand(200, 2, dtype=torch.float64) * 8 - 4
    values = everything(x)
    for j in range(len(everything)):
        for k in range(j):
            assert min((values[:, j] - values[:, k]).abs().max(), (values[:, j] + values[:, k]).abs().max()) > 1e-6


@pytest.mark.parametrize("name", CASES)
def test_they_are_values_of_the_graph_scaled_within_bounds(name: str) -> None:
    program = program_of(CASES[name].source, CASES[name].ranges)
    graph = lower(program)
    taps = find_taps(program, graph)
    if taps is None:
        return
    x = sample(program, 100, 5)
    found = taps(torch.from_numpy(x))
    assert found.isfinite().all()
    assert found.abs().max() <= 8
    expected = (evaluate(taps.graph, x) - taps.mid.numpy()) / taps.reach.numpy()
    known = np.isfinite(expected) & (np.abs(expected) < 8)
    np.testing.assert_allclose(found.numpy()[known], expected[known], rtol=1e-6, atol=1e-6)
    assert all(v in (-1, 1) for k in taps.flags for v in expected[:, k][np.isfinite(expected[:, k])])


def test_a_gates_derivative_is_zero_and_a_products_is_not() -> None:
    taps = taps_of(BRANCHES)
    assert taps is not None
    x = (torch.rand(20, 2, dtype=torch.float64) * 8 - 4).requires_grad_()
    (of_flags,) = torch.autograd.grad(taps(x)[:, taps.flags].sum(), x, allow_unused=True, retain_graph=True)
    assert of_flags is None or not of_flags.any()
    others = [k for k in range(len(taps)) if k not in taps.gates]
    (of_nodes,) = torch.autograd.grad(taps(x)[:, others].sum(), x)
    assert of_nodes.any()


def test_more_of_them_stand_behind_the_first() -> None:
    gates, everything = taps_of(BRANCHES, "gates"), taps_of(BRANCHES)
    assert gates is not None
    assert everything is not None
    joined = gates.with_more(everything)
    assert len(joined) == len(everything)
    x = torch.rand(30, 2, dtype=torch.float64)
    torch.testing.assert_close(joined(x)[:, : len(gates)], gates(x))
    assert joined.with_more(gates) is joined
    assert joined.with_more(None) is joined


@pytest.mark.parametrize("given", ["all", "1.5", -1, MOST + 1])
def test_other_choices_are_refused(given: str | int) -> None:
    with pytest.raises(UsageError, match="taps"):
        tap_choice(given, MOST)


def test_they_survive_the_artifact(tmp_path: object) -> None:
    made = surrogate.compile(source=BRANCHES, opt_level=2)
    assert made.module.taps is not None
    path = f"{tmp_path}/f.surrogate"
    made.save(path)
    loaded = surrogate.load(path)
    assert isinstance(loaded, surrogate.Surrogate)
    x = sample(made.program, 200, 3)
    np.testing.assert_array_equal(loaded.predict(x), made.predict(x))
    assert loaded.config()["parts"] == made.config()["parts"]


def test_the_report_says_how_much_of_the_program_they_are() -> None:
    from surrogate.mlp.card import network_line

    made = surrogate.compile(source=BRANCHES, opt_level=2)
    assert made.module.taps is not None
    line = network_line(made.module, made.operators)
    assert f"(of {made.module.taps.operators} operators; the program has {made.operators}" in line
