"""The hypernetwork against plain formulas: the Gauss–Newton steps, batching, argument order, features."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

import cprograms
import surrogate
from cprograms.diagnostics import UsageError
from cprograms.lowering import lower
from cprograms.ops import INDEX, OPS, Op
from cprograms.types import SCALARS
from surrogate.mlp.emission.emit import Request, emit, scale_inputs
from surrogate.mlp.emission.encoding import collate, encode
from surrogate.mlp.emission.hypernetwork import (
    NUMBER_FEATURES,
    Emission,
    Hypernetwork,
    HypernetworkConfig,
    gauss_newton,
    known,
    number_features,
    operator_rows,
    scale_moments,
    type_rows,
    unscale_moments,
)
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.network import Scale, emitted_network
from surrogate.mlp.parts.towers import Towers, outputs, positive_solve

SOURCES = {
    "difference": "double f(double x, double y) { return x - y; }",
    "select": "double f(double x, double y) { return x < y ? sin(x) : y * y + 2.0; }",
    "loop": "int f(int a, int b) { while (b) { int t = a % b; a = b; b = t; } return a; }",
    "struct": "struct p { double s, d; }; struct p f(double x, double y) { struct p r = {x + y, x * y}; return r; }",
    "deep": "double f(double x) { double s = x; for (int i = 0; i < 12; i++) s = 0.5 * s * s + x; return s; }",
    "constant": "double f(double x) { return 3.0; }",
}


def program(name: str) -> cprograms.Program:
    return cprograms.load(source="#include <math.h>\n" + SOURCES[name])


@pytest.fixture(scope="module")
def model() -> Hypernetwork:
    torch.manual_seed(0)
    return Hypernetwork(HypernetworkConfig(hidden_size=32, layers=2, heads=2, surrogate_width=16)).eval()


def random_emission(B: int, A: int, H: int, noise: float) -> Emission:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64)

    towers = Towers(draw(B, H, A + 1), draw(B, H, H + 1) / H**0.5, draw(B, 1, H + 1) / H**0.5)
    prior = tuple((0.3 * draw(B, w.shape[1]).exp(), 0.3 * draw(B, w.shape[2]).exp()) for w in towers)
    empty = torch.zeros(B, dtype=torch.float64)
    return Emission(towers, prior, torch.full((B, 2), noise, dtype=torch.float64), empty, empty, empty, 3)


def test_the_gradient_of_a_positive_solve_is_the_numerical_one() -> None:
    torch.manual_seed(0)
    root = torch.randn(3, 5, 5, dtype=torch.float64, requires_grad=True)
    right = torch.randn(3, 5, 1, dtype=torch.float64, requires_grad=True)

    def solution(root: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return positive_solve(root @ root.mT + torch.eye(5), right)[0]

    assert torch.autograd.gradcheck(solution, (root, right))


def test_a_matrix_that_is_not_positive_definite_solves_to_zero() -> None:
    matrix = torch.stack([torch.eye(2), -torch.eye(2)]).requires_grad_()
    solution, failed = positive_solve(matrix, torch.ones(2, 2, 1))
    assert failed.tolist() == [False, True]
    assert solution.squeeze(-1).tolist() == [[1, 1], [0, 0]]
    solution.sum().backward()  # type: ignore[no-untyped-call]
    assert matrix.grad is not None
    assert torch.equal(matrix.grad[1], torch.zeros(2, 2))


@pytest.mark.parametrize(("A", "K"), [(1, 3), (3, 10), (5, 40)])
def test_gauss_newton_is_the_formula_with_an_explicit_jacobian(A: int, K: int) -> None:
    torch.manual_seed(A)
    H, noise = 6, 0.01
    emission = random_emission(2, A, H, noise)
    x, y = torch.rand(2, K, A, dtype=torch.float64) * 2 - 1, torch.randn(2, K, dtype=torch.float64)
    adapted = gauss_newton(emission, x, y)
    for b in range(2):
        shapes = [w[b].shape for w in emission.towers]
        anchor = torch.cat([w[b].ravel() for w in emission.towers])
        variance = torch.cat([torch.outer(r[b], c[b]).ravel() for r, c in emission.prior]) ** 2

        def tower(flat: torch.Tensor, b: int = b, shapes: list[torch.Size] = shapes) -> torch.Tensor:
            parts = torch.split(flat, [s.numel() for s in shapes])
            return outputs(Towers(*(p.view(1, *s) for p, s in zip(parts, shapes, strict=True))), x[b : b + 1])[0]

        w = anchor
        for _ in range(3):
            J = torch.func.jacrev(tower)(w)
            kernel = J * variance @ J.T
            damped = kernel + (noise + 1e-5 * kernel.diagonal().mean()) * torch.eye(K, dtype=torch.float64)
            step = variance * (J.T @ torch.linalg.solve(damped, y[b] - tower(w) + J @ (w - anchor)))
            capped = []
            for part, base in zip(torch.split(step, [s.numel() for s in shapes]), emission.towers, strict=True):
                limit = 3 * base[b].norm() + 1
                capped.append(part * min(1.0, float(limit / part.norm())))
            w = anchor + torch.cat(capped)
        torch.testing.assert_close(torch.cat([p[b].ravel() for p in adapted]), w, rtol=1e-7, atol=1e-9)


def test_rows_that_cannot_be_factorised_leave_the_weights() -> None:
    emission = random_emission(2, 2, 4, noise=0.1)
    x, y = torch.rand(2, 5, 2, dtype=torch.float64), torch.randn(2, 5, dtype=torch.float64)
    emission.noise[1] = -1e9  # not positive definite
    adapted = gauss_newton(emission, x, y)
    for new, old in zip(adapted, emission.towers, strict=True):
        assert not torch.equal(new[0], old[0])
        assert torch.equal(new[1], old[1])


def test_a_program_is_emitted_alike_alone_and_in_a_batch(model: Hypernetwork) -> None:
    requests = []
    for i, name in enumerate(SOURCES):
        p = program(name)
        x = np.random.default_rng(i).uniform(-1, 1, (8, len(p.arguments)))
        y = x.sum(1, keepdims=True) * np.ones(len(p.results))
        requests += [Request(lower(p), p.domain), Request(lower(p), p.domain, x, y)]
    together = emit(model, requests)
    for request, batched in zip(requests, together, strict=True):
        alone = emit(model, [request])[0]
        for name in (*Towers._fields, *Scale._fields):
            ours, theirs = (getattr(e[name in Scale._fields], name) for e in (batched, alone))
            np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4, err_msg=name)


def test_the_order_of_arguments_only_permutes_columns(model: Hypernetwork) -> None:
    one = cprograms.load(source="double f(double a, double b) { return a * 2 - b; }")
    other = cprograms.load(source="double f(double b, double a) { return a * 2 - b; }")
    first, second = (emit(model, [Request(lower(p), p.domain)])[0][0] for p in (one, other))
    np.testing.assert_array_equal(first.w1, second.w1[:, :, [1, 0, 2]])
    np.testing.assert_array_equal(first.w2, second.w2)


def test_an_unused_argument_has_no_weights(model: Hypernetwork) -> None:
    p = cprograms.load(source="double f(double a, double unused, double b) { return a / (2 + b); }")
    [(towers, _)] = emit(model, [Request(lower(p), p.domain)])
    w1 = towers.w1.numpy()
    assert np.all(w1[:, :, 1] == 0)
    assert np.all(np.any(w1[:, :, [0, 2]] != 0, axis=1))


def test_towers_are_the_emitted_network(model: Hypernetwork) -> None:
    """The batched towers of training and the shipped network's own forward pass are one function."""
    p = program("select")
    request = Request(lower(p), p.domain, scale=Scale(np.array([5.0]), np.array([2.0])))
    network = emitted_network(*emit(model, [request])[0], p.domain)
    batch = collate([encode(request.graph, p.domain)])
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    with torch.no_grad():
        raw = outputs(model(batch).towers, torch.tensor(x[None], dtype=torch.float32))[0].numpy()
    # But for a shift and a scale, that of the next test.
    slope, offset = np.polyfit(raw, network.predict(x)[:, 0], 1)
    np.testing.assert_allclose(network.predict(x)[:, 0], slope * raw + offset, rtol=1e-5, atol=1e-5)


GRID = """
#pragma surrogate range(a, 0, 3)
#pragma surrogate range(b, 5, 6)
int f(int a, int b, double unused) { return a * a - b; }
"""


@pytest.mark.parametrize("size", [0.2, 1.0, 20.0])
def test_a_tower_of_the_text_is_standardised_over_the_domain(model: Hypernetwork, size: float) -> None:
    """By its own moments over all inputs, which are not those of numbers uniform between the ends of the domain."""
    p = cprograms.load(source=GRID)
    grid = np.array([(a, b, 0.0) for a in range(4) for b in (5, 6)])
    model = deepcopy(model)
    with torch.no_grad():
        for w in (model.base3, model.last_head.weight, model.last_head.bias):
            w.mul_(size)
        towers = model(collate([encode(lower(p).result(0), p.domain)])).towers
        raw = outputs(towers, torch.tensor(scale_inputs(grid, p.domain)[None, :, :2], dtype=torch.float32))[0].numpy()
    assert (raw.std() > 1) == (size > 1)
    request = Request(lower(p), p.domain, scale=Scale(np.zeros(1), np.ones(1)))
    network = emitted_network(*emit(model, [request])[0], p.domain)
    expected = (raw - raw.mean()) / (raw.std() if raw.std() > 1 else raw.std() ** 0.5)
    np.testing.assert_allclose(network.predict(grid)[:, 0], expected, atol=0.02)


def test_levels_put_children_before_parents() -> None:
    graphs = [encode(lower(program(n)).result(0), program(n).domain) for n in SOURCES]
    batch = collate(graphs)
    assert sum(batch.levels) == len(batch.op) == sum(len(g.op) for g in graphs)
    level = torch.repeat_interleave(torch.arange(len(batch.levels)), torch.tensor(batch.levels))
    for k in range(3):
        has_child = batch.children[:, k] > 0
        assert torch.all(level[batch.children[has_child, k] - 1] < level[has_child])


SMALL = HypernetworkConfig(hidden_size=16, layers=1, heads=2, surrogate_width=8)


def test_an_operator_that_the_weights_do_not_know_is_read_as_opaque() -> None:
    """By its name: the places of operators in encoded graphs are those of the table, whatever the weights know."""
    config = replace(SMALL, operators=[op.name for op in OPS if op.name != "sin"])
    model = Hypernetwork(config).eval()
    p = program("select")
    graph = encode(lower(p).result(0), p.domain)
    assert INDEX["sin"] in graph.op
    unfollowed = replace(graph, op=np.where(graph.op == INDEX["sin"], np.uint8(INDEX["opaque"]), graph.op))
    other = replace(graph, op=np.where(graph.op == INDEX["sin"], np.uint8(INDEX["cos"]), graph.op))
    with torch.no_grad():
        found, expected, different = (model(collate([g])).towers.w2 for g in (graph, unfollowed, other))
    assert torch.equal(found, expected)
    assert not torch.equal(found, different)


def test_weights_older_than_an_operator_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row more in the table of operators, where the weights stay as they are."""
    weights = Hypernetwork(SMALL).state_dict()
    monkeypatch.setitem(INDEX, "sinpi", len(OPS))
    monkeypatch.setattr("surrogate.mlp.emission.hypernetwork.OPS", [*OPS, Op("sinpi", 1, "trigonometry")])
    model = Hypernetwork(SMALL).eval()
    model.load_state_dict(weights)
    p = program("select")
    graph = encode(lower(p).result(0), p.domain)
    newer = replace(graph, op=np.where(graph.op == INDEX["sin"], np.uint8(INDEX["sinpi"]), graph.op))
    with torch.no_grad():
        assert all(torch.isfinite(w).all() for w in model(collate([newer])).towers)


def test_a_type_that_the_weights_do_not_know_is_read_as_the_widest_of_its_kind() -> None:
    known = [code for code in SCALARS if code not in ("i8", "u64", "f32")]
    read = dict(zip(SCALARS, (known[row] for row in type_rows(known)), strict=True))
    assert (read["i8"], read["u64"], read["f32"]) == ("i64", "u32", "f64")
    assert all(read[code] == code for code in known)
    assert type_rows(["f64", "i32"])[list(SCALARS).index("u8")] == 0  # of no kind that is known


def test_the_whole_vocabulary_is_read_as_it_is() -> None:
    assert operator_rows([op.name for op in OPS]).tolist() == list(range(len(OPS)))
    assert type_rows(list(SCALARS)).tolist() == list(range(len(SCALARS)))


TABLE = "int f(unsigned char i) { static const int t[40] = {" + ", ".join(str(i * i % 41) for i in range(40)) + "};"


@pytest.fixture
def narrow(tmp_path: Path) -> Path:
    """The folder of a hypernetwork that knows neither tables nor small integers."""
    config = replace(SMALL, operators=[op.name for op in OPS[:-1]], types=["bool", "i32", "f32", "f64"])
    save_file(Hypernetwork(config).state_dict(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(asdict(config)))
    return tmp_path


@pytest.mark.parametrize("level", [0, 1])
def test_a_program_with_what_the_weights_do_not_know_compiles(narrow: Path, level: int) -> None:
    made = surrogate.compile(source=TABLE + " return t[i % 40]; }", opt_level=level, compiler=narrow)
    assert {"lookup"} < {node.op for node in lower(made.program).nodes}
    assert np.isfinite(made.module.predict(np.arange(256)[:, None])).all()


@pytest.mark.parametrize(("part", "needed"), [("operators", "opaque"), ("types", "f64")])
def test_a_vocabulary_without_what_the_rest_is_read_as_is_an_error(narrow: Path, part: str, needed: str) -> None:
    config = json.loads((narrow / "config.json").read_text())
    config[part].remove(needed)
    (narrow / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match=f"the vocabulary lacks the .* '{needed}'"):
        load_compiler(narrow)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_number_features_are_finite_and_bounded(value: float) -> None:
    features = number_features(torch.tensor([value]))
    assert features.shape == (1, NUMBER_FEATURES)
    assert torch.isfinite(features).all()
    assert features.abs().max() < 30


@given(
    relative=st.floats(-3, 3),
    strata=st.lists(st.floats(-100, 100), min_size=7, max_size=7),
)
def test_moments_survive_scaling_and_back(relative: float, strata: list[float]) -> None:
    q = torch.tensor([sorted(strata)], dtype=torch.float64)
    width = float(q.std(correction=0))
    true_mean, true_std = torch.tensor([q.mean() + relative * max(width, 1)]), torch.tensor([max(width, 1.0) * 0.5])
    scaled = scale_moments(true_mean, true_std, q)
    if scaled.abs().max() < 10:  # within the clamps
        back_mean, back_std = unscale_moments(scaled, q)
        torch.testing.assert_close(back_mean, true_mean.double(), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(back_std, true_std.double(), rtol=1e-6, atol=1e-6)


def test_every_library_program_encodes_with_finite_strata() -> None:
    from pathlib import Path

    folder = Path(cprograms.__file__).parent / "library"
    for path in sorted(folder.glob("*.c"))[::4]:
        p = cprograms.load(path)
        for k in range(len(p.results)):
            encoded = encode(lower(p).result(k), p.domain)
            assert np.isfinite(encoded.strata).all(), path.name
            assert (np.diff(encoded.strata, axis=1) >= -1e-3 * np.abs(encoded.strata[:, 1:]) - 1e-6).all(), path.name


@torch.no_grad()
def test_arguments_beyond_the_slots_are_read_as_the_last(model: Hypernetwork) -> None:
    """Where they enter: by the slot's embedding, and by the base of the first layer's columns."""
    names = [f"x{k}" for k in range(20)]
    p = cprograms.load(source=f"double f({', '.join(f'double {n}' for n in names)}) {{ return {' + '.join(names)}; }}")
    batch = collate([encode(lower(p), p.domain)])
    operators = known(model.compose.operator_rows, batch.op)
    local = {
        k: model.compose.local(replace(batch, slot=torch.full_like(batch.slot, k)), operators) for k in (14, 15, 40)
    }
    torch.testing.assert_close(local[40], local[15], rtol=0, atol=0)
    assert (local[14] - local[15]).abs().max() > 0.1
    plain = deepcopy(model)
    plain.column_head.weight.zero_()
    plain.column_head.bias.zero_()
    w1 = plain(batch).towers.w1
    assert w1.shape == (1, 16, 21)
    for k in range(20):
        torch.testing.assert_close(w1[0, :, k], model.base1[:, min(k, 15)], rtol=0, atol=0)
    assert model(batch).towers.w1[0].std(0).min() > 0.01
