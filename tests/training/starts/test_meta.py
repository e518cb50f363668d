"""Starts shared by all programs: gradients against loops written by hand, a family whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from surrogate.mlp.parts.towers import Towers, outputs
from training.examples.batches import pack_rows
from training.examples.shards import ExampleStore
from training.finetuning import OPTIMISERS
from training.loop.config import plain
from training.starts.meta import (
    MetaConfig,
    MetaObjective,
    MetaTrainer,
    SharedStart,
    adapt,
    copies,
    tuned_errors,
    write_start,
)
from training.starts.table import load_tower

B, R, H = 3, 40, 5


def config(method: str = "maml", **settings) -> MetaConfig:
    return MetaConfig(name="a start", method=method, steps=1, inner_steps=3, inner_rate=0.2, **settings)


@pytest.fixture
def rows() -> tuple[Tensor, Tensor]:
    """Of B programs, float64: x [B, R, 16], y [B, R]."""
    torch.manual_seed(0)
    x = 2 * torch.rand(B, R, 16, dtype=torch.float64) - 1
    return x, torch.sin(3 * x[..., 0]) + torch.arange(B)[:, None] * x[..., 1] + 2 * x[..., 2] ** 3


def objective(c: MetaConfig) -> MetaObjective:
    torch.manual_seed(1)
    made = MetaObjective(c)
    made.start = SharedStart(c.inner_rate, hidden=H)
    return made.double()


def tower(weights: list[Tensor], x: Tensor) -> Tensor:
    """One tower, [K, 16] -> [K], by torch's own layers."""
    w1, w2, w3 = weights
    h = F.silu(F.linear(x, w1[:, :-1], w1[:, -1]))
    h = F.silu(F.linear(h, w2[:, :-1], w2[:, -1]))
    return F.linear(h, w3[:, :-1], w3[:, -1]).squeeze(-1)


def error(f: Tensor, y: Tensor) -> Tensor:
    """Twice Huber's function: e² up to 1, then 2 |e| - 1."""
    e = (f - y).abs()
    return torch.where(e < 1, e**2, 2 * e - 1).mean()


def by_hand(start: SharedStart, x: Tensor, y: Tensor, c: MetaConfig, rows: int) -> Tensor:
    """MAML's loss, program by program, the inner gradients kept in the graph or cut out of it."""
    losses = []
    for b in range(len(x)):
        weights = [start.w1, start.w2, start.w3]
        mean, std = y[b, :rows].mean(), y[b, :rows].std(correction=0)
        for _ in range(c.inner_steps):
            inner = error(tower(weights, x[b, :rows]), (y[b, :rows] - mean) / std)
            gradients = torch.autograd.grad(inner, weights, create_graph=not c.first_order)
            weights = [w - start.log_rate.exp() * g for w, g in zip(weights, gradients, strict=True)]
        asked = slice(rows, rows + c.queries)
        outer = error(tower(weights, x[b, asked]) * std + mean, y[b, asked])
        losses.append(torch.log(1 + outer / c.floor))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("first_order", [False, True])
def test_the_outer_gradient_of_maml_is_that_of_a_loop_over_programs(rows: tuple[Tensor, Tensor], first_order: bool):
    c = config(first_order=first_order, queries=20)
    made = objective(c)
    weights = list(made.start.parameters())
    ours = torch.autograd.grad(made(*rows, 8)["loss"], weights)
    expected = torch.autograd.grad(by_hand(made.start, *rows, c, 8), weights)
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_the_second_order_gradient_agrees_with_finite_differences(rows: tuple[Tensor, Tensor]):
    made = objective(config(queries=20))
    names, values = zip(*made.named_parameters(), strict=True)

    def loss(*weights: Tensor) -> Tensor:
        return torch.func.functional_call(made, dict(zip(names, weights, strict=True)), (*rows, 8))["loss"]

    assert torch.autograd.gradcheck(loss, values, fast_mode=True)


def test_first_and_second_order_differ(rows: tuple[Tensor, Tensor]):
    one, two = (objective(config(first_order=f, queries=20)) for f in (True, False))
    gradients = [torch.autograd.grad(o(*rows, 8)["loss"], o.start.w2)[0] for o in (one, two)]
    assert (gradients[0] - gradients[1]).norm() > 1e-3 * gradients[1].norm()


def test_reptile_moves_to_the_mean_of_towers_adapted_one_by_one(rows: tuple[Tensor, Tensor]):
    x, y = rows
    c, size = config("reptile"), 10
    made = objective(c)
    start = made.start
    ends = []
    for b in range(B):
        weights = [w.detach().clone().requires_grad_() for w in (start.w1, start.w2, start.w3)]
        sgd = torch.optim.SGD(weights, lr=c.inner_rate)
        for step in range(c.inner_steps):
            part = slice(step * size, (step + 1) * size)
            sgd.zero_grad()
            error(tower(weights, x[b, part]), y[b, part]).backward()
            sgd.step()
        ends.append([w.detach() for w in weights])
    expected = [
        w.detach() - torch.stack(adapted).mean(0)
        for w, adapted in zip(start.tower, zip(*ends, strict=True), strict=True)
    ]
    made(x, y, size)["loss"].backward()
    for w, move in zip((start.w1, start.w2, start.w3), expected, strict=True):
        torch.testing.assert_close(w.grad, move.reshape(w.shape), rtol=1e-6, atol=1e-9)


def test_rows_of_reptile_wrap_around():
    """Three steps of 96 rows: the third one's are the first one's."""
    torch.manual_seed(0)
    x, y = torch.rand(B, 192, 16), torch.randn(B, 192)
    gradients = []
    for end in (x, y), (torch.cat([x, x[:, :96]], 1), torch.cat([y, y[:, :96]], 1)):
        made = objective(config("reptile")).float()
        made(*end, 96)["loss"].backward()
        gradients.append(made.start.w2.grad)
    torch.testing.assert_close(*gradients)


def test_pretraining_learns_the_mean_of_a_family():
    """Programs c·g(x) with c = 1 and 3: a network that is not told c does best with 2·g(x)."""
    torch.manual_seed(0)
    made = MetaObjective(config("pretrained"))
    adam = torch.optim.Adam(made.parameters(), lr=0.01)
    x = torch.zeros(2, 64, 16)
    x[..., 0] = torch.linspace(-1, 1, 64)
    g = 0.25 * torch.sin(2 * x[0, :, 0])  # errors stay below 1, where Huber's function is a square
    for _ in range(300):
        adam.zero_grad()
        made(x, torch.stack([g, 3 * g]), 0)["loss"].backward()
        adam.step()
    torch.testing.assert_close(outputs(made.start.tower, x[:1])[0], 2 * g, rtol=0, atol=0.02)


def test_towers_adapt_each_to_its_own_rows(rows: tuple[Tensor, Tensor]):
    x, y = rows
    start = objective(config()).start
    rate = start.log_rate.exp()
    together = adapt(copies(start.tower, B), [(x, y)] * 2, rate, first_order=True)
    for b in range(B):
        alone = adapt(start.tower, [(x[b : b + 1], y[b : b + 1])] * 2, rate, first_order=True)
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[b], other[0])


def test_rows_stand_in_the_columns_of_the_signature(tiny_examples: Path):
    examples = ExampleStore(tiny_examples, "validation").evenly_spaced(20)
    x, y = pack_rows(examples, np.random.default_rng(0))
    for b, v in enumerate(examples):
        order = [int(np.flatnonzero(v.y == value)[0]) for value in y[b].numpy()[:5]]
        unused = sorted(set(range(16)) - set(v.graph.arguments.tolist()))
        assert not x[b, :, unused].any()
        if len(np.unique(v.y)) == len(v.y):
            for slot, argument in enumerate(v.graph.arguments):
                np.testing.assert_array_equal(x[b, :5, argument].numpy(), v.x[order, slot])


def test_a_start_is_read_back_by_the_table_of_starts(tmp_path: Path):
    c = replace(config(), seed=7)
    start = SharedStart(0.05)
    write_start(tmp_path / "start.safetensors", start, c, step=3)
    tower, metadata = load_tower(tmp_path / "start.safetensors")
    for one, other in zip(tower, start.tower, strict=True):
        torch.testing.assert_close(one, other.detach())
    assert metadata["name"] == "a start"
    assert metadata["seed"] == "7"
    assert metadata["step"] == "3"
    assert float(metadata["inner_rate"]) == pytest.approx(0.05)
    assert '"method": "maml"' in metadata["config"]
    assert plain(c)["inner_steps"] == 3


def test_fine_tuning_forgets_a_start_that_it_need_not_keep(tiny_examples: Path):
    """The error is of rows that were not given, and falls with more rows."""
    examples = ExampleStore(tiny_examples, "validation").evenly_spaced(6)
    torch.manual_seed(0)
    tower: Towers = SharedStart(0.1).tower
    optimiser = OPTIMISERS["Levenberg–Marquardt"]
    few, many = (np.median(tuned_errors(tower, examples, n, optimiser, 1.0)) for n in (8, 48))
    assert many < few / 3


def test_the_start_of_least_validation_error_is_kept(tiny_examples: Path, tmp_path: Path):
    run = MetaTrainer(config(batch_size=2), tiny_examples, tmp_path)
    for run.step, error in enumerate((0.5, 0.7, 0.2, 0.3)):
        with torch.no_grad():
            run.start.w3.fill_(error)
        run.keep(error)
    tower, metadata = load_tower(tmp_path / "a_start.safetensors")
    assert (tower[2] == 0.2).all()
    assert metadata["step"] == "2"
    again = MetaTrainer(config(batch_size=2), tiny_examples, tmp_path)
    again.keep(0.3)
    assert load_tower(tmp_path / "a_start.safetensors")[1]["step"] == "2"
