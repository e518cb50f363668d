"""What users get beside the measured pipeline: never worse than a constant, whatever the weights and the text say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from cprograms.sampling import sample
from surrogate.mlp.fitting.safeguards import HELD_OUT_ROWS, best_of, fall_back, held_out_rows
from surrogate.mlp.network import SurrogateNetwork
from surrogate.numeric.rows import compile_seed, executed_rows, fresh_seed
from tests.surrogate.mlp.fitting.test_finetune import start

WRAP = """\
#include <math.h>
#pragma surrogate range(value, -10, 10)
#pragma surrogate range(low, -2, -1)
#pragma surrogate range(high, 1, 2)
float into_interval(float value, float low, float high)
{ return value - (high - low) * floorf((value - low) / (high - low)); }
"""


def given(network: SurrogateNetwork, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(-1, 1, (count, len(network.mid)))
    return x, network.predict(x)


# --- the fallback ---


def test_only_a_result_that_errs_more_than_the_mean_becomes_it() -> None:
    network = start(results=3)
    x, y = given(network, 200, 1)
    # Clearly better than the mean, but not by much: nothing to worry about.
    y[:, 2] += 0.5 * y[:, 2].std() * np.random.default_rng(3).standard_normal(200)
    y[:, 1] = -y[:, 1]  # twice as far as a constant, to a squared error of four variances and more
    kept = network.predict(x)
    shaped = given(network, 50, 2)[1]
    assert fall_back(network, shaped, (x, y)) == [1]
    found = network.predict(x)
    np.testing.assert_array_equal(found[:, [0, 2]], kept[:, [0, 2]])
    assert found[:, 1] == pytest.approx(np.full(200, np.concatenate([shaped[:, 1], y[:, 1]]).mean()))


def test_the_mean_is_exact_even_where_the_tower_gives_no_number() -> None:
    network = start()
    with torch.no_grad():
        network.w1.fill_(torch.nan)
    x = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    assert fall_back(network, np.ones((5, 1)), (x, np.arange(10.0)[:, None])) == [0]
    assert network.predict(x) == pytest.approx(np.full((10, 1), 50 / 15))


def test_no_rows_decide_nothing() -> None:
    network = start()
    before = network.predict(np.ones((1, 2)))
    assert fall_back(network, np.ones((5, 1)), (np.empty((0, 2)), np.empty((0, 1)))) == []
    np.testing.assert_array_equal(network.predict(np.ones((1, 2))), before)


def test_a_constant_needs_no_fallback(compiler: Path) -> None:
    made = surrogate.compile(source="double f(double x) { return 0 * x + 2.5; }", compiler=compiler)
    assert made.mean_only == ()


def test_the_held_out_rows_are_neither_compiled_from_nor_checked_on() -> None:
    program = cprograms.load(source=WRAP)
    held, _ = held_out_rows(program, 3)
    others = np.concatenate(
        [executed_rows(program, 1024, compile_seed(3), "sobol")[0], executed_rows(program, 2000, fresh_seed(3))[0]]
    )
    assert len(held) == HELD_OUT_ROWS
    assert not (held[:, None] == others[None]).all(-1).any()


@pytest.mark.parametrize("opt_level", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_a_wrap_around_is_no_worse_than_its_mean(opt_level: int, seed: int) -> None:
    """With the packaged weights: the network errs 1.27 times as much as the mean at -O1."""
    made = surrogate.compile(source=WRAP, opt_level=opt_level, seed=seed, plain=True)
    assert made.check(2000).nmse <= 1.02
    x = sample(made.program, 500, 11)
    is_mean = np.ptp(made.predict(x)) == 0
    assert (made.mean_only == ("return",)) == is_mean
    assert is_mean or opt_level == 2


def test_a_plain_one_of_exactly_so_many_rows_is_no_worse_either() -> None:
    """No other rows are run: the quarter that was held out decides."""
    made = surrogate.compile(source=WRAP, opt_level=2, rows=64, plain=True)
    assert made.check(2000).nmse <= 1.1
    assert made.held_out == 0
    assert made.mean_only == ("return",)


def test_the_fallback_is_said_and_survives_its_artifact(tmp_path: Path) -> None:
    made = surrogate.compile(source=WRAP, plain=True)
    made.save(tmp_path / "wrap")
    loaded = surrogate.load(tmp_path / "wrap")
    assert isinstance(loaded, surrogate.Surrogate)
    assert (loaded.mean_only, loaded.held_out) == (("return",), HELD_OUT_ROWS)
    said = "alls back to the mean: on 256 further rows the network is not clearly better"
    assert said in (tmp_path / "wrap" / "README.md").read_text()
    assert made.config()["mean_only"] == ["return"]


def test_rows_without_finite_results_neither_reject_nor_decide(compiler: Path) -> None:
    """Nearly all rows of the held-out ones trap: those that are left decide, if any."""
    source = "#pragma surrogate range(n, -400, 1)\nint f(int n) { return n < -370 ? 7 * n : 1 / (n > 400); }"
    made = surrogate.compile(source=source, compiler=compiler)
    assert 0 <= made.held_out < 60


# --- how many rows -O1 reads ---


def test_each_result_is_of_the_network_that_errs_least_on_it() -> None:
    one, other = start(results=2), start(results=2, seed=1)
    x = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    y = np.stack([one.predict(x)[:, 0], other.predict(x)[:, 1]], axis=1)
    np.testing.assert_array_equal(best_of([one, other], (x, y)).predict(x), y)


def test_more_rows_than_it_reads_well_do_not_make_o1_worse() -> None:
    source = """
    #include <math.h>
    #pragma surrogate range(angle, -720, 720)
    double within_turn(double angle) { return angle >= 0 && angle < 360 ? angle : angle - 360 * floor(angle / 360); }
    """
    few, many = (surrogate.compile(source=source, rows=rows, plain=True).check(2000).nmse for rows in (64, 1024))
    assert many < 1.02 * few
