"""The compile pipeline: from a program to a surrogate, a line a stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike

import numpy as np
import torch

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.program import Program, Result
from cprograms.sampling import Method
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.emit import Request, emit
from surrogate.mlp.finetune import finetune, training_rows
from surrogate.mlp.hypernetwork import Hypernetwork
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network, random_network
from surrogate.mlp.pretrained import load_compiler
from surrogate.mlp.safeguards import Rows, best_of, bound_scale, fall_back, held_out_rows
from surrogate.mlp.towers import Towers
from surrogate.numeric.rows import GAUSS_NEWTON_ROWS, MAX_ROWS, MIN_ROWS, compile_seed, executed_rows

LEVEL_ROWS = {0: 0, 1: GAUSS_NEWTON_ROWS, 2: 256}
"""Executed rows at each -O level, where the user does not say."""
COMPILE_METHOD: Method = "sobol"
"""How those rows are placed: better than uniform and Latin rows, as scripts/study/sampling.py measures."""


def compile_program(
    program: Program,
    *,
    opt_level: int = 1,
    rows: int | None = None,
    seed: int = 0,
    compiler: str | PathLike[str] | None = None,
) -> Surrogate:
    """Compile a program to a surrogate.

    `opt_level` 0 reads the program's text alone and never runs it; 1 also reads `rows` executed rows (64 by default) by
    the hypernetwork's Gauss–Newton steps, or as many of them as held-out rows prefer; 2 reads more (256) and fine-tunes
    the network on them, from the emitted weights or from random ones, as held-out rows prefer. That takes up to half a
    second for 256 rows, some seconds for 1,024. At 1 and 2 a result that is not clearly better than the mean on 256
    further rows becomes the mean. `compiler` is a packaged hypernetwork's name or a directory of one. The same seed
    gives the same surrogate.

    Raises UsageError for options that make no sense, ProgramError where no row has finite outputs.
    """
    if not isinstance(program, Program):
        raise UsageError(f"a Program is needed, as cprograms.load gives, not {program!r:.40}")
    opt_level, seed = options.whole("opt_level", opt_level), options.seed(seed)
    count = _row_count(opt_level, None if rows is None else options.whole("rows", rows))
    hypernetwork = load_compiler(compiler)
    graph = lower(program)
    x, y = executed_rows(program, count, compile_seed(seed), COMPILE_METHOD)
    held_out = held_out_rows(program, seed) if count else (x, y)
    network, tuned = _best_network(hypernetwork.model, program, graph, x, y, opt_level, held_out)
    if not count:
        bound_scale(network, program, graph)
    averaged = fall_back(network, y, held_out)
    names = [r.name for r in program.results]
    surrogate = Surrogate(
        entry=program.entry,
        arguments=program.arguments,
        results=program.results,
        text=program.portable_text,
        module=network,
        opt_level=opt_level,
        seed=seed,
        rows=len(x),
        compiler=hypernetwork.sha256,
        held_out=len(held_out[0]),
        mean_only=tuple(names[k] for k in averaged),
        untuned=tuple(name for name, is_tuned in zip(names, tuned, strict=True) if not is_tuned)
        if opt_level == 2
        else (),
    )
    surrogate.program = program
    return surrogate


def _row_count(opt_level: int, rows: int | None) -> int:
    if opt_level not in LEVEL_ROWS:
        raise UsageError(f"there is no -O{opt_level}; there are -O0, -O1 and -O2")
    if opt_level == 0 and rows:
        raise UsageError("-O0 never runs the program, so it takes no rows; use -O1 or -O2")
    if rows is not None and opt_level > 0 and not MIN_ROWS <= rows <= MAX_ROWS:
        raise UsageError(f"rows must be from {MIN_ROWS} to {MAX_ROWS}, not {rows}")
    return LEVEL_ROWS[opt_level] if rows is None else rows


def _best_network(
    hypernetwork: Hypernetwork,
    program: Program,
    graph: Graph,
    x: np.ndarray,
    y: np.ndarray,
    opt_level: int,
    held_out: Rows,
) -> tuple[SurrogateNetwork, list[bool]]:
    """The finished network, and which results [R] fine-tuning changed.

    At -O1 the hypernetwork may make less of more rows than it was trained to read: each result is made from 64, 128, …
    or all of them, as many as err least on the held-out rows.
    """
    counts = [c for c in (GAUSS_NEWTON_ROWS << k for k in range(8)) if c < len(x)] if opt_level == 1 else []
    if not counts or not len(held_out[0]):
        return _built(hypernetwork, program, graph, x, y, opt_level)
    with one_thread():
        networks = [_emitted(hypernetwork, program, graph, x, y, count) for count in (*counts, len(x))]
    return best_of(networks, held_out), [False] * len(program.results)


def build_network(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, x: np.ndarray, y: np.ndarray, opt_level: int
) -> SurrogateNetwork:
    """The stages from a graph and rows x [K, A], y [K, R] (K = 0 at -O0) to the network that evaluations measure."""
    return _built(hypernetwork, program, graph, x, y, opt_level)[0]


def _built(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, x: np.ndarray, y: np.ndarray, opt_level: int
) -> tuple[SurrogateNetwork, list[bool]]:
    """The same, and which results [R] fine-tuning changed."""
    with one_thread():
        if opt_level < 2:
            return _emitted(hypernetwork, program, graph, x, y, len(x)), [False] * len(program.results)
        # Of more rows than it was trained to read, the hypernetwork's steps make weights that fine-tune worse.
        seen, before = (min(count, GAUSS_NEWTON_ROWS) for count in (len(x), training_rows(len(x))))
        network = _emitted(hypernetwork, program, graph, x, y, seen)
        # What is held out to choose the start and the steps must not have shaped the weights.
        early = network if before == seen else _emitted(hypernetwork, program, graph, x, y, before)
        scale = Scale(early.mean.numpy(), early.std.numpy())
        fresh = random_network(program.domain, scale, seed=0, hidden=early.w1.shape[1])
        emitted = network.towers
        finetune(network, x, y, early, [fresh])
        return network, _changed(emitted, network)


def _changed(before: Towers, network: SurrogateNetwork) -> list[bool]:
    """Which results [R] other towers give than before; a constant stays what it is."""
    same = [a.eq(b).flatten(1).all(1) for a, b in zip(before, network.towers, strict=True)]
    changed: list[bool] = (~torch.stack(same).all(0) & (network.std > 0)).tolist()
    return changed


def _emitted(
    hypernetwork: Hypernetwork, program: Program, graph: Graph, x: np.ndarray, y: np.ndarray, seen: int
) -> SurrogateNetwork:
    """The network whose weights the text and the first `seen` rows shape."""
    rows = (x[:seen], y[:seen]) if seen else (None, None)
    towers, predicted = emit(hypernetwork, [Request(graph, program.domain, *rows)])[0]
    return emitted_network(towers, known_scale(predicted, program.results, graph, y), program.domain)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: these matrices are too small to share, and sharing is very slow on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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
