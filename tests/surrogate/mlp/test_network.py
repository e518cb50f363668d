from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cprograms
from cprograms.lowering import lower
from surrogate.mlp.network import (
    AT_ONCE,
    Scale,
    SurrogateNetwork,
    emitted_network,
    pruned,
    random_network,
    random_towers,
)
from surrogate.mlp.parts.polynomial import Chebyshev
from surrogate.mlp.parts.taps import find_taps
from surrogate.mlp.parts.towers import Towers, outputs
from tests.surrogate.mlp.random_towers import random_emitted


def silu(z: np.ndarray) -> np.ndarray:
    return np.asarray(z / (1 + np.exp(-z)))


def reference(towers: Towers, scale: Scale, domain: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The towers written out in float64, one result and one row at a time."""
    scaled = (x - domain.mean(1)) / (domain[:, 1] - domain[:, 0]) * 2
    out = np.empty((len(x), len(scale.mean)))
    for i, row in enumerate(scaled):
        for k in range(len(scale.mean)):
            w1, w2, w3 = (w[k].double().numpy() for w in towers)
            h = silu(w1[:, :-1] @ row + w1[:, -1])
            h = silu(w2[:, :-1] @ h + w2[:, -1])
            out[i, k] = scale.mean[k] + scale.std[k] * (w3[0, :-1] @ h + w3[0, -1])
    return out


@settings(max_examples=25)
@given(arguments=st.integers(1, 16), results=st.integers(1, 4), seed=st.integers(0, 2**20))
def test_equals_the_formula(arguments: int, results: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(-1000, 1000, arguments)
    domain = np.stack([low, low + rng.uniform(1, 1000, arguments)], axis=1)
    x = rng.uniform(domain[:, 0], domain[:, 1], (5, arguments))
    emitted = random_emitted(arguments, results, seed)
    expected = reference(*emitted, domain, x)
    np.testing.assert_allclose(emitted_network(*emitted, domain).predict(x), expected, rtol=1e-4, atol=1e-3)


def test_is_differentiable_in_its_inputs() -> None:
    network = emitted_network(*random_emitted(3, 2), np.array([[0, 4.0], [-1, 1], [5, 6]])).double()
    x = torch.tensor([[1.0, 0.2, 5.5], [3.0, -0.7, 5.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(network, (x,))


def test_every_parameter_gets_a_gradient() -> None:
    network = emitted_network(*random_emitted(2, 3), np.array([[-1, 1.0], [-1, 1]]))
    network(torch.rand(7, 2)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_answers_in_the_type_of_its_input(dtype: torch.dtype) -> None:
    network = emitted_network(*random_emitted(2, 1), np.array([[-1, 1.0], [-1, 1]]))
    assert network(torch.zeros(4, 2, dtype=dtype)).dtype == dtype


def test_a_large_offset_keeps_its_digits() -> None:
    emitted = random_emitted(1, 1)
    x = np.linspace(0, 1, 9)[:, None]
    here = emitted_network(*emitted, np.array([[0, 1.0]])).predict(x)
    # 2^40 + x is exact in float64 to 12 digits of x, and constant in float32.
    there = emitted_network(*emitted, np.array([[2.0**40, 2.0**40 + 1]])).predict(x + 2.0**40)
    np.testing.assert_allclose(there, here, rtol=1e-3)
    assert np.ptp(here) > 0.1


def test_an_argument_of_one_value_is_ignored() -> None:
    network = emitted_network(*random_emitted(2, 1), np.array([[0, 1.0], [7, 7]]))
    x = torch.tensor([[0.3, 7.0], [0.3, 8.0]], dtype=torch.float64, requires_grad=True)
    y = network(x)
    y.sum().backward()
    assert y[0].item() == y[1].item()
    assert x.grad is not None
    assert (x.grad[:, 1] == 0).all()
    assert (x.grad[:, 0] != 0).all()


def test_the_whole_range_of_double_is_a_domain() -> None:
    top = np.finfo(np.float64).max
    network = emitted_network(*random_emitted(1, 1), np.array([[-top, top]]))
    y = network.predict(np.array([[-top], [0], [top]]))
    assert np.isfinite(y).all()
    assert np.ptp(y) > 0


def test_a_constant_is_exact() -> None:
    scale = Scale(np.array([1 / 3]), np.array([0.0]))
    network = emitted_network(random_emitted(1, 1)[0], scale, np.array([[-1, 1.0]]))
    assert (network.predict(np.linspace(-1, 1, 5)[:, None]) == 1 / 3).all()


def test_does_not_alias_what_it_was_made_from() -> None:
    towers, scale = random_emitted(1, 1)
    network = emitted_network(towers, scale, np.array([[-1, 1.0]]))
    before = network.predict(np.zeros((1, 1)))
    towers.w1[:] = 0
    assert network.predict(np.zeros((1, 1))) == before


def test_gives_back_the_towers_that_it_holds() -> None:
    """And is the same function as they are."""
    towers, scale = random_emitted(3, 2)
    network = emitted_network(towers, scale, np.array([[-1, 1.0]] * 3))
    for held, given_ in zip(network.towers, towers, strict=True):
        assert torch.equal(held, given_)
    x = torch.rand(2, 7, 3)
    torch.testing.assert_close(network.outputs(x[0]).T, outputs(towers, x[:1].expand(2, -1, -1)), rtol=1e-4, atol=1e-4)


def test_columns_of_arguments_are_taken_and_placed() -> None:
    towers, _ = random_emitted(3, 2)
    x = torch.rand(2, 7, 5)
    wider = towers.among(5, [4, 0, 2])
    assert wider.w1.shape == (2, 8, 6)
    torch.testing.assert_close(outputs(wider, x), outputs(towers, x[:, :, [4, 0, 2]]))
    for one, other in zip(wider.of([4, 0, 2]), towers, strict=True):
        assert torch.equal(one, other)


def test_counts_its_parameters() -> None:
    A, R, H = 3, 2, 64
    assert SurrogateNetwork(A, R).parameter_count == R * (H * A + H + H * H + H + H + 1)


def test_a_random_network_is_scaled_by_the_domain_and_the_moments() -> None:
    domain, scale = np.array([[0.0, 10], [-1, 1]]), Scale(np.array([3.0]), np.array([0.5]))
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    network = random_network(domain, scale, seed=0)
    assert network.mid.tolist() == [5, 0]
    assert network.reach.tolist() == [5, 1]
    assert (network.mean.item(), network.std.item()) == (3, 0.5)
    assert np.abs(network.predict(x) - 3).max() < 0.5
    assert np.array_equal(network.predict(x), random_network(domain, scale, seed=0).predict(x))
    assert not np.array_equal(network.predict(x), random_network(domain, scale, seed=1).predict(x))


WIDE = np.array([[0, 4.0], [-1, 1], [5, 6]])


@pytest.fixture
def wide() -> SurrogateNetwork:
    """Three arguments, three results: a batch of three has the shape of the towers."""
    return emitted_network(*random_emitted(3, 3), WIDE)


def inside(*shape: int) -> torch.Tensor:
    """float64 inputs of `wide`, of this batch shape."""
    return torch.from_numpy(np.random.default_rng(1).uniform(WIDE[:, 0], WIDE[:, 1], (*shape, 3)))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (4,), (3, 4), (3, 3), (2, 0, 5), (2, 3, 4)])
def test_a_batch_of_any_shape_is_its_rows(wide: SurrogateNetwork, shape: tuple[int, ...]) -> None:
    x = inside(*shape)
    y = wide(x)
    assert y.shape == (*shape, 3)
    for row, result in zip(x.reshape(-1, 3), y.reshape(-1, 3), strict=True):
        torch.testing.assert_close(wide(row[None])[0], result, rtol=1e-5, atol=1e-5)
    assert torch.equal(y.reshape(-1, 3), wide(x.reshape(-1, 3)))


@pytest.mark.parametrize("shape", [(4, 1), (1,), (), (4, 2), (3, 4), (0,), (0, 2)])
def test_another_last_axis_is_refused(wide: SurrogateNetwork, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"the last axis is argument 1, argument 2, argument 3; not"):
        wide(torch.zeros(shape))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floating_types_are_kept(wide: SurrogateNetwork, dtype: torch.dtype) -> None:
    x = inside(5).to(dtype)
    y = wide(x)
    assert y.dtype == dtype
    assert torch.equal(y, wide(x.double()).to(dtype))


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_integers_give_floating_results(dtype: torch.dtype) -> None:
    network = emitted_network(*random_emitted(2, 1), np.array([[0, 4.0], [0, 1]]))
    x = torch.tensor([[1, 0], [1, 1]]).to(dtype)
    assert network(x).dtype == torch.get_default_dtype()
    assert torch.equal(network(x), network(x.double()).float())
    assert (network(x) != network(x).round()).any()


def test_what_is_no_real_tensor_is_refused(wide: SurrogateNetwork) -> None:
    with pytest.raises(ValueError, match=r"real numbers, not torch\.complex64"):
        wide(torch.zeros(4, 3, dtype=torch.complex64))
    with pytest.raises(TypeError, match="a tensor is needed, not ndarray"):
        wide(np.zeros((4, 3)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_transforms_of_functions_go_by_rows(wide: SurrogateNetwork) -> None:
    x, wide = inside(4), wide.double()
    torch.testing.assert_close(torch.func.vmap(wide)(x), wide(x))
    slopes = torch.func.vmap(torch.func.jacrev(wide))(x)  # [n, R, A]
    forward = torch.func.vmap(torch.func.jacfwd(wide))(x)
    torch.testing.assert_close(slopes, forward)
    step = 1e-3 * torch.tensor([0, 1.0, 0], dtype=torch.float64)
    between = (wide(x + step) - wide(x - step)) / 2e-3
    torch.testing.assert_close(slopes[:, :, 1], between, rtol=1e-3, atol=1e-3)


def test_is_differentiable_twice(wide: SurrogateNetwork) -> None:
    assert torch.autograd.gradgradcheck(wide.double(), (inside(2, 2).requires_grad_(),))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("how", ["jit", "fx", "export"])
def test_what_was_traced_is_the_network(wide: SurrogateNetwork, how: str) -> None:
    seen, other = inside(4).float(), inside(7).float()
    traced = {
        "jit": lambda: torch.jit.trace(wide, seen),
        "fx": lambda: torch.fx.symbolic_trace(wide),
        "export": lambda: torch.export.export(wide, (seen,), dynamic_shapes=({0: torch.export.Dim("n")},)).module(),
    }[how]()
    torch.testing.assert_close(traced(other), wide(other))
    # Never a number: a wrong width is an error there as well.
    with pytest.raises((RuntimeError, ValueError, AssertionError)):
        traced(other[:6, :1])


@pytest.mark.parametrize("taps", ["none", 24])
def test_what_is_pruned_stays_as_it_was(taps: str | int) -> None:
    """A polynomial that reads nothing but the arguments beside towers that are 0."""
    program = cprograms.load(source="double f(double x, double y) { return x > y ? x * y : y * y; }")
    found = find_taps(program, lower(program), taps)  # type: ignore[arg-type]
    inputs = 2 + (len(found) if found is not None else 0)
    towers = random_towers(inputs, 1, np.random.default_rng(0), 8)
    towers.w3[:] = 0
    exponents = torch.zeros(2, inputs, dtype=torch.int64)
    exponents[1, 0] = 3
    polynomial = Chebyshev(exponents, torch.tensor([[0.5, 2.0]], dtype=torch.float64))
    scale = Scale(np.array([3.0]), np.array([2.0]))
    network = emitted_network(towers, scale, program.domain, found, polynomial)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    kept = pruned(network)
    x = np.random.default_rng(1).uniform(-1, 1, (20, 2))
    np.testing.assert_array_equal(kept.predict(x), network.predict(x))
    assert (kept.parameter_count, kept.taps) == (3, None)
    with torch.no_grad():
        for parameter in kept.parameters():
            parameter += 1
    after = network.state_dict()
    assert after.keys() == before.keys()
    for name, values in before.items():
        assert torch.equal(after[name], values), name


@pytest.mark.parametrize("shape", [(2 * AT_ONCE + 5, 2), (0, 2), (2,), (3, AT_ONCE, 2)])
def test_a_prediction_in_parts_is_that_of_the_module(shape: tuple[int, ...]) -> None:
    scale = Scale(np.array([1.0]), np.array([2.0]))
    network = random_network(np.array([[-1.0, 1.0], [0.0, 3.0]]), scale, 0, hidden=8)
    x = np.random.default_rng(0).uniform(-1, 3, shape)
    with torch.no_grad():
        expected = network(torch.from_numpy(x)).numpy()
    found = network.predict(x)
    assert found.shape == (*shape[:-1], 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
