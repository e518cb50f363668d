"""A measured error is never that of other weights, and what an artifact says is never of another program."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import surrogate
from cprograms.diagnostics import UsageError
from cprograms.sampling import sample
from cprograms.sandbox import run
from surrogate import container
from surrogate.anc.program import AncProgram
from surrogate.cli import main
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.network import SurrogateNetwork

ARTIFACTS = Path(__file__).parent / "artifacts"


def ruin(s: Surrogate) -> None:
    with torch.no_grad():
        for weights in s.module.parameters():
            weights.mul_(-1)


def fine_tune(s: Surrogate) -> None:
    optimiser = torch.optim.SGD(s.module.parameters(), lr=0.1)
    (s.module(torch.rand(8, 2)) - 100).square().mean().backward()
    optimiser.step()


def load_others(s: Surrogate) -> None:
    s.module.load_state_dict({k: v + 1 for k, v in s.module.state_dict().items()})


def move_a_buffer(s: Surrogate) -> None:
    s.module.mean += 5


def replace_a_parameter(s: Surrogate) -> None:
    s.module.b1 = torch.nn.Parameter(s.module.b1 + 3)


def replace_the_module(s: Surrogate) -> None:
    s.module = SurrogateNetwork(2, 1, 8)


def cast(s: Surrogate) -> None:
    s.module.half()


CHANGES = (ruin, fine_tune, load_others, move_a_buffer, replace_a_parameter, replace_the_module, cast)


@pytest.mark.parametrize("change", CHANGES)
def test_no_error_of_other_weights_is_published(
    plane: Surrogate, change: Callable[[Surrogate], None], tmp_path: Path
) -> None:
    stated = plane.check()
    assert plane.measured is stated
    change(plane)
    assert plane.measured is None
    assert plane.config()["measured"] is None
    plane.save(tmp_path / "s")
    loaded = surrogate.load(tmp_path / "s")
    assert isinstance(loaded, Surrogate)
    # By hand, on the rows of a check.
    x = sample(loaded.program, 2000, 1)
    y, predicted = run(loaded.program, x), loaded.predict(x)
    nmse = np.mean((predicted - y) ** 2) / np.var(y)
    assert loaded.measured is not None
    assert loaded.measured.nmse == pytest.approx(nmse, rel=1e-6)
    assert loaded.measured != stated
    card = (tmp_path / "s" / "README.md").read_text()
    assert f"| {loaded.measured.nmse:.4g} |" in card
    assert f"| {stated.nmse:.4g} |" not in card


def test_at_o0_the_card_says_that_these_weights_were_not_measured(compiler: Path, tmp_path: Path) -> None:
    s = surrogate.compile(source="double f(double x) { return x; }", opt_level=0, compiler=compiler)
    s.check()
    s.save(tmp_path / "s")
    again = surrogate.load(tmp_path / "s")
    assert isinstance(again, Surrogate)
    assert again.measured == s.measured is not None
    ruin(again)
    assert again.measured is None
    again.save(tmp_path / "s")
    assert "Not measured for these weights" in (tmp_path / "s" / "README.md").read_text()
    assert json.loads((tmp_path / "s" / "config.json").read_text())["measured"] is None
    assert surrogate.load(tmp_path / "s").measured is None


def test_weights_that_come_back_are_those_that_were_measured(plane: Surrogate) -> None:
    stated, kept = plane.check(), {k: v.clone() for k, v in plane.module.state_dict().items()}
    ruin(plane)
    assert plane.measured is None
    plane.module.load_state_dict(kept)
    assert plane.measured is stated


def test_the_error_is_of_one_domain(plane: Surrogate) -> None:
    plane.check()
    plane.arguments = plane.arguments[::-1]
    assert plane.measured is None


@pytest.mark.parametrize("module", [torch.nn.Linear(2, 1), SurrogateNetwork(3, 1, 8), torch.nn.Sequential()])
def test_a_module_that_no_artifact_holds_is_refused(plane: Surrogate, module: torch.nn.Module, tmp_path: Path) -> None:
    plane.module = module  # type: ignore[assignment]
    with pytest.raises(UsageError, match="the module of 'plane' cannot be saved"):
        plane.save(tmp_path / "s")
    assert not (tmp_path / "s").exists()


def reseal(folder: Path, config: dict[str, Any]) -> None:
    """Write a configuration with the hashes and the seal of what is there now."""
    listed = config["sha256"]
    if isinstance(listed, dict):
        config["sha256"] = {
            name: container._sha256((folder / name).read_bytes()) if (folder / name).is_file() else sha256
            for name, sha256 in listed.items()
        }
    config.pop("seal", None)
    config["seal"] = container.seal(config)
    (folder / "config.json").write_text(json.dumps(config))


@pytest.fixture(scope="module")
def polar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resealed") / "to_polar.surrogate"
    shutil.copytree(ARTIFACTS / "to_polar.surrogate", folder)
    return folder


def config_of(name: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ARTIFACTS / name / "config.json").read_text())
    return config


def set_at(config: Any, path: tuple[str | int, ...], value: object) -> None:
    for key in path[:-1]:
        config = config[key]
    config[path[-1]] = value


ARGUMENT, RESULT = ("signature", "arguments", 0), ("signature", "results", 0)
EDITS: list[tuple[tuple[str | int, ...], object]] = [
    ((*ARGUMENT, "low"), 10**400),
    ((*ARGUMENT, "low"), float("inf")),
    ((*ARGUMENT, "low"), float("nan")),
    ((*ARGUMENT, "low"), -2.0),
    ((*ARGUMENT, "high"), "2"),
    ((*ARGUMENT, "name"), "z"),
    ((*ARGUMENT, "type"), "f32"),
    ((*ARGUMENT, "type"), []),
    ((*ARGUMENT, "origin"), "nobody"),
    ((*RESULT, "name"), "length"),
    ((*RESULT, "high"), 2.0),
    ((*RESULT, "type"), "i32"),
    (("signature", "arguments"), []),
    (("entry",), "other"),
    (("entry",), None),
    (("rows",), float("inf")),
    (("rows",), float("nan")),
    (("rows",), -1),
    (("rows",), 2.5),
    (("rows",), "64"),
    (("seed",), -1),
    (("opt_level",), 7),
    (("hidden_size",), 10**12),
    (("hidden_size",), -1),
    (("parameters",), 1),
    (("target",), "anc"),
    (("target",), []),
    (("measured", "rows"), -5),
    (("measured", "trapped"), 501),
    (("measured", "results", 0, "nmse"), -1.0),
    (("measured", "results", 0, "nmse"), float("nan")),
    (("measured", "results", 0, "name"), "other"),
    (("measured", "results"), []),
    (("measured",), 0),
]


@pytest.mark.parametrize(("path", "value"), EDITS, ids=lambda v: str(v)[:40])
def test_a_resealed_configuration_is_held_against_the_program(
    polar: Path, path: tuple[str | int, ...], value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of(polar.name)
    set_at(config, path, value)
    reseal(polar, config)
    for argv in (["check", str(polar), "--rows", "50"], ["run", str(polar), "0.5", "0.5"]):
        assert main(argv) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "damaged artifact" in err


TO_POLAR = (ARTIFACTS / "to_polar.surrogate" / "program.c").read_text()


@pytest.mark.parametrize(
    "program",
    [
        TO_POLAR.replace("double x", "float x"),
        TO_POLAR.replace("range(x, -1.0, 1.0)", "range(x, -1.0, 2.0)"),
        TO_POLAR.replace("#pragma surrogate range(radius, 0.0, 1.4143)\n", ""),
        TO_POLAR.replace("range(radius, 0.0, 1.4143)", "range(radius, 0.0, 7)"),
        TO_POLAR.replace("to_polar", "to_other"),
        TO_POLAR.replace("radius", "length"),
        TO_POLAR.replace("(double x, double y)", "(double y, double x)"),
        "double f(double x) { return x; }",
        "double f(double x) { return y; }",
        "",
        "\0",
        "int main(",
        f'#include "/etc/passwd"\n{TO_POLAR}',
        f'#embed "/etc/passwd"\n{TO_POLAR}',
        f"  %: include <math.h>\n{TO_POLAR}",
        f'# 1 "/etc/passwd"\n{TO_POLAR}',
        f"#define sqrt(x) 0\n{TO_POLAR}",
    ],
)
def test_a_resealed_program_is_held_against_the_configuration(
    polar: Path, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        (polar / "program.c").write_text(program)
        reseal(polar, config_of(polar.name))
        assert main(["run", str(polar), "0.5", "0.5"]) == 2
    finally:
        (polar / "program.c").write_text(TO_POLAR)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "damaged artifact" in err


ANC_EDITS: list[tuple[str, tuple[str | int, ...], object]] = [
    ("listk.anc", ("memory_size",), 10**400),
    ("listk.anc", ("memory_size",), 21),
    ("listk.anc", ("registers",), float("inf")),
    ("listk.anc", ("lines",), 9),
    ("listk.anc", ("tape",), 19),
    ("listk.anc", ("tape",), float("nan")),
    ("listk.anc", ("type",), 4),
    ("listk.anc", ("type",), []),
    ("listk.anc", ("entry",), "other"),
    ("listk.anc", ("entry",), 7),
    ("listk.anc", ("adaptation",), {}),
    ("listk.anc", ("measured", "tapes"), "many"),
    ("listk.anc", ("measured", "right"), 10**6),
    ("listk.anc", ("measured", "right"), 1),
    ("listk.anc", ("measured", "mean_steps"), float("nan")),
    ("listk.anc", ("measured", "adapted"), True),
    ("listk.anc", ("measured", "mismatch"), 3),
    ("increment-adapted.anc", ("type",), 2),
    ("increment-adapted.anc", ("adaptation",), None),
    ("increment-adapted.anc", ("adaptation", "types"), None),
    ("increment-adapted.anc", ("measured", "adapted"), False),
]


@pytest.mark.parametrize(("name", "path", "value"), ANC_EDITS, ids=lambda v: str(v)[:40])
def test_a_resealed_exact_program_is_held_against_its_c_program(
    name: str, path: tuple[str | int, ...], value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ARTIFACTS / name, tmp_path / name)
    config = config_of(name)
    assert config["measured"] is not None
    set_at(config, path, value)
    reseal(tmp_path / name, config)
    assert main(["run", str(tmp_path / name), "--tape", "1"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "damaged artifact" in err


LISTK = (ARTIFACTS / "listk.anc" / "program.c").read_text()


@pytest.mark.parametrize(
    "program",
    [
        LISTK.replace("listk", "other"),
        LISTK.replace("int node = 0", "int a[2]; int node = 0"),
        LISTK.replace("int node = 0", "double node = 0"),
        f'#include "/etc/passwd"\n{LISTK}',
        TO_POLAR,
        "",
        "\0",
    ],
)
def test_another_c_program_is_not_that_of_a_controller(program: str, tmp_path: Path) -> None:
    shutil.copytree(ARTIFACTS / "listk.anc", tmp_path / "a")
    (tmp_path / "a" / "program.c").write_text(program)
    reseal(tmp_path / "a", config_of("listk.anc"))
    with pytest.raises(UsageError, match=r"damaged artifact: config\.json does not describe its files"):
        surrogate.load(tmp_path / "a")


def test_a_check_of_other_matrices_is_not_published(tmp_path: Path) -> None:
    program = surrogate.load(ARTIFACTS / "listk.anc")
    assert isinstance(program, AncProgram)
    stated = program.measured
    assert stated is not None
    assert stated.passed
    program.save(tmp_path / "same")
    assert surrogate.load(tmp_path / "same").measured == stated
    with torch.no_grad():
        program.controller.registers[0, 0] = program.controller.registers[0, 0].roll(1)
    assert program.measured is None
    program.save(tmp_path / "other")
    assert surrogate.load(tmp_path / "other").measured is None
    assert "Not checked yet" in (tmp_path / "other" / "README.md").read_text()
    assert not program.check(100).passed
    assert program.measured is not None


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where each value of a document is."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found += places(child, (*path, key))
    return found


def load_or_message(path: Path) -> Surrogate | AncProgram | str:
    try:
        return surrogate.load(path)
    except UsageError as e:
        return str(e)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**400, -(10**400), 2**64, 1e308, "f64", "x", "mlp", "anc", [], {}, [1], {"a": 1}, "1" * 64]),
)


@pytest.mark.parametrize("name", ["to_polar.surrogate", "listk.anc", "increment-adapted.anc"])
def test_any_edit_behaves_the_same_or_is_one_line_of_error(name: str, tmp_path: Path) -> None:
    shutil.copytree(ARTIFACTS / name, tmp_path / name)
    expected = json.loads((ARTIFACTS / "expected.json").read_text())[name]
    config = config_of(name)
    text = json.dumps(config)
    original = surrogate.load(ARTIFACTS / name)
    keys = [p for p in places(config) if p[0] not in ("seal", "library_version")]

    @settings(max_examples=150 if name.endswith(".surrogate") else 40, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(keys), VALUES, st.booleans())
    def mutate(path: tuple[str | int, ...], value: object, drop: bool) -> None:
        edited = json.loads(text)
        inner = edited
        for key in path[:-1]:
            inner = inner[key]
        if drop and isinstance(inner, dict):
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        edited.setdefault("sha256", {})
        reseal(tmp_path / name, edited)
        loaded = load_or_message(tmp_path / name)
        if isinstance(loaded, str):
            assert (
                "damaged artifact" in loaded or "written by" in loaded or "config.json is of something else" in loaded
            )
            assert "\n" not in loaded
            return
        assert type(loaded) is type(original)
        if isinstance(loaded, Surrogate):
            assert isinstance(original, Surrogate)
            assert loaded.signature.without_origins() == original.signature.without_origins()
            np.testing.assert_allclose(loaded.predict(expected["inputs"]), expected["outputs"], rtol=1e-5)
        else:
            run = loaded.run(expected["tape"])
            assert (run.tape.tolist(), run.steps, loaded.tape) == (expected["result"], expected["steps"], original.tape)
            assert loaded.check(20).passed
        loaded.save(tmp_path / "again")
        surrogate.load(tmp_path / "again")

    mutate()
