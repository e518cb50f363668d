"""Taps in the hypernetwork: how it reads them, what it says of them, and that all else stays as it was."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.ops import INDEX
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.encoding import collate, encode, encode_results, first_taps, without_taps
from surrogate.mlp.emission.hub import HypernetworkModel, PretrainedHypernetworkConfig
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.network import Scale, emitted_network
from surrogate.mlp.parts.taps import KINDS, Taps, find_taps
from surrogate.mlp.parts.towers import Towers

BRANCHES = """
#include <math.h>
#pragma surrogate range(x, -4, 4)
#pragma surrogate range(y, -4, 4)
double f(double x, double y) { return (x > 1 ? x * y : fmax(x, y)) + floor(y) + fabs(x - y); }
"""
PAIR = """
#pragma surrogate range(x, -4, 4)
#pragma surrogate range(y, -4, 4)
struct p { double s, d; };
struct p f(double x, double y) { struct p r = {x < y ? x : 3, y * y - x}; return r; }
"""
EXPLODING = "#include <math.h>\ndouble f(double x, double y) { return exp(600 * x) > y ? exp(600 * x) : x; }"
LINEAR = "double f(double x, double y) { return 3 * x - y / 4 + 1; }"
TINY = HypernetworkConfig(hidden_size=16, layers=2, heads=2, surrogate_width=8, taps=True)


def tapped(source: str) -> tuple[cprograms.Program, Graph, Taps | None]:
    program = cprograms.load(source=source)
    graph = lower(program)
    return program, graph, find_taps(program, graph)


@pytest.fixture(scope="module")
def untrained() -> Hypernetwork:
    torch.manual_seed(0)
    return Hypernetwork(TINY).eval()


@pytest.fixture(scope="module")
def model(untrained: Hypernetwork) -> Hypernetwork:
    """As after a training: its heads say something of taps."""
    trained = deepcopy(untrained)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in trained.taps.named_parameters():
            if "head" in name:
                parameter.copy_(0.2 * torch.randn_like(parameter))
    return trained


def rows_of(program: cprograms.Program, count: int = 24) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).uniform(*program.domain.T, (count, len(program.domain)))
    return x, np.stack([np.sin(x).sum(1) + k * x[:, 0] for k in range(len(program.results))], axis=1)


def assert_same(one: tuple[Towers, Scale], other: tuple[Towers, Scale], tolerance: float) -> None:
    for a, b in zip((*one[0], *one[1]), (*other[0], *other[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_taps_are_nodes_of_the_encoded_graph() -> None:
    """Those of the program at their operators; comparisons that `fmax` and `fabs` make stand before the root."""
    program, graph, taps = tapped(BRANCHES)
    assert taps is not None
    [encoded] = encode_results(graph, program.domain, taps)
    assert encoded.tap_node.all()
    operators = [encoded.op[i - 1] for i in encoded.tap_node.tolist()]
    assert operators == [INDEX[taps.graph.nodes[root].op] for root in taps.graph.roots]
    assert [KINDS[k] for k in encoded.tap_kind] == list(taps.kinds)
    np.testing.assert_allclose(encoded.tap_scale[:, 1], taps.reach.numpy(), rtol=1e-6)
    inside = encoded.tap_node <= len(encoded.op) - 1 - encoded.added
    assert encoded.added > 0
    assert inside.any()
    assert not inside.all()


def test_without_its_taps_a_graph_is_as_if_it_never_had_any() -> None:
    program, graph, taps = tapped(BRANCHES)
    assert taps is not None
    [encoded] = encode_results(graph, program.domain, taps)
    for name, part in vars(without_taps(encoded)).items():
        np.testing.assert_array_equal(part, getattr(encode(graph, program.domain), name), err_msg=name)
    few = first_taps(encoded, 2)
    assert few.tap_node.tolist() == encoded.tap_node[:2].tolist()
    assert first_taps(encoded, 99) is encoded


def test_the_transformer_does_not_attend_to_what_is_there_for_taps_alone() -> None:
    program, graph, taps = tapped(BRANCHES)
    plain, read = (collate(encode_results(graph, program.domain, t)) for t in (None, taps))
    assert (plain.tokens > 0).sum() == (read.tokens > 0).sum()
    for batch in (plain, read):
        assert batch.root.item() in batch.tokens[0]


@pytest.mark.parametrize("rows", [False, True])
def test_before_training_taps_change_nothing(untrained: Hypernetwork, rows: bool) -> None:
    """Their columns are zero and of deviation one, as where the weights know no taps."""
    program, graph, taps = tapped(BRANCHES)
    assert taps is not None
    request = Request(graph, program.domain, *(rows_of(program) if rows else (None, None)), taps=taps)
    blind = deepcopy(untrained)
    blind.architecture = replace(TINY, taps=False)
    (ours, scale), (theirs, other) = emit(untrained, [request])[0], emit(blind, [request])[0]
    if not rows:
        assert not ours.w1[:, :, 2:-1].any()
        theirs = theirs.widened(len(taps))
    for a, b in zip((*ours, *scale), (*theirs, *other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-2 if rows else 1e-5)  # the steps magnify roundings


@pytest.mark.parametrize("rows", [False, True])
def test_a_program_without_taps_is_read_as_without_the_taps_weights(model: Hypernetwork, rows: bool) -> None:
    program, graph, taps = tapped(LINEAR)
    assert taps is None
    plain = Hypernetwork(replace(TINY, taps=False)).eval()
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("taps.")})
    request = Request(graph, program.domain, *(rows_of(program) if rows else (None, None)))
    assert_same(emit(model, [request])[0], emit(plain, [request])[0], 1e-5)


@pytest.mark.parametrize("rows", [False, True])
def test_a_result_reads_its_own_taps_alone(model: Hypernetwork, rows: bool) -> None:
    program, graph, taps = tapped(PAIR)
    assert taps is not None
    [(towers, _)] = emit(
        model, [Request(graph, program.domain, *(rows_of(program) if rows else (None, None)), taps=taps)]
    )
    columns = towers.w1[:, :, 2:-1].any(1)  # [R, T]
    kinds = np.array(taps.kinds)
    assert columns[0, kinds == "flag"].all()
    assert not columns[0, kinds == "node"].any()
    assert not columns[1, kinds == "flag"].any()
    assert columns[1, kinds == "node"].all()


def test_programs_with_taps_are_emitted_alike_alone_and_in_a_batch(model: Hypernetwork) -> None:
    requests = []
    for source in (BRANCHES, PAIR, LINEAR):
        program, graph, taps = tapped(source)
        few = find_taps(program, graph, 1)
        for chosen in (taps, few, None):
            requests.append(Request(graph, program.domain, taps=chosen))
            requests.append(Request(graph, program.domain, *rows_of(program), taps=chosen))
    for request, batched in zip(requests, emit(model, requests), strict=True):
        [alone] = emit(model, [request])
        ours, theirs = (emitted_network(*e, request.domain, request.taps) for e in (batched, alone))
        x = np.random.default_rng(1).uniform(*request.domain.T, (50, 2))
        error = (ours.predict(x) - theirs.predict(x)) / alone[1].std
        assert np.abs(error).mean() < (1e-4 if request.x is None else 0.05)  # the steps magnify roundings


def test_a_tower_with_taps_is_standardised_over_the_domain(model: Hypernetwork) -> None:
    program, graph, taps = tapped(BRANCHES)
    scale = Scale(np.zeros(1), np.ones(1))
    network = emitted_network(
        *emit(model, [Request(graph, program.domain, scale=scale, taps=taps)])[0], program.domain, taps
    )
    x = np.random.default_rng(3).uniform(-4, 4, (4000, 2))
    y = network.predict(x)
    assert abs(y.mean()) < 0.1
    assert 0.05 < y.std() < 1.2


def test_the_weights_of_taps_are_stored_and_loaded(model: Hypernetwork, tmp_path: Path) -> None:
    pretrained = HypernetworkModel(PretrainedHypernetworkConfig(**asdict(TINY)))
    pretrained.load_state_dict(model.state_dict())
    pretrained.save_pretrained(tmp_path)
    program, graph, taps = tapped(BRANCHES)
    request = Request(graph, program.domain, taps=taps)
    for loaded in (load_compiler(tmp_path).model, HypernetworkModel.from_pretrained(tmp_path).eval()):
        assert_same(emit(loaded, [request])[0], emit(model, [request])[0], 1e-5)


def test_a_folder_whose_weights_lack_those_of_taps_is_rejected(model: Hypernetwork, tmp_path: Path) -> None:
    save_file({k: v for k, v in model.state_dict().items() if "taps" not in k}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(asdict(TINY)))
    with pytest.raises(UsageError, match="this hypernetwork does not load"):
        load_compiler(tmp_path)
    older = {name: value for name, value in asdict(TINY).items() if name != "taps"}
    (tmp_path / "config.json").write_text(json.dumps(older))
    assert not load_compiler(tmp_path).model.architecture.taps


def test_a_tap_that_single_precision_does_not_hold_is_read_all_the_same(model: Hypernetwork) -> None:
    program, graph, taps = tapped(EXPLODING)
    assert taps is not None
    assert taps.reach.max() > 1e100
    [(towers, _)] = emit(model, [Request(graph, program.domain, taps=taps)])
    assert all(torch.isfinite(part).all() for part in towers)


DIVIDED = """
#include <math.h>
#pragma surrogate range(x, 1, 4)
#pragma surrogate range(y, 1, 4)
struct p { double whole, part, other; };
struct p f(double x, double y) {
    double v = x * x + y;
    struct p r = {v, (x * y * y * y - exp(x)) / v, (x - y * sin(x * y)) / v};
    return r;
}
"""


def test_a_tap_that_is_made_of_a_result_stands_beside_other_results_alone(model: Hypernetwork) -> None:
    """The reciprocal of the first result, which the others are divided by: no node comes before what it reads."""
    program, graph, taps = tapped(DIVIDED)
    assert taps is not None
    for encoded in encode_results(graph, program.domain, taps):
        for i, children in enumerate(encoded.children.astype(int) - 1):
            assert all(c < i and encoded.level[c] < encoded.level[i] for c in children if c >= 0)
    ((towers, _),) = emit(model, [Request(graph, program.domain, taps=taps)])
    assert all(torch.isfinite(w).all() for w in towers)
    # The first result does not read it: its column is zero.
    reads = [encoded.tap_node > 0 for encoded in encode_results(graph, program.domain, taps)]
    unread = [k for k in range(len(taps)) if not reads[0][k] and reads[1][k]]
    assert unread
    assert not towers.w1[0][:, [len(program.arguments) + k for k in unread]].any()
