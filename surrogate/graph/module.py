"""A dataflow graph as a torch module: the program itself, differentiable in its inputs and its constants.

Shapes: n rows, A arguments, R results.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cprograms.graph import Graph
from surrogate.graph.constants import Lines, labels, learnable_constants
from surrogate.graph.plan import Plan, run
from surrogate.graph.planner import Planner
from surrogate.numeric.batches import as_rows, like_inputs, predicted

BLOCK = 32768
"""Rows that a thread computes at a time where no gradient is needed: its registers stay in the processor's cache."""


class GraphModule(nn.Module):
    """The program itself: [..., A] -> [..., R], C units in and out, NaN where C's behaviour is undefined.

    It computes what `cprograms.graph.evaluate` does, in the types of C; only functions of math.h may differ, in the
    last digits. Integers of at most 32 bits have the derivatives of real numbers in sums, products, differences,
    extrema, conversions and the dividend of a remainder. Comparisons, roundings, quotients and bits of integers have
    none, and 64-bit integers have no gradient at all. A select has the gradient of the branch taken. With `smooth` one
    of a floating type weighs both branches where its condition compares with < or <=: by sigmoid((b - a) / smooth) for
    a < b, in the units of what is compared; `!`, `&&` and `||` are combined as probabilities, == and != stay hard.

    `constants` are the program's floating constants but structural ones (0, ±1, 2, 1/2, whole exponents, tables),
    float64 parameters; `labels` say where each stands in the program: `lines` gives the lines of constant nodes.
    `arguments` are the names of the inputs. What was traced or exported is for running: the gradient of branches that
    are not taken may leak into it.

    Raises ValueError for a graph that is not executable, and for a temperature that is no positive number.
    """

    def __init__(
        self, graph: Graph, arguments: Sequence[str] = (), smooth: float | None = None, lines: Lines | None = None
    ) -> None:
        super().__init__()
        if not graph.executable:
            raise ValueError("a graph with loop or opaque nodes cannot be computed")
        if smooth is not None and not (smooth > 0 and math.isfinite(smooth)):
            raise ValueError(f"the temperature of smooth selects is a positive number, not {smooth!r}")
        count = max((int(n.value) + 1 for n in graph.nodes if n.op == "arg"), default=0)
        self.arguments = tuple(arguments) or tuple(f"argument {k + 1}" for k in range(count))
        self.graph, self.smooth = graph, smooth
        nodes = self._learnable = learnable_constants(graph)
        self.lines = dict(lines or {})
        self.labels = tuple(labels(graph, nodes, lines or {}))
        self.constants = nn.ParameterList(
            nn.Parameter(torch.tensor(float(graph.nodes[k].value), dtype=torch.float64)) for k in nodes
        )
        self._prepare()

    def _prepare(self) -> None:
        self._plan: Plan = Planner(self.graph, len(self.arguments), self._learnable, self.smooth).plan()
        self._numbers = {"cpu": self._plan.numbers}

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_plan", "_numbers")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A plan's steps are functions, which cannot be pickled: they are made anew."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._prepare()

    def forward(self, x: Tensor) -> Tensor:
        """[..., A] -> [..., R] for any batch shape, in the floating type of `x`, else in torch's default type.

        Raises ValueError for a last axis of another length than A, and for complex numbers.
        """
        rows = as_rows(x, self.arguments).to(torch.float64)
        learnable = [c.to(torch.float64) for c in self.constants]
        traced = torch.jit.is_tracing() or torch.compiler.is_compiling()  # type: ignore[attr-defined,no-untyped-call]
        if traced or self._needs_gradient(rows, learnable):
            n = rows.shape[0]
            wide = [c if traced else c.expand(n) for c in learnable]
            y = torch.stack(self._results(rows, wide), dim=1)
            return like_inputs(y if traced else _connected(y, [*rows.unbind(1), *wide]), x)
        return like_inputs(self._in_blocks(rows, learnable), x)

    @staticmethod
    def _needs_gradient(rows: Tensor, learnable: Sequence[Tensor]) -> bool:
        return torch.is_grad_enabled() and (rows.requires_grad or any(c.requires_grad for c in learnable))

    def _in_blocks(self, rows: Tensor, learnable: Sequence[Tensor]) -> Tensor:
        """[n, A] -> float64 [n, R], without a gradient."""
        out = torch.empty(len(self.graph.roots), len(rows), dtype=torch.float64, device=rows.device)
        size = BLOCK * torch.get_num_threads()
        with torch.inference_mode():
            for start in range(0, len(rows), size):
                end = start + size
                part = [c[start:end] if c.ndim else c for c in learnable]
                for k, column in enumerate(self._results(rows[start:end], part)):
                    out[k, start:end] = column
        return out.T

    def _results(self, rows: Tensor, learnable: Sequence[Tensor]) -> list[Tensor]:
        """Each result of rows [n, A], float64 [n], NaN where it is undefined."""
        columns = [column.contiguous() for column in rows.unbind(1)]
        r = run(self._plan, [*columns, *learnable], self._numbers_on(rows.device))
        found = []
        for value, poison in self._plan.results:
            column = r[value].expand(rows.shape[0])
            clean = poison is None or (torch.is_inference_mode_enabled() and not r[poison].any())
            found.append(column if poison is None or clean else column.masked_fill(r[poison], math.nan))
        return found

    def _numbers_on(self, device: torch.device) -> list[tuple[int, Tensor]]:
        name = str(device)
        if name not in self._numbers:
            self._numbers[name] = [(register, number.to(device)) for register, number in self._plan.numbers]
        return self._numbers[name]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The forward pass on numpy rows, without gradients: float64 [..., A] -> float64 [..., R]."""
        return predicted(self, x)


def _connected(y: Tensor, sources: Sequence[Tensor]) -> Tensor:
    """Results [n, R] that have a gradient, if only 0, where one of their sources [n] has one."""
    found = next((s for s in sources if s.requires_grad), None)
    if y.requires_grad or found is None:
        return y
    return torch.where(torch.zeros_like(y, dtype=torch.bool), found[:, None], y)
