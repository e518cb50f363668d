"""Programs of more than 16 arguments in trainings and evaluation: what has no room for them leaves them out, and says
so; what has keeps all their arguments."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
from cprograms.corpus import TINY
from cprograms.corpus.format import Origin, Record, make_record, read_shard, write_shard
from cprograms.diagnostics import UsageError
from cprograms.lowering import lower
from cprograms.sampling import sample
from cprograms.sandbox import run_with_status
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig, gauss_newton
from training.evaluation.levels import CLASSES
from training.evaluation.suites import make_suite
from training.examples.batches import as_read, make_batch, pack_rows, standardise_rows
from training.examples.example import ARGUMENTS, Example, examples_of
from training.examples.shards import ExampleStore, write_examples
from training.held_out import HeldOut, held_out_programs
from training.starts.meta import MetaConfig, MetaTrainer
from training.studies import wide

TWENTY = (
    "struct pair { double all, last; };\n"
    + "".join(f"#pragma surrogate range(x{k}, 0, 2)\n" for k in range(20))
    + f"struct pair f({', '.join(f'double x{k}' for k in range(20))})\n{{\n"
    + f"    struct pair p = {{{' + '.join(f'{k + 1} * x{k}' for k in range(20))}, x18 * x19}};\n    return p;\n}}\n"
)


@pytest.fixture(scope="module")
def record() -> Record:
    program = cprograms.load(source=TWENTY)
    x = sample(program, 256, 0)
    return make_record(program, x, *run_with_status(program, x), Origin("generated", seed=0))


@pytest.fixture(scope="module")
def examples(record: Record) -> list[Example]:
    return list(examples_of(record))


@pytest.fixture(scope="module")
def folder(record: Record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples of some programs of the tiny corpus and of a wide one."""
    folder = tmp_path_factory.mktemp("wide")
    for split in ("train", "validation"):
        narrow = list(islice(read_shard(TINY / f"{split}-00000.parquet"), 12))
        write_shard(folder / "corpus.parquet", [*narrow, record])
        write_examples(folder / f"{split}-00000.parquet", folder / "corpus.parquet")
    return folder


def test_an_example_keeps_all_arguments_and_has_no_inner_nodes(examples: list[Example]) -> None:
    everything, last = examples
    assert everything.x.shape[1] == 20
    assert len(everything.dense_node) == 0
    assert (last.x.shape[1], last.graph.arguments.tolist()) == (2, [18, 19])
    batch = make_batch(as_read([*examples, last], HypernetworkConfig()), np.random.default_rng(0), dense=3)
    assert batch.x.shape[2] == 20
    assert batch.x[0].std(0).min() > 0.3
    assert batch.dense_x.shape[1:] == (16, ARGUMENTS)
    model = Hypernetwork(HypernetworkConfig(hidden_size=32, layers=1, heads=2, surrogate_width=16))
    emission = model(batch.graphs)
    towers = gauss_newton(emission, batch.x[:, :64], standardise_rows(batch.y[:, :64])[0])
    towers.w1[0].square().sum().backward()
    assert all(w.isfinite().all() for w in towers)
    values, _ = model.predict_nodes(emission.states[batch.dense_node], batch.dense_x)
    assert values.shape == batch.dense_y.shape


def test_starts_that_all_programs_share_leave_it_out(
    folder: Path, tmp_path: Path, examples: list[Example], capsys: pytest.CaptureFixture[str]
) -> None:
    everything = ExampleStore(folder, "train")
    narrow = ExampleStore(folder, "train", most_arguments=ARGUMENTS)
    assert everything.left_out == 0
    assert narrow.left_out == 2
    assert len(narrow) == len(everything) - 2
    assert all(narrow[i].graph.arguments.max(initial=0) < ARGUMENTS for i in range(len(narrow)))
    config = MetaConfig(name="a", method="pretrained", steps=1, batch_size=2, validate_every=10, checkpoint_every=10)
    MetaTrainer(config, folder, tmp_path).run()
    assert "2 of more than 16 arguments are left out" in capsys.readouterr().out
    with pytest.raises(UsageError, match="has more than 16 arguments"):
        pack_rows(examples[:1], np.random.default_rng(0))


def test_suites_leave_it_to_the_levels() -> None:
    held = held_out_programs([cprograms.load(source=TWENTY), next(iter(narrow_programs()))], 200, 0, 64)
    suite, kept, left_out = make_suite(held, 32, 100)
    assert (len(kept), left_out) == (3, [])
    assert [t.arguments for t in suite.tasks] == [2]
    assert suite.rows.x.shape == (1, 32, ARGUMENTS)
    with pytest.raises(UsageError, match="none of 2 results"):
        make_suite([h for h in held if len(h.program.arguments) > 2], 32, 100)


def narrow_programs() -> list[cprograms.Program]:
    return [cprograms.load(source="double g(double x, double y) { return x * y; }")]


@pytest.mark.parametrize(
    ("count", "name"), [(2, "1-2"), (16, "9-16"), (17, "17-32"), (32, "17-32"), (33, "33-64"), (64, "33-64")]
)
def test_each_number_of_arguments_is_of_one_class(count: int, name: str) -> None:
    names = [f"x{k}" for k in range(count)]
    program = cprograms.load(
        source=f"double f({', '.join(f'double {n}' for n in names)}) {{ return {' + '.join(names)}; }}"
    )
    none = np.empty((0, count))
    held = HeldOut(program, 0, lower(program), none, none, none, none)
    assert [c for c, belongs in CLASSES.items() if "arguments" in c and belongs(held)] == [f"{name} arguments"]


def test_the_study_measures_programs_of_as_many_arguments_as_asked_for() -> None:
    torch.set_num_threads(1)
    assert {len(p.arguments) for p in wide.wide_programs(24, 3, seed=1)} == {24}
    measured = list(wide.measure([2, 24], [1, 2], programs=2))
    assert [(m.arguments, m.level, len(m.errors)) for m in measured] == [(2, 1, 2), (2, 2, 2), (24, 1, 2), (24, 2, 2)]
    assert np.median(measured[3].errors) < max(np.median(measured[2].errors), 1e-9)  # below that it is exact
    lines = wide.table(measured).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| 2", "| 24"]
