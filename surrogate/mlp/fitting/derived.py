"""The derivatives of a program at executed rows: of its dataflow graph, which is not the C program and may lack them.

Shapes: n rows, A arguments, T taps, Z = A + T inputs, R results, D derivatives.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cprograms.diagnostics import ProgramError
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.graph.module import GraphModule
from surrogate.mlp.network import Scale, input_scaling
from surrogate.mlp.parts.kernel import Slopes
from surrogate.mlp.parts.taps import Taps
from surrogate.numeric.batches import derivatives

Array = npt.NDArray[np.float64]

STEEPEST = 1e4
"""A derivative beyond it, of a standardised result in an argument scaled to ±1, is a pole's or a kink's: no help."""
CLOSE = 1e-6
"""How far, in deviations, the graph's value may be off the program's where its derivatives are believed."""


def observed_slopes(
    program: Program, graph: Graph, taps: Taps | None, rows: tuple[Array, Array], scale: Scale
) -> list[Slopes | None]:
    """The derivatives of each standardised result in the scaled arguments that it reads, at rows x [n, A], y [n, R].

    A tangent is the argument's unit and what the taps change with it. None where the program is no graph that can be
    computed, or has no believable derivative at any row: finite, not absurd, at a row whose value the graph gives.
    """
    executable = executable_graph(program, graph)
    if executable is None:
        return [None] * len(scale.mean)
    x, y = (torch.from_numpy(np.ascontiguousarray(part)) for part in rows)
    module = GraphModule(executable, [a.name for a in program.arguments]).requires_grad_(False)
    std = torch.from_numpy(np.where(scale.std > 0, scale.std, 1))
    reach = torch.from_numpy(input_scaling(program.domain)[1])  # [A], infinite where there is one value
    known = derivatives(module, x) * (reach / std[:, None])  # [n, R, A]
    agree = ((module(x).detach() - y) / std).abs() <= CLOSE  # [n, R]
    tangents, defined = _tangents(taps, x, reach)
    found: list[Slopes | None] = []
    for k in range(len(std)):
        read = _read(executable, k, reach)
        good = agree[:, k, None] & read & defined & (known[:, k].abs() <= STEEPEST)  # [n, A]
        row, argument = good.nonzero(as_tuple=True)
        found.append(Slopes(row, tangents[row, argument], known[row, k, argument]) if len(row) else None)
    return found


def executable_graph(program: Program, graph: Graph) -> Graph | None:
    """The graph, or one with loops that are computed; None where there is none."""
    if graph.executable:
        return graph
    try:
        return lower(program, executable=True)
    except ProgramError:
        return None


def _read(graph: Graph, result: int, reach: Tensor) -> Tensor:
    """Which arguments [A] a result depends on and vary."""
    read = torch.zeros(len(reach), dtype=torch.bool)
    read[[k for k in graph.result(result).arguments if k < len(reach)]] = True
    return read & reach.isfinite()


def _tangents(taps: Taps | None, x: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """How the inputs change with each scaled argument, and where that is known: [n, A, Z], [n, A]."""
    own = torch.eye(len(reach), dtype=x.dtype).expand(len(x), -1, -1)
    if taps is None:
        return own, torch.ones(len(x), len(reach), dtype=torch.bool)
    change = (derivatives(taps, x) * reach).mT  # [n, A, T]
    defined = (change.abs() <= STEEPEST).all(2)
    return torch.cat([own, torch.where(defined[..., None], change, 0)], dim=2), defined
