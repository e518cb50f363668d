"""The table of starts: what each reads, and files that do not fit."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cprograms.diagnostics import UsageError
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.fitting.start import emitted
from surrogate.mlp.network import HIDDEN, SurrogateNetwork
from surrogate.mlp.parts.towers import outputs
from surrogate.mlp.pipeline import LEVEL_ROWS
from tests import ROOT
from tests.training.starts.held import held
from training.evaluation.suites import Suite, nmse
from training.held_out import HeldOut
from training.starts.meta import METHODS
from training.starts.table import STARTS, Need, Start, load_tower, random_start, table
from training.starts.tasks import StartTask, make_task

torch.set_num_threads(1)

SOURCES = [
    "#pragma surrogate range(x, 0, 4)\ndouble scaled(double x, double y) { return 3 * x - y * y; }",
    "#pragma surrogate range(a, -2, 9)\ndouble product(double a, double b) { return a * b + 1; }",
    "double one(double v) { return v * v; }",
    "typedef struct { double p, q; } pair;\npair both(double a, double b, double c)"
    " { pair r = {a * b + c, b * b}; return r; }",
]


@pytest.fixture(scope="module")
def results() -> list[HeldOut]:
    return [*map(held, SOURCES), held(SOURCES[-1], 1)]


@pytest.fixture(scope="module")
def tasks(results: list[HeldOut]) -> list[StartTask]:
    return [make_task(h) for h in results]


@pytest.fixture(scope="module")
def model() -> Hypernetwork:
    torch.manual_seed(0)
    return Hypernetwork(HypernetworkConfig(hidden_size=16, layers=1, heads=2)).eval()


@pytest.fixture(scope="module")
def starts(model: Hypernetwork, tasks: list[StartTask]) -> dict[str, Start]:
    return table(model, tasks, tasks, None)


def predicted(starts: dict[str, Start], name: str, tasks: list[StartTask]) -> np.ndarray:
    """Standardised outputs on the tasks' rows: [B, K]."""
    suite = Suite(tasks, [t.x for t in tasks], [t.y for t in tasks])
    return outputs(starts[name].towers(tasks, 0), suite.rows.x).detach().numpy()


def by_text(model: Hypernetwork, h: HeldOut) -> SurrogateNetwork:
    return emitted(model, h.program, h.graph, h.x[:0], h.y[:0], 0)


@pytest.mark.parametrize(("name", "with_rows"), [("text", False), ("text + rows", True)])
def test_emitted_starts_are_a_compiles(
    starts: dict[str, Start],
    tasks: list[StartTask],
    results: list[HeldOut],
    model: Hypernetwork,
    name: str,
    with_rows: bool,
):
    found = predicted(starts, name, tasks)
    for h, own in zip(results, found, strict=True):
        network = emitted(model, h.program, h.graph, h.x, h.y, len(h.x)) if with_rows else by_text(model, h)
        expected = (network.predict(h.x) - network.mean.numpy()) / network.std.numpy()
        np.testing.assert_allclose(own, expected[:, h.result], rtol=1e-3, atol=1e-3)


def test_of_many_rows_a_start_reads_those_of_a_compile(model: Hypernetwork):
    """It is the network of the first rows, in units of all rows."""
    results = [held(source, rows=200) for source in SOURCES]
    tasks = [make_task(h) for h in results]
    found = predicted(table(model, tasks, tasks, None), "text + rows", tasks)
    for h, own in zip(results, found, strict=True):
        rows = h.x[: LEVEL_ROWS[1]], h.y[: LEVEL_ROWS[1]]
        network = emitted(model, h.program, h.graph, *rows, LEVEL_ROWS[1])
        expected = (network.predict(h.x) - h.y.mean(0)) / h.y.std(0)
        np.testing.assert_allclose(own, expected[:, h.result], rtol=1e-3, atol=1e-3)


def test_the_predicted_scale_is_a_compiles(
    starts: dict[str, Start], tasks: list[StartTask], results: list[HeldOut], model: Hypernetwork
):
    mean, std = starts["text"].scale(tasks)
    for i, h in enumerate(results):
        network = by_text(model, h)
        assert mean[i] == pytest.approx(network.mean[h.result].item(), rel=1e-4, abs=1e-4)
        assert std[i] == pytest.approx(network.std[h.result].item(), rel=1e-4)


def test_without_rows_a_start_with_rows_is_the_texts(starts: dict[str, Start], tasks: list[StartTask]):
    bare = [t.first(0) for t in tasks]
    for a, b in zip(starts["text + rows"].towers(bare, 0), starts["text"].towers(bare, 0), strict=True):
        torch.testing.assert_close(a, b)


def test_a_wrong_text_is_another_programs_of_as_many_arguments(
    starts: dict[str, Start], tasks: list[StartTask], model: Hypernetwork
):
    """`scaled` and `product` both read two arguments: each gets the other's tower."""
    text, wrong = (starts[n].towers(tasks[:2], 0) for n in ("text", "wrong text"))
    for a, b in zip(text, wrong, strict=True):
        torch.testing.assert_close(a.flip(0), b)
    # The rows are the right ones: with enough of them the wrong text's tower fits them, and no other program's.
    suite = Suite(tasks[:2], [t.x for t in tasks[:2]], [t.y for t in tasks[:2]])
    mean, std = suite.rows.moments()
    adapted = starts["wrong text + rows"].towers(tasks[:2], 0)
    assert (nmse(adapted, mean, std, suite.test) < 0.1 * nmse(wrong, mean, std, suite.test)).all()
    assert starts["wrong text"].scale(tasks[:2])[0].tolist() == starts["text"].scale(tasks[:2])[0].tolist()[::-1]


def test_the_constant_is_the_mean_of_emitted_towers(starts: dict[str, Start], tasks: list[StartTask]):
    w1, w2, _ = starts["constant"].towers(tasks[:2], 0)
    text = starts["text"].towers(tasks, 0)
    torch.testing.assert_close(w2[0], text[1].mean(0))
    torch.testing.assert_close(w2[0], w2[1])
    # Column 1 is of those programs that read a second argument.
    readers = [i for i, t in enumerate(tasks) if 1 in t.used]
    assert 0 < len(readers) < len(tasks)
    torch.testing.assert_close(w1[0, :, 1], text[0][readers, :, 1].mean(0))


def test_a_random_start_depends_on_the_seed_and_the_task_alone(tasks: list[StartTask]):
    together, alone = random_start(tasks, 3), random_start(tasks[1:2], 3)
    assert torch.equal(together[1][1], alone[1][0])
    assert not torch.equal(together[1][0], together[1][1])
    assert not torch.equal(random_start(tasks[1:2], 4)[1], alone[1])
    assert (together[0][1, :, 2:-1] == 0).all()  # of arguments that the program does not have
    limit = 1 / np.sqrt(HIDDEN)
    assert 0.95 * limit < together[1].abs().max() <= limit


def tower() -> dict[str, torch.Tensor]:
    return {"w1": torch.rand(HIDDEN, 17), "w2": torch.rand(HIDDEN, HIDDEN + 1), "w3": torch.rand(1, HIDDEN + 1)}


def baselines(model: Hypernetwork, folder: Path) -> dict[str, torch.Tensor]:
    """A folder of a tower, which is returned, and of a hypernetwork without text."""
    weights = tower()
    save_file(weights, folder / "x.safetensors", {"name": "reptile"})
    (folder / "rows_only").mkdir()
    save_file(model.state_dict(), folder / "rows_only" / "model.safetensors")
    settings = asdict(replace(model.architecture, text=False))
    (folder / "rows_only" / "config.json").write_text(json.dumps(settings))
    return weights


def test_learned_starts_are_found_in_a_folder(model: Hypernetwork, tasks: list[StartTask], tmp_path: Path):
    weights = baselines(model, tmp_path)
    found = table(model, tasks, tasks, tmp_path)
    assert {"reptile", "rows only"} < set(found)
    for w, own in zip(found["reptile"].towers(tasks, 0), weights.values(), strict=True):
        assert torch.equal(w[3], own)
    # What sees no text gives programs of one signature and domain one tower.
    same = [make_task(held(f"double f(double a, double b) {{ return {e}; }}")) for e in ("a + b", "a * b")]
    w2 = found["rows only"].towers([t.first(0) for t in same], 0)[1]
    torch.testing.assert_close(w2[0], w2[1])


def test_every_row_of_the_table_is_a_start_in_its_order(model: Hypernetwork, tasks: list[StartTask], tmp_path: Path):
    baselines(model, tmp_path)
    names = ["reptile" if row.need is Need.TOWER else row.name for row in STARTS]
    found = table(model, tasks, tasks, tmp_path)
    assert list(found) == names
    assert [start.name for start in found.values()] == names
    for start in found.values():
        assert [len(w) for w in start.towers(tasks, 0)] == [len(tasks)] * 3
        assert [len(moments) for moments in start.scale(tasks)] == [len(tasks)] * 2
    without = [row.name for row in STARTS if row.need not in (Need.TOWER, Need.ROWS_ONLY)]
    assert list(table(model, tasks, tasks, None)) == without


def test_every_start_is_documented():
    documented = (ROOT / "docs" / "evaluation.md").read_text().lower()
    names = [row.name for row in STARTS if row.need is not Need.TOWER] + list(METHODS)
    assert [name for name in names if name not in documented] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(b"nothing"), "this start does not load"),
        (lambda path: path.unlink(), "this start does not load"),
        (lambda path: save_file(tower() | {"w2": torch.rand(3, 4)}, path), "a tower of .* is needed"),
        (lambda path: save_file(tower() | {"w2": tower()["w2"] / 0}, path), "a weight is not a finite number"),
    ],
)
def test_a_bad_file_is_named(change, message: str, tmp_path: Path):
    path = tmp_path / "maml.safetensors"
    save_file(tower(), path)
    change(path)
    with pytest.raises(UsageError, match=f"maml.safetensors: {message}"):
        load_tower(path)


def test_a_folder_without_starts_is_named(model: Hypernetwork, tasks: list[StartTask], tmp_path: Path):
    with pytest.raises(UsageError, match="holds neither a learned tower"):
        table(model, tasks, tasks, tmp_path)


def test_one_program_alone_has_no_wrong_text(model: Hypernetwork, tasks: list[StartTask]):
    with pytest.raises(UsageError, match="needs more than one program"):
        table(model, tasks[-2:], tasks[-2:], None)


def test_each_result_of_a_program_has_a_key_of_its_own(tasks: list[StartTask]):
    """A random start is drawn by it; the program is one."""
    first, second = tasks[-2:]
    assert first.program == second.program
    assert len({t.key for t in tasks}) == len(tasks)
    assert not torch.equal(random_start([first], 0).w2, random_start([second], 0).w2)
