"""Zero-shot errors: how good emitted towers are straight from the hypernetwork, on examples it was not trained on."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from surrogate.mlp.emission.hypernetwork import Emission, Hypernetwork, gauss_newton
from surrogate.mlp.parts.towers import outputs
from training.examples.batches import Batch, as_read, make_batch, standardise_rows
from training.examples.example import Example

ScaleSource = Literal["given", "predicted"]


@torch.no_grad()
def zero_shot_errors(
    model: Hypernetwork,
    examples: list[Example],
    rows: int,
    *,
    scale: ScaleSource = "given",
    size: int = 64,
    seed: int = 0,
) -> np.ndarray:
    """nMSE of each example [n], on the rows that were not given.

    With rows, outputs are scaled by the rows' own moments. Without, `scale` says by which: "given", the true ones, or
    "predicted", the hypernetwork's.
    """
    model.eval()
    errors = []
    for start in range(0, len(examples), size):
        part = as_read(examples[start : start + size], model.architecture)
        batch = make_batch(part, np.random.default_rng([seed, start]), dense=0)
        error = _outputs(model, batch, rows, scale) - batch.y[:, rows:]
        errors.append(error.square().mean(1) / batch.y[:, rows:].var(1, correction=0).clamp_min(1e-6))
    model.train()
    return torch.cat(errors).double().numpy()


def _outputs(model: Hypernetwork, batch: Batch, rows: int, scale: ScaleSource) -> torch.Tensor:
    """[B, R - rows], standardised by the true moments."""
    emission = model(batch.graphs)
    if rows:
        return adapted_outputs(emission, batch, rows, batch.x.shape[1] - rows)
    return outputs(emission.towers, batch.x) if scale == "given" else scaled_outputs(emission, batch, batch.x)


def scaled_outputs(emission: Emission, batch: Batch, x: torch.Tensor) -> torch.Tensor:
    """[B, Q]: outputs for x [B, Q, A] under the predicted mean and deviation, standardised by the true ones."""
    raw = outputs(emission.towers, x) * emission.std[:, None] + emission.mean[:, None]
    return (raw - batch.mean[:, None]) / batch.std[:, None]


def adapted_outputs(emission: Emission, batch: Batch, rows: int, queries: int) -> torch.Tensor:
    """[B, queries]: outputs after the Gauss–Newton steps on the first rows, which their own moments standardise."""
    given, mean, std = standardise_rows(batch.y[:, :rows])
    adapted = gauss_newton(emission, batch.x[:, :rows], given)
    return outputs(adapted, batch.x[:, rows : rows + queries]) * std + mean
