from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.lowering import lower
from surrogate.mlp.emission.pretrained import WEIGHTS, load_compiler
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.pipeline import build_network
from surrogate.numeric.rows import executed_rows
from tests.cprograms.native import processor_time

CUBIC = "double cubic(double x) { return x * x * x - 0.5 * x; }"


def test_predicts_in_c_units(compiler: Path) -> None:
    source = "#pragma surrogate range(t, 100, 200)\ndouble f(double t) { return 1000 + 5 * t; }"
    compiled = surrogate.compile(source=source, compiler=compiler)
    x = np.linspace(100, 200, 50)[:, None]
    y = compiled.predict(x)
    assert y.shape == (50, 1)
    assert y.dtype == np.float64
    # Far closer than the outputs' own spread of 500.
    assert np.abs(y - (1000 + 5 * x)).max() < 150


def test_the_module_predicts_the_same(plane: surrogate.Surrogate) -> None:
    x = np.array([[1.0, 0.5], [3.0, -0.5]])
    np.testing.assert_array_equal(plane.module(torch.from_numpy(x)).detach().numpy(), plane.predict(x))


def test_o0_never_runs_the_program(compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surrogate.numeric.rows.run_with_status", None)
    compiled = surrogate.compile(source=CUBIC, opt_level=0, compiler=compiler)
    assert compiled.rows == 0
    assert np.isfinite(compiled.predict(np.linspace(-1, 1, 9)[:, None])).all()


NEVER_FINITE = {
    "a root": "double f(double x) { return sqrt(-1 - x * x); }",
    "a division by zero": "int f(int x) { return x / (x - x); }",
    "one result of two": "struct r { double a, b; }; struct r f(double x) { struct r r = {x, log(-2 + x)}; return r; }",
    "a branch that is never taken": "double f(double x) { return x > 2 ? x : sqrt(x - 3); }",
}


@pytest.mark.parametrize("body", NEVER_FINITE.values(), ids=NEVER_FINITE)
def test_o0_rejects_what_is_never_finite(body: str, compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = f"#include <math.h>\n{body}"
    with pytest.raises(ProgramError, match="on 0 of 64 rows of its domain"):
        surrogate.compile(source=source, compiler=compiler)
    monkeypatch.setattr("surrogate.numeric.rows.run_with_status", None)
    with pytest.raises(ProgramError, match="at none of 512 points of its domain"):
        surrogate.compile(source=source, compiler=compiler, opt_level=0)


def test_o0_takes_what_is_finite_somewhere(compiler: Path) -> None:
    source = "#include <math.h>\ndouble f(double x) { return sqrt(x - 0.9); }"
    assert surrogate.compile(source=source, compiler=compiler, opt_level=0).rows == 0


BRANCH = """
#pragma surrogate range(x, -4, 4)
#pragma surrogate range(y, -4, 4)
double f(double x, double y) { return x < y ? x * y : 3; }
"""


def test_o0_reads_taps_which_the_graph_alone_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surrogate.numeric.rows.run_with_status", None)
    asked = {"default": None, "gates": "gates", "two": 2, "none": "none"}
    taps = {n: surrogate.compile(source=BRANCH, opt_level=0, taps=choice).module.taps for n, choice in asked.items()}
    plain = surrogate.compile(source=BRANCH, opt_level=0, plain=True).module.taps
    assert taps["default"].kinds == taps["two"].kinds == ("flag", "node")
    assert taps["gates"].kinds == ("flag",)
    assert taps["none"] is None
    assert plain is None


def test_o0_reads_taps_in_polynomials_where_the_hypernetwork_says_nothing_of_them(compiler: Path) -> None:
    found = surrogate.compile(source=BRANCH, opt_level=0, compiler=compiler, taps="gates")
    assert found.module.taps.kinds == ("flag",)
    assert not found.module.w1[..., -1].any()
    assert surrogate.compile(source=BRANCH, opt_level=0, compiler=compiler, taps="none").module.taps is None


def test_o0_keeps_the_predicted_scale_within_a_declared_range(compiler: Path) -> None:
    def scale(pragma: str) -> tuple[float, float]:
        module = surrogate.compile(source=pragma + CUBIC, opt_level=0, compiler=compiler).module
        return module.mean.item(), module.std.item()

    assert scale("#pragma surrogate range(return, 100, 100.001)\n") == pytest.approx((100, 0.001 / np.sqrt(12)))
    assert scale("#pragma surrogate range(return, -1e9, 1e9)\n") == scale("")


def test_o1_takes_the_scale_from_the_rows(compiler: Path) -> None:
    source = "#pragma surrogate range(return, 2, 8)\n" + CUBIC
    compiled = surrogate.compile(source=source, compiler=compiler)
    assert abs(compiled.module.mean.item()) < 0.2
    assert compiled.rows == 64


WAVES = """\
#include <math.h>
#pragma surrogate range(x, -3, 3)
#pragma surrogate range(y, -3, 3)
double f(double x, double y) { return exp(-fabs(sin(3 * x + y * y))) * sqrt(1 + cos(x * y) * 0.9); }
"""


@pytest.mark.parametrize("plain", [False, True])
def test_a_surrogate_is_best_where_rows_cost_nothing(plain: bool) -> None:
    """With the packaged weights, and where the text is not all that there is to know."""
    errors = [surrogate.compile(source=WAVES, opt_level=o, plain=plain).check(500).nmse for o in range(3)]
    assert errors[2] < 0.7 * min(errors[:2])


def test_the_number_of_rows_can_be_set(compiler: Path) -> None:
    assert surrogate.compile(source=CUBIC, rows=16, compiler=compiler).rows == 16
    assert surrogate.compile(source=CUBIC, rows=16, opt_level=2, compiler=compiler).rows == 16


@pytest.mark.parametrize("opt_level", [0, 1, 2])
def test_the_seed_decides(compiler: Path, opt_level: int) -> None:
    def weights(seed: int) -> dict[str, torch.Tensor]:
        compiled = surrogate.compile(source=CUBIC, opt_level=opt_level, seed=seed, compiler=compiler)
        return compiled.module.state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[k], again[k]) for k in first)
    # Without rows there is nothing that the seed could change.
    assert all(torch.equal(first[k], other[k]) for k in first) == (opt_level == 0)


def test_leaves_the_random_state_alone(compiler: Path) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    surrogate.compile(source=CUBIC, compiler=compiler)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("opt_level", "body"),
    [
        (0, "return 2.5;"),
        (1, "return 2.5;"),
        (2, "return 2.5;"),
        (1, "return x < 5 ? 2.5 : x;"),
        (2, "return x < 5 ? 2.5 : x;"),
        (1, "return 0 * x + 0.1;"),
    ],
)
def test_a_constant_function_is_exact(compiler: Path, opt_level: int, body: str) -> None:
    compiled = surrogate.compile(source=f"double f(double x) {{ {body} }}", opt_level=opt_level, compiler=compiler)
    report = compiled.check(100)
    assert (report.nmse, report.max_error) == (0, 0)


@pytest.mark.parametrize("unit", ["1e-40", "1e-170", "1e-300", "1e300"])
@pytest.mark.parametrize("options", [{"plain": True}, {}, {"opt_level": 0}, {"opt_level": 2}])
def test_results_of_any_size_are_mimicked(compiler: Path, unit: str, options: dict[str, Any]) -> None:
    """Squares of small numbers are 0, and those of large ones overflow."""
    source = f"double f(double x, double y) {{ return {unit} * (x * y + x); }}"
    assert surrogate.compile(source=source, compiler=compiler, **options).check(500).nmse < 0.05


def test_several_results_are_towers_over_the_same_arguments(compiler: Path) -> None:
    source = """
    struct polar { double r; double angle; };
    #pragma surrogate range(x, 1, 2)
    struct polar to_polar(double x, double y) { struct polar p = { x * x + y, y / x }; return p; }
    """
    compiled = surrogate.compile(source=source, opt_level=2, compiler=compiler)
    assert [r.name for r in compiled.results] == ["r", "angle"]
    x = np.array([[1.5, 0.5], [1.2, -0.5]])
    expected = np.stack([x[:, 0] ** 2 + x[:, 1], x[:, 1] / x[:, 0]], axis=1)
    np.testing.assert_allclose(compiled.predict(x), expected, atol=0.05)


def test_unused_arguments_do_no_harm(compiler: Path) -> None:
    source = "double f(double a, double unused, double b) { return 2 * b - a; }"
    compiled = surrogate.compile(source=source, opt_level=2, compiler=compiler)
    x = np.array([[0.5, 0.1, 0.5], [0.5, -0.9, 0.5]])
    np.testing.assert_allclose(compiled.predict(x), 0.5, atol=0.05)


def test_rows_that_trap_are_left_out(compiler: Path) -> None:
    source = "#pragma surrogate range(n, -4, 4)\nint f(int n) { return 60 / n; }"
    compiled = surrogate.compile(source=source, compiler=compiler)
    assert 40 < compiled.rows < 64
    assert np.isfinite(compiled.predict(np.arange(-4.0, 5)[:, None])).all()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("int f(int n) { for (;;) n ^= 1; return n; }", "100,000,000 steps"),
        ("int f(int n) { return f(n + 1) + f(n); }", "recursion too deep|steps"),
        ("double f(double x) { return x / 0.0; }", "NaN or infinity"),
        ("int f(int n) { return 1 / (n - n); }", "division"),
    ],
)
def test_a_program_without_finite_rows_is_rejected_soon(compiler: Path, source: str, reason: str) -> None:
    started = processor_time()
    with pytest.raises(ProgramError, match=reason):
        surrogate.compile(source=source, compiler=compiler)
    assert processor_time() - started < 10


@pytest.mark.parametrize("opt_level", [0, 1, 2])
@pytest.mark.parametrize(
    "source",
    [
        "#pragma surrogate range(n, 0, 20)\nint f(int n) { int s = 0; while (n) { s += n & 1; n >>= 1; } return s; }",
        "#pragma surrogate range(n, 0, 12)\nint f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }",
        "#pragma surrogate range(n, 0, 9)\nint f(int n) { int s = 0; more: s += n; if (--n > 0) goto more; return s; }",
    ],
    ids=["loop", "recursion", "goto"],
)
def test_what_the_graph_cannot_follow_compiles_all_the_same(compiler: Path, source: str, opt_level: int) -> None:
    compiled = surrogate.compile(source=source, opt_level=opt_level, compiler=compiler)
    assert np.isfinite(compiled.predict(np.array([[3.0], [8.0]]))).all()


def test_a_parsed_program_compiles_too(compiler: Path) -> None:
    program = cprograms.load(source=CUBIC)
    compiled = surrogate.compile_program(program, compiler=compiler)
    assert compiled.program is program


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "fpga"}, "unknown target"),
        ({"opt_level": 4}, "there is no -O4"),
        ({"opt_level": 0, "rows": 8}, "takes no rows"),
        ({"rows": 1}, "rows must be from 2"),
        ({"rows": 10**9}, "rows must be from 2"),
        ({"seed": -1}, "negative"),
        ({"compiler": "/nonexistent"}, "no surrogate compiler '/nonexistent'"),
        ({"compiler": "nonexistent"}, "no surrogate compiler 'nonexistent'"),
    ],
)
def test_rejects_what_makes_no_sense(compiler: Path, options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        surrogate.compile(source=CUBIC, **{"compiler": compiler, **options})


def test_a_hypernetwork_that_does_not_fit_its_configuration_is_rejected(compiler: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((compiler / "config.json").read_text().replace("32", "64"))
    (tmp_path / "model.safetensors").write_bytes((compiler / "model.safetensors").read_bytes())
    with pytest.raises(UsageError, match="this hypernetwork does not load"):
        load_compiler(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="this hypernetwork does not load"):
        load_compiler(tmp_path)


@pytest.mark.skipif(not (WEIGHTS / "default" / "config.json").exists(), reason="no packaged weights")
def test_the_packaged_hypernetwork_is_good() -> None:
    assert surrogate.compile(source=CUBIC).check(500).nmse < 0.05
    assert load_compiler("default").sha256 == load_compiler().sha256


@pytest.mark.parametrize("level", [1, 2])
def test_the_small_hypernetwork_emits_smaller_surrogates(level: int) -> None:
    small = surrogate.compile(source=CUBIC, compiler="small", opt_level=level, plain=True)
    assert small.check(500).nmse < 0.05
    assert small.module.w2.shape == (1, 32, 32)


def test_predictions_need_rows_of_the_right_width(plane: surrogate.Surrogate) -> None:
    with pytest.raises(ValueError, match=r"\[\.\.\., 2\] are needed, the last axis is x, y; not \[4, 3\]"):
        plane.predict(np.zeros((4, 3)))
    assert plane.predict(np.zeros((0, 2))).shape == (0, 1)


def test_what_chooses_the_steps_of_o2_has_not_read_the_held_out_rows(
    compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 16 rows the last four are held out: the early network does not know them."""
    program = cprograms.load(source=CUBIC)
    x, y = executed_rows(program, 16, 0)
    hypernetwork, graph = load_compiler(compiler).model, lower(program)
    given: list[SurrogateNetwork] = []

    def finetune(network: object, x: object, y: object, early: object, others: object) -> np.ndarray:
        given.append(early)
        return np.zeros(1)

    monkeypatch.setattr("surrogate.mlp.pipeline.finetune", finetune)
    changed = np.concatenate([y[:12], y[12:] + 0.01])
    made = [build_network(hypernetwork, program, graph, x, rows, 2) for rows in (y, changed)]
    at = np.linspace(-1, 1, 20)[:, None]
    np.testing.assert_array_equal(given[0].predict(at), given[1].predict(at))
    assert not np.allclose(made[0].predict(at), made[1].predict(at), rtol=1e-4)
