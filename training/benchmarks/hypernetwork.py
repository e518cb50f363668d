"""How fast the hypernetwork is, warm: batches, single programs, and the sandbox's compilation beside it."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch

import cprograms
from cprograms.generate import generate
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import toolchain
from cprograms.sandbox.source import source_of
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.encoding import EncodedGraph, collate, encode
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.pipeline import LEVEL_ROWS
from training.benchmarks.timing import wall_seconds

REPEATS = 5
SANDBOXED = 20
"""Programs whose compilation in the sandbox is timed, without its cache."""


def measure(count: int, compiler: str | None) -> dict[str, float]:
    """Milliseconds a program by stage, programs a second in batches and alone, and the ratios."""
    torch.set_num_threads(1)
    model = load_compiler(compiler).model
    programs = usable_programs(count)
    graphs = [lower(p) for p in programs]
    encoded = [encode(graph, p.domain) for graph, p in zip(graphs, programs, strict=True)]
    encoded.sort(key=lambda g: g.level[-1])  # as `emit` does
    with_rows = [executed(p) for p in programs[:SANDBOXED]]
    lowering = seconds(lambda: [lower(p) for p in programs]) / len(programs)
    encoding = seconds(lambda: [encode(g, p.domain) for g, p in zip(graphs, programs, strict=True)]) / len(programs)
    batched = seconds(lambda: forward(model, encoded, 100))
    single = seconds(lambda: forward(model, encoded, 1))
    emission = seconds(lambda: [emit(model, [r]) for r in with_rows]) / len(with_rows)
    compilation = seconds(lambda: [toolchain.to_wasm(source_of([p]), optimise=True) for p in programs[:SANDBOXED]])
    return {
        "programs": len(programs),
        "lowering_ms": 1e3 * lowering,
        "encoding_ms": 1e3 * encoding,
        "batched_programs_per_second": len(programs) / batched,
        "single_programs_per_second": len(programs) / single,
        "batch_ratio": single / batched,
        "o1_emission_ms": 1e3 * emission,
        "sandbox_compilation_ms": 1e3 * compilation / SANDBOXED,
        "emission_over_compilation": emission * SANDBOXED / compilation,
    }


def seconds(work: Callable[[], object]) -> float:
    return wall_seconds(work, statistics.median, REPEATS)


@torch.no_grad()
def forward(model: Hypernetwork, graphs: list[EncodedGraph], size: int) -> None:
    """The hypernetwork alone: encoded graphs to weights, in batches."""
    for start in range(0, len(graphs), size):
        model(collate(graphs[start : start + size]))


def usable_programs(count: int) -> list[Program]:
    """Generated programs of one result."""
    found: list[Program] = []
    seed = 10**9
    while len(found) < count:
        program = generate(seed)
        seed += 1
        if len(program.results) == 1:
            found.append(program)
    return found


def executed(program: Program) -> Request:
    x = sample(program, LEVEL_ROWS[1], seed=0)
    return Request(lower(program), program.domain, x, cprograms.run(program, x))
