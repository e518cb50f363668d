"""Products in bfloat16 while large networks learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cprograms.frontend.sketching import read_sketch
from surrogate.sketch import precision
from surrogate.sketch.data import Examples, examples_of
from surrogate.sketch.learning import Settings, learn
from surrogate.sketch.model import Model
from surrogate.sketch.precision import halved, halves

PROGRAM = """
#pragma surrogate learn(sign, values(2), hidden({hidden}))
extern int sign(const float picture[64]);
int both(const float x[2][64]) {{ return 2 * sign(x[0]) + sign(x[1]); }}
"""


def examples(hidden: int) -> Examples:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2, 64)).astype(np.float32)
    shown = (x[..., 0] > 0).astype(int)
    x[..., 0] *= 5
    return examples_of(read_sketch(source=PROGRAM.format(hidden=hidden)), {"x": x, "result": shown @ [2, 1]})


@pytest.mark.parametrize(("hidden", "large"), [(16, False), (512, True)])
def test_large_networks_are_halved_where_the_processor_can(
    hidden: int, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(read_sketch(source=PROGRAM.format(hidden=hidden)), 3)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    assert halves(model.networks, 3) is large
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert not halves(model.networks, 3)


def test_distributions_of_halved_products_are_near_and_sum_to_one() -> None:
    given = examples(512).inputs
    model = Model(read_sketch(source=PROGRAM.format(hidden=512)), 2)
    whole = model.results(given)[0]
    with halved(True):
        half = model.results(given)[0]
    assert half.dtype == whole.dtype == torch.float32
    assert 0 < float((half - whole).detach().abs().max()) < 0.05
    assert torch.allclose(half.sum(-1), torch.ones(2, 200), atol=1e-5)


def test_what_is_learned_in_bfloat16_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    monkeypatch.setattr(precision, "LARGE", 1)
    scores = []
    for half in (True, False):
        settings = Settings(restarts=2, steps=60, batch=50, half=half)
        found = learn(read_sketch(source=PROGRAM.format(hidden=32)), examples(32), settings)
        scores.append(found.restarts[found.best].accuracy)
    assert min(scores) > 0.9
    assert abs(scores[0] - scores[1]) < 0.06
