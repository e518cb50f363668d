"""What a compile and a fine-tuning start from: the emitted network, in the scale that rows say, and free rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from cprograms.graph import Graph
from cprograms.program import Program, Result
from cprograms.sampling import Method
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.choice import Problem, Rows, make_problem
from surrogate.mlp.fitting.safeguards import held_out_rows
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network, rescaled
from surrogate.mlp.parts.taps import Taps
from surrogate.mlp.parts.towers import Towers
from surrogate.numeric.rows import compile_seed, executed_rows, output_moments

COMPILE_METHOD: Method = "sobol"
"""How those rows are placed: better than uniform and Latin rows, as scripts/study/sampling.py measures."""
FREE_ROWS = {2: (4000, 2000), 3: (20000, 3000)}
"""Rows of a level where they cost nothing: to fit to, and to choose by."""


def emitted(
    hypernetwork: Hypernetwork,
    program: Program,
    graph: Graph,
    x: np.ndarray,
    y: np.ndarray,
    seen: int,
    taps: Taps | None = None,
) -> SurrogateNetwork:
    """The network whose weights the text and the first `seen` rows shape; with `taps`, if it reads any."""
    read_x, read_y = (x[:seen], y[:seen]) if seen else (None, None)
    request = Request(graph, program.domain, read_x, read_y, taps=taps)
    towers, predicted = emit(hypernetwork, [request])[0]
    scale = known_scale(predicted, program.results, graph, y)
    return emitted_network(towers, scale, program.domain, request.read_by(hypernetwork))


def emitted_towers(
    program: Program,
    graph: Graph,
    rows: Rows,
    scale: Scale,
    hypernetwork: Hypernetwork | None = None,
) -> Towers:
    """What the hypernetwork, the packaged one by default, emits of rows x [K, A], y [K, R] for outputs of a scale."""
    model = load_compiler(None).model if hypernetwork is None else hypernetwork
    start = emitted(model, program, graph, *rows, len(rows[0]))
    return rescaled(start.towers, Scale(start.mean.numpy(), start.std.numpy()), scale).map(Tensor.detach)


def moments(y: np.ndarray) -> Scale:
    """The scale that rows y [n, R] have."""
    return Scale(*np.array([output_moments(column) for column in y.T]).T)


def known_scale(predicted: Scale, results: Sequence[Result], graph: Graph, y: np.ndarray) -> Scale:
    """Replace what was predicted of the outputs' scale by what is known.

    A constant, in the graph or on all rows, has deviation 0: its surrogate is exact. Without rows, a declared range of
    a result bounds the predicted mean, and its uniform distribution's deviation the predicted one. (To take the uniform
    distribution itself is worse: declared ranges hold the worst case, few programs fill theirs.)
    """
    mean, std = predicted.mean.copy(), predicted.std.copy()
    for k, (result, root) in enumerate(zip(results, graph.roots, strict=True)):
        if graph.nodes[root].op == "const":
            mean[k], std[k] = graph.nodes[root].value, 0
        elif len(y):
            # The mean of equal numbers need not be that number.
            if np.ptp(y[:, k]) == 0:
                mean[k], std[k] = y[0, k], 0
        elif result.low is not None and result.high is not None:
            mean[k] = np.clip(mean[k], result.low, result.high)
            std[k] = min(std[k], (result.high - result.low) / np.sqrt(12))
    return Scale(mean, std)


def free_problem(
    program: Program, graph: Graph, taps: Taps | None, seed: int, opt_level: int
) -> tuple[Problem, Rows, Rows]:
    """The problem of as many executed rows as a level takes where they cost nothing, these rows, and the fresh ones."""
    count, fresh_count = FREE_ROWS[opt_level]
    rows = executed_rows(program, count, compile_seed(seed), COMPILE_METHOD)
    fresh = held_out_rows(program, seed, fresh_count)
    scale = known_scale(moments(rows[1]), program.results, graph, rows[1])
    return make_problem(rows, fresh, program.domain, scale, taps), rows, fresh
