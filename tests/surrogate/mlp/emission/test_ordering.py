"""Programs that differ in the order of their operands, or of their arguments, are one to the hypernetwork."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import cprograms
from cprograms.lowering import lower
from cprograms.ops import COMMUTATIVE, OPS
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.encoding import EncodedGraph, encode
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig

Tree = Any
NAMES = "abcd"
LEAF = st.one_of(st.sampled_from(NAMES), st.sampled_from(["0.5", "2.0", "3.0"]))


def trees() -> st.SearchStrategy[Tree]:
    """Operators over arguments and numbers: (operator, operands)."""
    two = st.sampled_from(["+", "*", "-", "/", "fmax", "fmin", "hypot"])
    return st.recursive(
        LEAF,
        lambda below: st.one_of(
            st.tuples(two, below, below), st.tuples(st.sampled_from(["sin", "fabs"]), below), st.tuples(two, LEAF, LEAF)
        ),
        max_leaves=12,
    )


def text(tree: Tree, rng: Random | None) -> str:
    """C, the operands that commute swapped as `rng` says."""
    if isinstance(tree, str):
        return tree
    operator, *below = tree
    operands = [text(own, rng) for own in below]
    if rng and len(operands) == 2 and operator not in "-/" and rng.random() < 0.5:
        operands.reverse()
    return f"({f' {operator} '.join(operands)})" if operator in "+-*/" else f"{operator}({', '.join(operands)})"


def program(tree: Tree, names: str, rng: Random | None = None) -> cprograms.Program:
    arguments = ", ".join(f"double {name}" for name in names)
    return cprograms.load(source=f"#include <math.h>\ndouble f({arguments}) {{ return {text(tree, rng)}; }}")


def read(graph: EncodedGraph) -> Tree:
    """A graph from its root on, in the order of the children; equal for equal programs."""

    def of(node: int) -> Tree:
        below = tuple(of(child - 1) for child in graph.children[node].tolist() if child)
        return OPS[graph.op[node]].name, int(graph.type[node]), int(graph.slot[node]), graph.strata[node, 0], below

    return of(len(graph.op) - 1)


@given(trees(), st.integers(0, 10**6))
def test_swapped_operands_are_read_alike(tree: Tree, seed: int) -> None:
    rng = Random(seed)
    names = "".join(rng.sample(NAMES, len(NAMES)))
    first, second = (encode(lower(p), p.domain) for p in (program(tree, NAMES), program(tree, names, rng)))
    assert read(first) == read(second)


@given(trees())
def test_an_order_changes_nothing_but_the_places_of_operands(tree: Tree) -> None:
    graph = lower(program(tree, NAMES))
    encoded = encode(graph, program(tree, NAMES).domain)
    for node, children in zip(graph.nodes, encoded.children, strict=True):
        ours, theirs = [int(c) - 1 for c in children if c], list(node.children)
        assert ours == theirs or (node.op in COMMUTATIVE and ours == theirs[::-1])
    slots = [int(encoded.slot[i]) for i, n in enumerate(graph.nodes) if n.op == "arg"]
    named = [int(n.value) for n in graph.nodes if n.op == "arg"]
    assert [encoded.arguments[slot] for slot in slots] == named


def test_towers_of_swapped_operands_are_the_same() -> None:
    model = Hypernetwork(HypernetworkConfig(hidden_size=16, surrogate_width=8, decoder_width=8)).eval()
    tree = ("+", ("*", ("sin", "a"), ("+", "b", ("*", "a", "c"))), ("fmax", "b", ("*", "2.0", "c")))
    first, second = (program(tree, NAMES, rng) for rng in (None, Random(3)))
    towers = [emit(model, [Request(lower(p), p.domain)])[0][0] for p in (first, second)]
    for a, b in zip(*towers, strict=True):
        np.testing.assert_allclose(a.detach(), b.detach(), atol=1e-5)
