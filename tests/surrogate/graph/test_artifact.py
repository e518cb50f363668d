"""The target graph from end to end: compile, predict, check, save, load, and every damage refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from surrogate import container
from surrogate.cli import main
from surrogate.graph.artifact import GraphProgram
from surrogate.numeric.tables import OutOfDomainWarning
from tests.surrogate.command import usage_error

SOURCE = """\
#pragma surrogate range(x, 0, 4)
#pragma surrogate range(n, 0, 30)
struct p { double a; int steps; };
double sqrt(double);
struct p f(double x, int n) {
    struct p r = {x < 1.25 ? 2.5 * x : sqrt(x), 0};
    while (n > 1) {
        n = n % 2 ? 3 * n + 1 : n / 2;
        r.steps++;
    }
    return r;
}
"""
RECURSIVE = "int f(int n) {\n  return n < 2 ? n : f(n - 1) + f(n - 2);\n}\n"


@pytest.fixture
def program() -> GraphProgram:
    return surrogate.compile(source=SOURCE, target="graph")


@pytest.fixture
def saved(program: GraphProgram, tmp_path: Path) -> Path:
    program.save(tmp_path / "f.graph")
    return tmp_path / "f.graph"


def loaded(path: Path) -> GraphProgram:
    found = surrogate.load(path)
    assert isinstance(found, GraphProgram)
    return found


def rows() -> np.ndarray:
    random = np.random.default_rng(0)
    return np.stack([random.uniform(0, 4, 200), random.integers(0, 31, 200)], axis=1)


def test_it_gives_what_the_program_gives(program):
    x = rows()
    np.testing.assert_allclose(program.predict(x), program.program.run(x), rtol=1e-15)
    assert program.predict(x=1.0, n=[1, 6]).tolist() == [[2.5, 0], [2.5, 8]]
    report = program.check()
    assert report.worst.nmse < 1e-25
    assert program.measured == report


def test_it_is_differentiable(program):
    x = torch.tensor([[1.0, 3.0], [4.0, 3.0]], dtype=torch.float64, requires_grad=True)
    program.module(x)[:, 0].sum().backward()
    assert x.grad is not None
    assert x.grad[:, 0].tolist() == [2.5, 0.25]


def test_outside_the_domain_it_warns(program):
    with pytest.warns(OutOfDomainWarning):
        program.predict([[9.0, 3.0]])


def test_it_describes_itself(program):
    assert program.constants == {"line 6: 1.25": 1.25, "line 6: 2.5": 2.5}
    assert "1 loop, 2 learnable constants" in repr(program)
    assert "not measured" in repr(program)
    program.check()
    assert "nMSE" in repr(program)


def test_what_is_saved_is_loaded(program, saved):
    found = loaded(saved)
    np.testing.assert_array_equal(found.predict(rows()), program.predict(rows()))
    assert found.measured is not None
    assert found.constants == program.constants
    assert "line 6: 2.5" in (saved / "README.md").read_text()
    found.save(saved.parent / "again.graph")
    assert loaded(saved.parent / "again.graph").config() == found.config()


def test_fitted_constants_are_saved_and_measured_anew(program, tmp_path):
    x = rows()
    y = program.program.run(x)
    y[:, 0] = np.where(x[:, 0] < 1.25, 3 * x[:, 0], y[:, 0])
    program.check()
    program.fit(x, y)
    assert program.measured is None
    program.save(tmp_path / "f.graph")
    found = loaded(tmp_path / "f.graph")
    assert found.constants["line 6: 2.5"] == pytest.approx(3)
    assert found.fitted == 200
    assert found.measured is not None
    assert found.measured.worst.nmse > 1e-3
    assert "fitted to 200 rows" in (tmp_path / "f.graph" / "README.md").read_text()


def test_a_smooth_program_stays_smooth(tmp_path):
    smooth = surrogate.compile(source=SOURCE, target="graph", smooth=0.5)
    smooth.save(tmp_path / "f.graph")
    at = [[1.25, 1.0]]
    assert loaded(tmp_path / "f.graph").predict(at)[0, 0] == smooth.predict(at)[0, 0]
    assert smooth.predict(at)[0, 0] == pytest.approx((2.5 * 1.25 + 1.25**0.5) / 2)


def test_a_module_of_something_else_is_not_saved(program, tmp_path):
    program.module = torch.nn.Linear(2, 2)
    with pytest.raises(UsageError, match="cannot be saved"):
        program.save(tmp_path / "f.graph")
    assert not (tmp_path / "f.graph").exists()


def test_what_is_not_followed_is_refused_at_its_place():
    with pytest.raises(ProgramError) as e:
        surrogate.compile(source=RECURSIVE, target="graph", ranges={"n": (0, 60)})
    (diagnostic,) = e.value.diagnostics
    assert diagnostic.line == 2
    assert "--target mlp" in diagnostic.hint
    with pytest.raises(UsageError, match="positive"):
        surrogate.compile(source=SOURCE, target="graph", smooth=-1)


# --- Damage ---


def reseal(path: Path, **values: object) -> None:
    """Write other values into an artifact, with hashes and a seal that fit."""
    config = json.loads((path / "config.json").read_text()) | values
    config.pop("seal")
    config["sha256"] = {name: container._sha256((path / name).read_bytes()) for name in config["sha256"]}
    config["seal"] = container.seal(config)
    (path / "config.json").write_text(json.dumps(config))


def config_of(path: Path) -> dict:
    return json.loads((path / "config.json").read_text())


@pytest.mark.parametrize(
    "values",
    [
        {"smooth": -1.0},
        {"smooth": "much"},
        {"fitted": -3},
        {"fitted": None},
        {"constants": []},
        {"lines": {"0": "x"}},
        {"graph": {}},
        {"graph": {"nodes": [["arg", "f64", [], 0]], "roots": [0], "tables": []}},
        {"graph": {"nodes": [["arg", "i32", [], 0]], "roots": [0, 0], "tables": []}},
        {"graph": {"nodes": [["arg", "f64", [], 7]], "roots": [0, 0], "tables": []}},
        {"measured": {}},
        {"entry": "g"},
    ],
)
def test_a_configuration_that_fits_nothing_does_not_load(saved, values):
    reseal(saved, **values)
    with pytest.raises(UsageError, match="damaged"):
        surrogate.load(saved)


def test_any_node_that_is_changed_is_noticed(saved, tmp_path):
    graph = config_of(saved)["graph"]
    for k, row in enumerate(graph["nodes"]):
        changed = [*row[:2], [*row[2], 0], row[3]]
        shutil.copytree(saved, tmp_path / "copy.graph")
        nodes = [*graph["nodes"][:k], changed, *graph["nodes"][k + 1 :]]
        reseal(tmp_path / "copy.graph", graph={**graph, "nodes": nodes})
        with pytest.raises(UsageError, match="damaged"):
            surrogate.load(tmp_path / "copy.graph")
        shutil.rmtree(tmp_path / "copy.graph")


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"constants.0": torch.zeros((), dtype=torch.float64)},
        {f"constants.{k}": torch.zeros(()) for k in range(2)},
        {f"constants.{k}": torch.tensor(float("nan"), dtype=torch.float64) for k in range(2)},
        {f"other.{k}": torch.zeros((), dtype=torch.float64) for k in range(2)},
    ],
)
def test_other_tensors_do_not_load(saved, tensors):
    assert set(load_file(saved / "model.safetensors")) == {"constants.0", "constants.1"}
    save_file(tensors, saved / "model.safetensors")
    reseal(saved)
    with pytest.raises(UsageError, match="damaged"):
        surrogate.load(saved)


def test_another_program_does_not_load(saved):
    text = (saved / "program.c").read_text()
    assert "int steps;" in text
    (saved / "program.c").write_text(text.replace("int steps;", "short steps;"))
    reseal(saved)
    with pytest.raises(UsageError, match="damaged"):
        surrogate.load(saved)


# --- The command line ---


@pytest.fixture
def c_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.c").write_text(SOURCE)
    return "f.c"


def test_commands(c_file, capsys):
    assert main(["compile", c_file, "--target", "graph"]) == 0
    said = capsys.readouterr().out
    assert "graph     " in said
    assert "constants line 6: 1.25; line 6: 2.5" in said
    assert main(["run", "f.graph", "1", "6"]) == 0
    assert capsys.readouterr().out.split() == ["2.5", "8"]
    assert main(["check", "f.graph", "--max-nmse", "1e-20"]) == 0


def test_json(c_file, capsys):
    assert main(["compile", c_file, "--target", "graph", "--range", "x=0:2", "--json"]) == 0
    config = json.loads(capsys.readouterr().out)
    assert config["target"] == "graph"
    assert config["constants"] == ["line 6: 1.25", "line 6: 2.5"]


def test_a_rejection(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("r.c").write_text(RECURSIVE)
    assert main(["compile", "r.c", "--target", "graph", "--range", "n=0:60"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("r.c:2:")
    assert said.count("error:") == 1
    assert "hint: --target mlp" in said


def test_options_of_other_targets_are_refused(c_file, capsys):
    assert "-O" in usage_error(["compile", c_file, "--target", "graph", "-O2"], capsys)
    assert "--smooth" in usage_error(["compile", c_file, "--smooth", "1"], capsys)


def test_constants_of_other_files_are_told_with_their_file(tmp_path):
    """Of a header, of a file beside the first, and of both at once; also after it was loaded."""
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "gain.h").write_text("\nstatic const double gain = 2.75;\n")
    (tmp_path / "first.c").write_text(
        '#include "gain.h"\ndouble limited(double);\ndouble first(double x) {\n  return limited(gain * x + 1.5);\n}\n'
    )
    (tmp_path / "limits.c").write_text("double limited(double y) {\n  return y > 1.5 ? 1.5 : 3.25 * y;\n}\n")
    program = surrogate.compile(
        [tmp_path / "first.c", tmp_path / "limits.c"], target="graph", include_dirs=[tmp_path / "inc"]
    )
    expected = {"gain.h:2: 2.75", "line 4, limits.c:2: 1.5", "limits.c:2: 3.25"}
    assert program.constants.keys() == expected
    program.save(tmp_path / "first.graph")
    assert loaded(tmp_path / "first.graph").constants.keys() == expected
