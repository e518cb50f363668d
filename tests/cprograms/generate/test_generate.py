"""Random programs: the same from a seed, valid C, bounded and varied, and equal in gcc, the sandbox and the graph.

Two runs of a program agree where the same rows are undefined (NaN) and the others differ by rounding only. math.h
differs in its last bits between numpy, musl and glibc, by more in float, which numpy and C compute differently; a
difference of one bit before a comparison, a floor or a cast changes the branch. So a real result may differ by 1e-9 of
the program's largest one (2e-4 where the program computes in float), an integer result not at all, and one row in ten
thousand may differ by more.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cprograms
from cprograms.generate import DEFAULT, accept, generate, integer_loops, integers, loops, programs, real, statements
from cprograms.graph import Graph, evaluate
from cprograms.lowering import lower
from cprograms.ops import OPS
from cprograms.program import Program
from cprograms.sandbox import run_many
from cprograms.types import DOUBLE, INT
from tests.cprograms.graphs import terms
from tests.cprograms.native import GCC, rows_of, run_native

ODD_ROWS = 1e-4


def exact_graph(program: Program) -> Graph:
    return lower(program, max_nodes=4096)


def odd_rows(program: Program, y: np.ndarray, z: np.ndarray) -> int:
    """How many rows of two runs disagree."""
    single = any("float" in line for line in program.text.splitlines())
    size = np.nanmax(np.abs(np.where(np.isfinite(y), y, 0)), initial=1e-30)
    tolerance = 0 if program.results[0].type.is_integer else (2e-4 if single else 1e-9) * size
    with np.errstate(invalid="ignore"):
        near = np.abs(y - z) <= tolerance
    return int((~(near | (y == z) | (np.isnan(y) & np.isnan(z)))).any(1).sum())


@pytest.fixture(scope="module")
def batch() -> list[Program]:
    return [generate(seed) for seed in range(1000)]


def test_a_seed_gives_one_program():
    assert [generate(seed).text for seed in range(50)] == [generate(seed).text for seed in range(50)]
    assert generate(3).arguments == generate(3).arguments
    sequence = np.random.SeedSequence(7)
    assert generate(sequence).text == generate(np.random.SeedSequence(7)).text
    assert generate(np.random.default_rng(7)).text == generate(np.random.default_rng(7)).text


def test_seeds_differ():
    texts = {generate(seed).text for seed in range(1000)}
    assert len(texts) > 985
    random = np.random.default_rng(0)
    assert generate(random).text != generate(random).text


def test_a_stream_is_its_seed_and_place():
    first, second = ([p.text for p in islice(programs(seed), 5)] for seed in (1, 2))
    assert first == [p.text for p in islice(programs(1), 5)]
    assert not set(first) & set(second)


def test_every_weight_names_a_function():
    g = DEFAULT
    assert set(g.real_few.names) | set(g.real_many.names) == set(real.REAL) >= set(g.real_plain.names)
    assert set(g.integer_few.names) | set(g.integer_many.names) == set(integers.INTEGER) >= set(g.integer_plain.names)
    assert set(g.statement.names) == set(statements.STATEMENTS)
    assert set(g.loop.names) == set(loops.REAL_LOOPS)
    assert set(g.integer_loop.names) == set(integer_loops.INTEGER_LOOPS)


def test_signatures_cover_the_subset(batch: list[Program]):
    counts = np.bincount([len(p.arguments) for p in batch], minlength=17)
    assert counts[1:].min() > 0
    assert counts[1:7].sum() > 0.7 * len(batch)
    assert {r.type.code for p in batch for r in p.results} >= {"f64", "f32", "i32", "u32", "i64", "u8", "i16", "u16"}
    assert {len(p.results) for p in batch} == {1, 2, 3, 4}
    assert all(a.low < a.high for p in batch for a in p.arguments)


def test_distinct_lowered_and_of_use(batch: list[Program]):
    graphs = [lower(p) for p in batch]
    sizes = np.array([len(g.nodes) for g in graphs])
    assert 9 <= np.median(sizes) <= 40
    assert np.mean(sizes <= 128) > 0.95
    assert np.mean([g.exact for g in graphs]) > 0.93
    assert len({g.skeleton() for g in graphs}) > 0.95 * len(graphs)
    groups = {op.name: op.group for op in OPS}
    assert {groups[n.op] for g in graphs for n in g.nodes} == set(groups.values()) - {"test"}

    used = [
        len({n.value for n in g.nodes if n.op == "arg"}) / len(p.arguments) for g, p in zip(graphs, batch, strict=True)
    ]
    assert np.mean(used) > 0.95
    kept, undefined = [], []
    for program, graph in zip(batch, graphs, strict=True):
        if graph.exact:
            y = evaluate(graph, rows_of(program, 216))
            undefined.append(1 - np.mean(np.isfinite(y)))
            kept += [accept(r.type, y[:, k]) for k, r in enumerate(program.results)]
    assert np.mean(kept) > 0.93
    assert np.mean(undefined) < 0.01


def test_the_front_end_reads_it_back(batch: list[Program]):
    for program in batch[:60]:
        ranges = {a.name: (a.low, a.high) for a in program.arguments}
        read = cprograms.load(source=program.text, ranges=ranges)
        assert (read.entry, read.results) == (program.entry, program.results)
        assert [(a.name, a.type) for a in read.arguments] == [(a.name, a.type) for a in program.arguments]
        assert terms(lower(read)) == terms(lower(program))


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_gcc_gives_the_graphs_values(batch: list[Program], tmp_path: Path):
    chosen = [(p, g) for p in batch[:200] if (g := exact_graph(p)).exact]
    rows = [rows_of(p, 64) for p, _ in chosen]
    native = run_native([replace(p, source=p.text) for p, _ in chosen], rows, tmp_path)
    odd = sum(odd_rows(p, evaluate(g, x), y) for (p, g), x, y in zip(chosen, rows, native, strict=True))
    assert odd <= ODD_ROWS * 64 * len(chosen)


def check_against_sandbox(batch: list[Program]) -> None:
    chosen = [(p, g) for p in batch if (g := exact_graph(p)).exact]
    assert len(chosen) > 0.9 * len(batch)
    rows = [rows_of(p, 64) for p, _ in chosen]
    odd = 0
    for start in range(0, len(chosen), 200):
        part = slice(start, start + 200)
        ran = run_many([p for p, _ in chosen[part]], rows[part])
        for (program, graph), x, result in zip(chosen[part], rows[part], ran, strict=True):
            odd += odd_rows(program, evaluate(graph, x), result.y)
    assert odd <= ODD_ROWS * 64 * len(chosen)


def test_the_sandbox_gives_the_graphs_values(batch: list[Program]):
    check_against_sandbox(batch[:400])


@pytest.mark.slow
def test_the_sandbox_gives_the_values_of_thousands():
    check_against_sandbox([generate(seed) for seed in range(10_000, 14_000)])


@pytest.mark.parametrize(
    ("y", "of_integers", "of_reals"),
    [
        (np.linspace(-3, 5, 200), True, True),
        (np.full(200, 2.5), False, False),
        (1e6 + 1e-3 * np.linspace(0, 1, 200), False, False),
        (np.repeat([0.0, 1.0], 100), True, False),
        (np.repeat([0.0, 1.0], [195, 5]), False, False),
        (np.arange(200) % 10, True, False),
        (np.append(np.linspace(0, 1, 199), 1e4), False, False),
        (np.linspace(0, 2e9, 200), False, False),
        (np.append(np.linspace(0, 1, 190), np.full(10, np.nan)), True, True),
        (np.append(np.linspace(0, 1, 170), np.full(30, np.inf)), False, False),
        (np.full(200, np.nan), False, False),
    ],
    ids=[
        "line", "constant", "rounding", "coin", "rare", "ten", "outlier", "huge", "few NaN", "many infinite", "all NaN",
    ],
)  # fmt: skip
def test_accept(y: np.ndarray, of_integers: bool, of_reals: bool):
    assert (accept(INT, y), accept(DOUBLE, y)) == (of_integers, of_reals)


@settings(max_examples=60)
@given(st.integers(0, 2**64))
def test_any_seed_gives_a_program_that_lowers(seed: int):
    program = generate(seed)
    graph = lower(program)
    assert len(graph.roots) == len(program.results)
    if graph.exact:
        assert evaluate(graph, rows_of(program, 16)).shape == (16, len(program.results))
