"""What a step of learning a sketch costs, by part."""

from __future__ import annotations

import numpy as np
import torch

from cprograms.frontend.sketching import read_sketch
from surrogate.sketch.data import examples_of
from surrogate.sketch.model import Model
from training.benchmarks.sketch import PARTS, Case, Timed, _Step, cases, measure, report
from training.sketches.grids import ADD, APPLY, grids


def test_a_step_in_parts_has_the_gradient_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    sketch = read_sketch(APPLY.program)
    drawn = grids(APPLY, (rng.random((40, 784), dtype=np.float32), rng.integers(0, 4, 40)), "left", 30, 0)
    examples = examples_of(sketch, drawn.arrays())
    apart, whole = Model(sketch, 2), Model(sketch, 2)
    _Step(apart, examples, False).take()
    places = torch.from_numpy(np.searchsorted(whole.evaluator.values[0], drawn.result))
    (found,) = whole.results(examples.inputs)
    loss = -found[:, torch.arange(30), places].log().mean(1).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    for (name, mine), (_, theirs) in zip(apart.named_parameters(), whole.named_parameters(), strict=True):
        assert mine.grad is not None, name
        assert theirs.grad is not None, name
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-3, atol=1e-6), name


def test_every_part_takes_time() -> None:
    found = measure(ADD, 2, 1)
    assert [t.case for t in found] == cases(2)
    assert all(part > 0 for t in found for part in t.parts)


def test_the_page_sets_many_beside_one() -> None:
    found = [Timed(case, tuple(case.restarts * (k + 1.0) for k in range(len(PARTS)))) for case in cases(4)]
    page = "\n".join(report(ADD, found, "python x"))
    assert "4 in float32: 4.00 times the cost of one. Most goes to optimiser, 33%." in page
    assert "| step | 15.0 | 60.0 | 15.0 | 60.0 |" in page
    assert Case(1, True).title in page
