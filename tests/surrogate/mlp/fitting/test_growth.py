"""Levenberg–Marquardt on growing rows."""

from __future__ import annotations

import torch

from surrogate.mlp.fitting.growth import Growth, planned
from surrogate.mlp.parts.towers import join, outputs
from tests.surrogate.mlp.fitting.test_finetune import start


def material(count: int = 600) -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.rand(count, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return z, torch.stack([torch.sin(2 * z[:, 0]) + z[:, 1] ** 2, torch.where(z[:, 0] > 0.9, 5.0, z[:, 1])])


def growth(**given: object) -> Growth:
    towers = start(results=2).towers.map(torch.Tensor.detach)
    return Growth(towers, *material(), given.get("columns"), seed=0)  # type: ignore[arg-type]


def squares(work: Growth) -> torch.Tensor:
    return (outputs(work.towers, work.z.expand(len(work.y), -1, -1)) - work.y).square().mean(1)


def test_rows_in_use_stay_and_half_of_the_new_ones_are_where_a_tower_errs_most() -> None:
    work = growth()
    work.grow(100)
    first = work.used.clone()
    assert first.sum(1).tolist() == [100, 100]
    missing = (outputs(work.towers, work.z.expand(2, -1, -1)) - work.y).abs().masked_fill(first, -1)
    work.grow(160)
    assert work.used.sum(1).tolist() == [160, 160]
    assert (work.used | ~first).all()
    for used, wrong in zip(work.used, missing, strict=True):
        assert used[wrong.topk(30).indices].all()
    work.grow(50)  # never fewer
    assert work.used.sum(1).tolist() == [160, 160]


def test_the_error_falls_on_rows_that_were_not_used() -> None:
    work = growth()
    before = squares(work)
    work.run([(64, 10), (200, 10), (5000, 5)])
    assert (squares(work) < 0.2 * before).all()
    assert work.used.all()


def test_a_column_without_deviation_stays_as_it_is() -> None:
    columns = torch.ones(2, 3)
    columns[0, 1] = 0
    work = growth(columns=columns)
    before = work.towers.w1.clone()
    work.run([(100, 5)])
    assert torch.equal(work.towers.w1[0, :, 1], before[0, :, 1])
    assert not torch.equal(work.towers.w1[0, :, 0], before[0, :, 0])
    assert not torch.equal(work.towers.w1[1, :, 1], before[1, :, 1])


def test_towers_work_by_themselves_and_may_be_given_up() -> None:
    towers = start(results=2).towers.map(torch.Tensor.detach)
    z, y = material()
    both = Growth(join([towers]), z, y, None, seed=0)
    both.run([(64, 5)])
    both.keep(torch.tensor([1]))
    both.run([(128, 5)])
    assert both.towers.w1.shape[0] == both.y.shape[0] == both.used.shape[0] == 1


def test_the_same_seed_gives_the_same_weights() -> None:
    found = []
    for _ in range(2):
        work = growth()
        work.run([(64, 4), (128, 4)])
        found.append(work.towers)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_a_plan_is_made_of_sizes_and_every_stage_makes_a_step() -> None:
    plan = planned(1.0, 1)
    assert [rows for rows, _ in plan] == sorted(rows for rows, _ in plan)
    assert plan == planned(2.0, 2)
    assert all(steps == 1 for _, steps in planned(1e-9, 1))


def test_double_precision_goes_further() -> None:
    """On few rows, which many weights can meet exactly."""
    towers = start(results=1).towers.map(torch.Tensor.detach)
    z, _ = material(20)
    errors = {}
    for dtype in (torch.float32, torch.float64):
        y = torch.sin(z[None, :, 0]).to(dtype)
        work = Growth(towers.map(lambda w, to=dtype: w.to(to)), z.to(dtype), y, None, 0)
        work.run([(20, 100)])
        errors[dtype] = float(squares(work)[0])
    assert errors[torch.float64] < 0.5 * errors[torch.float32]
