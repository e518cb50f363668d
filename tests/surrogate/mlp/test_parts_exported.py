"""Every part of a surrogate goes through torch's own export, with its taps, and is differentiable afterwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import surrogate
from cprograms.sampling import sample
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import Scale, emitted_network
from surrogate.mlp.parts.kernel import KernelHead
from tests.surrogate.mlp.fitting.test_choice import STEPS
from tests.surrogate.mlp.parts.test_table import GCD


def with_kernel() -> Surrogate:
    made = surrogate.compile(source="double f(double x, double y) { return x * y; }", opt_level=2)
    z = torch.rand(20, made.module.w1.shape[2], dtype=torch.float64)
    head = KernelHead(z, torch.ones(z.shape[1], dtype=torch.float64), torch.ones(20, dtype=torch.float64), z[:0])
    moments = Scale(made.module.mean.numpy(), made.module.std.numpy())
    made.module = emitted_network(
        made.module.towers, moments, made.domain, made.module.taps, made.module.polynomial, {0: head}
    )
    return made


MADE: dict[str, Callable[[], Surrogate]] = {
    "mlp and taps": lambda: surrogate.compile(source=STEPS),
    "polynomial and gates": lambda: surrogate.compile(source=STEPS, opt_level=2),
    "plain": lambda: surrogate.compile(source=STEPS, opt_level=2, plain=True),
    "table": lambda: surrogate.compile(source=GCD, opt_level=3),
    "kernel": with_kernel,
}


@pytest.mark.parametrize("name", MADE)
def test_what_was_exported_is_the_network(name: str) -> None:
    made = MADE[name]()
    x = torch.from_numpy(sample(made.program, 64, 3))
    rows = torch.export.Dim("rows", min=2)
    exported = torch.export.export(made.module, (x,), dynamic_shapes=({0: rows},)).module()
    other = torch.from_numpy(sample(made.program, 31, 4))
    np.testing.assert_allclose(exported(other).detach(), made.predict(other.numpy()), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in MADE if name != "table"])
def test_it_is_differentiable_in_its_inputs(name: str) -> None:
    made = MADE[name]()
    x = torch.from_numpy(sample(made.program, 40, 5)).requires_grad_()
    found = torch.autograd.grad(made.module(x)[:, 0].sum(), x)[0]
    step = 1e-4 * torch.from_numpy(np.ptp(made.domain, axis=1))
    for j in range(x.shape[1]):
        by = torch.zeros(x.shape[1], dtype=torch.float64)
        by[j] = step[j]
        with torch.no_grad():
            slopes = (made.module(x + by) - made.module(x - by))[:, 0] / (2 * step[j])
        # Where a gate jumps between the two points, the difference is none.
        near = torch.isclose(found[:, j], slopes, rtol=0.05, atol=0.02 * float(slopes.abs().median() + 1e-3))
        assert near.double().mean() > 0.9
