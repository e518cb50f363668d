"""Starts of towers that read taps: what they read, against numpy's own account of the program, and which there are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.fitting.start import emitted
from surrogate.mlp.network import HIDDEN
from surrogate.mlp.parts.towers import Towers, outputs
from tests.training.starts.held import held
from training.evaluation.suites import Suite, make_suite
from training.examples.example import ARGUMENTS
from training.held_out import HeldOut
from training.starts.emitted import row_start, text_start
from training.starts.table import STARTS, random_start, table
from training.starts.tasks import StartTask, make_task

torch.set_num_threads(1)

BRANCH = (
    "#include <math.h>\n#pragma surrogate range(x, -3, 5)\n#pragma surrogate range(y, 1, 2)\n"
    "double f(double x, double y) { return (x > 2 ? x * y : y) + floor(x); }"
)
LINEAR = "double g(double a, double b) { return 3 * a - b; }"
PAIR = (
    "#include <math.h>\nstruct pair { double p, q; };\nstruct pair both(double a, double b)"
    " { struct pair r = {a < 0.25 ? a : b, sin(b)}; return r; }"
)
WIDE = (
    f"double w({', '.join(f'double x{k}' for k in range(12))}) {{ return "
    + " + ".join(f"x{k} * x{k + 1}" for k in range(11))
    + "; }"
)


@pytest.fixture(scope="module")
def results() -> list[HeldOut]:
    return [held(BRANCH), held(LINEAR), held(PAIR), held(PAIR, 1)]


@pytest.fixture(scope="module")
def tasks(results: list[HeldOut]) -> list[StartTask]:
    return [make_task(h, None) for h in results]


@pytest.fixture(scope="module", params=[True, False], ids=["knows taps", "knows no taps"])
def model(request: pytest.FixtureRequest) -> Hypernetwork:
    """As after a training, its heads say something of taps where it knows any."""
    torch.manual_seed(0)
    made = Hypernetwork(HypernetworkConfig(hidden_size=16, layers=1, heads=2, taps=request.param)).eval()
    if request.param:
        for name, parameter in made.taps.named_parameters():
            if "head" in name:
                parameter.data.copy_(0.2 * torch.randn_like(parameter))
    return made


def by_kind(task: StartTask, inputs: np.ndarray) -> dict[str, list[np.ndarray]]:
    """The columns of taps, in C units, by their kinds."""
    assert task.taps is not None
    found: dict[str, list[np.ndarray]] = {}
    for k, kind in enumerate(task.taps.kinds):
        column = inputs[:, task.arguments + k].astype(float) * float(task.taps.reach[k]) + float(task.taps.mid[k])
        found.setdefault(kind, []).append(column)
    return found


def has(columns: list[np.ndarray], values: np.ndarray) -> bool:
    return any(np.allclose(column, values, rtol=1e-5, atol=1e-5) for column in columns)


def test_inputs_are_the_scaled_arguments_then_what_the_program_computes(tasks: list[StartTask]) -> None:
    task = tasks[0]
    x, y = task.x.T
    inputs = task.inputs(task.x).numpy()
    assert inputs.shape == (40, task.width)
    np.testing.assert_allclose(inputs[:, :2], np.stack([(x - 1) / 4, (y - 1.5) / 0.5], axis=1), atol=1e-6)
    taps = by_kind(task, inputs)
    assert has(taps["flag"], (x > 2).astype(float)) or has(taps["flag"], (x <= 2).astype(float))
    assert has(taps["step"], np.floor(x))
    assert has(taps["node"], x * y)


def test_a_result_reads_taps_of_its_own_graph(tasks: list[StartTask]) -> None:
    first, second = tasks[2:]
    assert tasks[1].taps is None
    assert tasks[1].width == tasks[1].arguments == 2
    assert first.taps is not None
    assert second.taps is not None
    assert first.taps.kinds == ("flag",)
    assert has(by_kind(second, second.inputs(second.x).numpy())["node"], np.sin(second.x[:, 1]))


def test_rows_are_padded_to_the_most_inputs_and_sorted_by_them() -> None:
    wide = held(WIDE)
    suite, kept, _ = make_suite([held(BRANCH), wide, held(LINEAR)], 20, 40, None)
    widths = [t.width for t in suite.tasks]
    assert widths == sorted(widths)
    assert widths[-1] > ARGUMENTS
    assert suite.rows.x.shape == (3, 20, widths[-1])
    assert len(kept) == 3
    for x, task, test in zip(suite.rows.x, suite.tasks, suite.y_test, strict=True):
        np.testing.assert_array_equal(x[:, : task.width], task.inputs(task.x))
        assert (x[:, task.width :] == 0).all()
        np.testing.assert_array_equal(task.y, test[:20])


def numpy_tower(towers: Towers, k: int, inputs: np.ndarray) -> np.ndarray:
    """The k-th tower at inputs [n, Z] -> [n]."""
    h = inputs.astype(float)
    for w in (towers.w1[k].numpy(), towers.w2[k].numpy()):
        z = h @ w[:, :-1].T + w[:, -1]
        h = z / (1 + np.exp(-z))
    last = towers.w3[k, 0].numpy()
    found: np.ndarray = h @ last[:-1] + last[-1]
    return found


def test_a_random_start_computes_what_numpy_does_of_arguments_and_taps(tasks: list[StartTask]) -> None:
    suite = Suite(tasks, [t.x for t in tasks], [t.y for t in tasks])
    towers = random_start(tasks, 5)
    found = outputs(towers, suite.rows.x).numpy()
    for k, task in enumerate(tasks):
        own = towers.of(range(task.width))
        np.testing.assert_allclose(found[k], numpy_tower(own, k, task.inputs(task.x).numpy()), rtol=1e-4, atol=1e-5)
        columns = own.w1[k, :, :-1]
        limit = 1 / np.sqrt(task.width)
        assert 0.9 * limit < columns.abs().max() <= limit
        assert (columns.abs().max(0).values > 0.8 * limit).all()  # those of taps as those of arguments


@pytest.mark.parametrize("rows", [0, 24])
def test_emitted_starts_are_a_compiles_with_the_same_taps(
    model: Hypernetwork, tasks: list[StartTask], results: list[HeldOut], rows: int
) -> None:
    start = row_start(model) if rows else text_start(model)
    few = [t.first(rows) for t in tasks]
    suite = Suite(tasks, [t.x for t in tasks], [t.y for t in tasks])
    found = outputs(start(few, 0), suite.rows.x).detach().numpy()
    for own, task, h in zip(found, few, results, strict=True):
        network = emitted(model, h.program, h.graph, h.x[:rows], h.y[:rows], rows, task.taps)
        expected = (network.predict(h.x) - network.mean.numpy()) / network.std.numpy()
        np.testing.assert_allclose(own, expected[:, h.result], rtol=1e-3, atol=1e-3)


def test_columns_of_taps_that_a_model_says_nothing_of_are_zero_until_rows_are_read(tasks: list[StartTask]) -> None:
    torch.manual_seed(0)
    plain = Hypernetwork(HypernetworkConfig(hidden_size=16, layers=1, heads=2)).eval()
    task = tasks[0]
    columns = slice(task.arguments, task.width)
    assert (text_start(plain)([task], 0).w1[:, :, columns] == 0).all()
    assert (row_start(plain)([task], 0).w1[:, :, columns].abs().amax(1) > 1e-4).all()


def test_starts_that_read_no_taps_are_left_out(tasks: list[StartTask]) -> None:
    torch.manual_seed(0)
    plain = Hypernetwork(HypernetworkConfig(hidden_size=16, layers=1, heads=2)).eval()
    found = table(plain, tasks, tasks, None, taps=True)
    assert list(found) == ["random", "text", "text + rows", "compiled"]
    assert {row.name for row in STARTS if not row.taps} >= {"constant", "*", "wrong text", "wrong text + rows"}
    for start in found.values():
        towers = start.towers(tasks, 0)
        assert towers.w1.shape == (len(tasks), HIDDEN, ARGUMENTS + 1)
