"""-O2 of exactly K rows: what is run, read and chosen, and the polynomial's closed forms against refits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import cprograms
import surrogate
from cprograms import sandbox
from cprograms.lowering import lower
from surrogate.mlp import artifact
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.fitting import derived, sobolev
from surrogate.mlp.fitting.derived import observed_slopes
from surrogate.mlp.fitting.hermite import fit_hermite, slopes_at, terms_at
from surrogate.mlp.fitting.safeguards import average_unsure
from surrogate.mlp.fitting.sobolev import folds
from surrogate.mlp.network import Scale
from surrogate.mlp.parts.kernel import Slopes, fit_kernel
from surrogate.mlp.parts.taps import find_taps
from surrogate.numeric import rows as numeric_rows
from surrogate.numeric.rows import executed_rows
from tests.surrogate.mlp.fitting.test_finetune import start

BRANCH = "double f(double x, double y) { return x > 0.25 ? x * y + 1 : y * y - x; }"
WAVE = "double f(double x) { double s = 0; for (int i = 0; i < 3; i++) s += x * x - 0.1 * i; return s; }"
WIDE = "double f({}) {{ return {}; }}".format(
    ", ".join(f"double x{i}" for i in range(16)), " + ".join(f"x{i} * x{(i + 1) % 16}" for i in range(16))
)


def compiled(source: str, compiler: Path | None = None, **options: Any) -> Surrogate:
    found = surrogate.compile(source=source, opt_level=2, compiler=compiler, **({"rows": 64} | options))
    assert isinstance(found, Surrogate)
    return found


# --- what is run ---


@pytest.mark.parametrize("options", [{}, {"taps": "none"}, {"plain": True}], ids=str)
def test_exactly_as_many_rows_are_run(
    options: dict[str, object], compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    run = sandbox.run_with_status

    def counted(program: cprograms.Program, x: np.ndarray) -> object:
        counts.append(len(x))
        return run(program, x)

    monkeypatch.setattr(numeric_rows, "run_with_status", counted)
    found = compiled(BRANCH, compiler, rows=24, **options)
    assert counts == [24]
    assert (found.rows, found.held_out) == (24, 0)


def test_the_same_seed_gives_the_same_weights(compiler: Path) -> None:
    one, other = (compiled(BRANCH, compiler, rows=20, taps="none").module.state_dict() for _ in range(2))
    assert list(one) == list(other)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("rows", [2, 3, 7, 9])
def test_few_rows_are_enough(rows: int, compiler: Path) -> None:
    found = compiled(BRANCH, compiler, rows=rows)
    assert np.isfinite(found.predict([[0.1, 0.2], [0.9, -1]])).all()


# --- what is made of them ---


def test_a_branch_is_exact_with_its_gate(compiler: Path) -> None:
    found = compiled(BRANCH, compiler, taps="gates")
    assert found.check(500).nmse < 1e-20
    assert found.config()["parts"][-1] == "1 gate"
    assert found.derivatives == 128
    assert "exactly 64 executed rows, and to 128 derivatives" in str(found.origin)


def test_an_artifact_with_a_kernel_is_what_it_was(
    tmp_path: Path, compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sobolev, "text_series", lambda program, graph, taps: [[]])  # which would be more exact
    source = "#include <math.h>\ndouble f(double x, double y) { return sin(3 * x) * exp(y * x) / (2.5 + y * y * x); }"
    found = compiled(source, compiler)
    assert "kernel 64 rows" in found.config()["parts"]
    found.save(tmp_path / "a")
    loaded = surrogate.load(tmp_path / "a")
    assert isinstance(loaded, Surrogate)
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    np.testing.assert_array_equal(loaded.predict(x), found.predict(x))
    assert loaded.derivatives == found.derivatives


@pytest.mark.parametrize("damage", ["another result", "lost", "not finite", "another width"])
def test_damaged_kernels_are_refused(damage: str, compiler: Path) -> None:
    found = compiled(
        "#include <math.h>\ndouble f(double x) { return sin(3 * x) * exp(x); }", compiler, rows=12, taps="none"
    )
    network = found.module
    network.kernels["0"] = fit_kernel(torch.eye(3, 1).double(), torch.ones(3).double()).head
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    artifact._network(tensors, found.signature, network.taps)
    if damage == "another result":
        tensors = {name.replace("kernels.0", "kernels.1"): tensor for name, tensor in tensors.items()}
    elif damage == "lost":
        del tensors["kernels.0.rates"]
    elif damage == "not finite":
        tensors["kernels.0.weights"][0] = torch.inf
    else:
        tensors["kernels.0.centres"] = torch.ones(3, 2, dtype=torch.float64)
    with pytest.raises((KeyError, ValueError), match=r"kernel|rates"):
        artifact._network(tensors, found.signature, network.taps)


def test_sixteen_arguments(compiler: Path) -> None:
    found = compiled(WIDE, compiler, taps="none")
    assert found.check(500).nmse < 1e-9


def test_constant_results_and_those_that_depend_on_nothing(compiler: Path) -> None:
    source = "struct r { double a, b, c; }; struct r f(double x) { struct r s = {3, x * 0 + 1, x * x}; return s; }"
    np.testing.assert_allclose(compiled(source, compiler).predict([[0.5]]), [[3, 1, 0.25]])


def test_noise_falls_back_to_the_mean_and_says_so(tmp_path: Path, compiler: Path) -> None:
    source = "#include <math.h>\ndouble f(double x) { double y = sin(x * 1e6) * 1e5; return y - floor(y); }"
    found = compiled(source, compiler, taps="none", seed=2)
    assert found.mean_only == ("return",)
    assert "rows that are left out are predicted no better" in found.origin.safeguard()
    found.save(tmp_path / "a")
    loaded = surrogate.load(tmp_path / "a")
    assert isinstance(loaded, Surrogate)
    assert loaded.mean_only == ("return",)


# --- derivatives ---


def slopes_of(source: str, taps: bool = False) -> tuple[list[Slopes | None], np.ndarray]:
    program = cprograms.load(source=source)
    graph = lower(program)
    found = find_taps(program, graph) if taps else None
    rows = executed_rows(program, 16, 0)
    return observed_slopes(program, graph, found, rows, Scale(np.zeros(1), np.ones(1))), rows[0]


def test_derivatives_are_those_of_the_program() -> None:
    (known,), x = slopes_of("double f(double x, double y, double z) { return x * x * y; }")
    assert known is not None
    assert set(known.tangents.argmax(1).tolist()) == {0, 1}  # z is not read
    expected = np.where(known.tangents[:, 0] == 1, 2 * x[known.rows, 0] * x[known.rows, 1], x[known.rows, 0] ** 2)
    np.testing.assert_allclose(known.values, expected)


def test_taps_move_with_the_arguments() -> None:
    (known,), x = slopes_of("double f(double x, double y) { return x * y + x * x * x; }", taps=True)
    assert known is not None
    assert known.tangents.shape[1] > 2
    assert (known.tangents[:, 2:] != 0).any()
    assert known.rows.max() == len(x) - 1


@pytest.mark.parametrize("kind", ["nan", "steep", "wrong"])
def test_derivatives_that_are_not_believed_are_left_out(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = derived.derivatives

    def damaged(network: torch.nn.Module, x: Tensor) -> Tensor:
        found = real(network, x)
        found[:5] = {"nan": torch.nan, "steep": 1e9, "wrong": 1.0}[kind]
        return found

    if kind == "wrong":
        monkeypatch.setattr(derived, "CLOSE", -1.0)  # no value agrees
    monkeypatch.setattr(derived, "derivatives", damaged)
    (known,), _ = slopes_of("double f(double x) { return x * x; }")
    if kind == "wrong":
        assert known is None
    else:
        assert known is not None
        assert known.rows.tolist() == list(range(5, 16))


def test_a_program_that_is_no_exact_graph_has_derivatives_where_it_can_be_computed() -> None:
    source = "double f(double x) { double y = x; while (y > 1e-9) y *= 0.99; return y; }"
    assert not lower(cprograms.load(source=source)).executable
    (known,), _ = slopes_of(source)
    assert known is not None


def test_a_program_that_no_graph_follows_is_fitted_to_values(compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "executable_graph", lambda program, graph: None)
    found = compiled(BRANCH, compiler, rows=32, taps="none")
    assert found.derivatives == 0
    assert "derivatives" not in str(found.origin)


# --- polynomials ---


def test_slopes_of_terms_are_those_of_autograd() -> None:
    exponents = np.array([[0, 0], [1, 0], [2, 1], [0, 3], [4, 2]])
    z = (torch.rand(6, 2, dtype=torch.float64) * 2 - 1).requires_grad_()
    tangents = torch.randn(6, 2, dtype=torch.float64)
    terms = terms_at(z.detach(), exponents)
    change = slopes_at(z.detach(), tangents, exponents)
    for k in range(len(exponents)):
        (slope,) = torch.autograd.grad((terms_at(z, exponents[[k]]) + 0 * z[:, :1]).sum(), z)
        torch.testing.assert_close(change[:, k], (slope * tangents).sum(1))
    torch.testing.assert_close(terms[:, 2], ((2 * z[:, 0] ** 2 - 1) * z[:, 1]).detach())


def test_polynomial_residuals_are_those_of_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the chosen degree, without a ridge that counts."""
    monkeypatch.setattr("surrogate.mlp.fitting.hermite.DAMPINGS", [1e-20])
    generator = torch.Generator().manual_seed(0)
    z = torch.rand(20, 2, generator=generator, dtype=torch.float64) * 2 - 1
    y = torch.sin(3 * z[:, 0]) + z[:, 1] ** 3
    slopes = Slopes(
        torch.arange(20), torch.tensor([[1.0, 0]], dtype=torch.float64).expand(20, 2), 3 * torch.cos(3 * z[:, 0])
    )
    fit = fit_hermite(z, y, slopes, 0.2, [0, 1], set(), 15)
    terms, changes = terms_at(z, fit.exponents), 0.2 * slopes_at(z, slopes.tangents, fit.exponents)
    residuals = []
    for row in range(20):
        kept = [k for k in range(20) if k != row]
        left = torch.cat([terms[kept], changes[kept]])
        right = torch.cat([y[kept], 0.2 * slopes.values[kept]])
        coefficients = torch.linalg.lstsq(left, right).solution
        residuals.append(float(y[row] - terms[row] @ coefficients))
    assert fit.error == pytest.approx(np.square(residuals).mean(), rel=1e-4)


# --- the choice ---


def test_folds_are_all_rows_once() -> None:
    assert sorted(row for fold in folds(13) for row in fold) == list(range(13))
    assert max(map(len, folds(64))) == 16


def test_results_that_are_no_better_than_the_mean_become_it() -> None:
    network = start(results=3)
    network.mean.copy_(torch.tensor([1.0, 2, 3]))
    assert average_unsure(network, [0.5, 1.01, float("nan")], 64) == [1, 2]
    found = network.predict(np.array([[0.3, 0.1]]))
    np.testing.assert_array_equal(found[0, 1:], [2, 3])
    assert found[0, 0] != 1
