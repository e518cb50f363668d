"""Batches of any shape as rows and back: what the modules of all artifacts do at both ends.

Shapes: n rows, A arguments, R results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cprograms.inputs import shape_fault
from surrogate.numeric.blas import one_numpy_thread


def as_rows(x: Tensor, arguments: Sequence[str]) -> Tensor:
    """Inputs [..., A] as rows [n, A]. Raises ValueError for another last axis, and for complex numbers."""
    if not isinstance(x, Tensor):
        raise TypeError(f"a tensor is needed, not {type(x).__name__}; Surrogate.predict takes other kinds of inputs")
    if x.is_complex():
        raise ValueError(f"the arguments are real numbers, not {x.dtype}")
    A = len(arguments)
    # While torch.jit traces, sizes are no numbers to compare; rows of another width do not fit `like_inputs` then.
    if not torch.jit.is_tracing() and (x.ndim == 0 or x.shape[-1] != A):  # type: ignore[attr-defined,no-untyped-call]
        raise ValueError(shape_fault(tuple(x.shape), arguments))
    return x.reshape(-1, A)


def like_inputs(y: Tensor, x: Tensor) -> Tensor:
    """Results [n, R] of inputs [..., A] in their batch shape, [..., R], and floating type.

    Integers have none: their results are of torch's default type, as a truncated result would be wrong.
    """
    dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
    return y.reshape(x.shape[:-1] + y.shape[-1:]).to(dtype)


def predicted(module: nn.Module, x: npt.NDArray[np.float64], at_once: int | None = None) -> npt.NDArray[np.float64]:
    """A module on numpy rows, without gradients: float64 [..., A] -> float64 [..., R], so many at once or all."""
    given = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))
    parts = torch.split(given, at_once) if at_once is not None and given.ndim == 2 else (given,)
    with torch.no_grad():
        found: list[Tensor] = [module(part) for part in parts]
    return (found[0] if len(found) == 1 else torch.cat(found)).numpy()


def derivatives(module: nn.Module, x: Tensor) -> Tensor:
    """The derivative of each result in each argument, a backward pass a result: [n, A] -> [n, R, A]."""
    x = x.detach().requires_grad_()
    y = module(x)  # [n, R]
    rows = []
    for k in range(y.shape[-1]):
        found = None
        if y.requires_grad:
            (found,) = torch.autograd.grad(y[:, k].sum(), x, retain_graph=True, allow_unused=True)
        rows.append(torch.zeros_like(x) if found is None else found)
    return torch.stack(rows, dim=1)


def slopes(module: nn.Module, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same of numpy rows: float64 [n, A] -> float64 [n, R, A]."""
    return derivatives(module, torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))).detach().numpy()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch and numpy on one thread: these matrices are too small to share, and sharing is very slow on a busy
    machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_numpy_thread():
            yield
    finally:
        torch.set_num_threads(threads)
