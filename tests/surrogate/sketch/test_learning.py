"""Learning sketches: programs, networks and constants from results alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.sketching import read_sketch
from surrogate.sketch.calibration import calibrate
from surrogate.sketch.data import examples_of
from surrogate.sketch.learning import Learning, Settings, accuracies, learn
from surrogate.sketch.model import Inputs, Model
from surrogate.sketch.revising import revise
from tests import ROOT
from training.sketches.clocks import clocks
from training.sketches.gauges import dials

LIBRARY = ROOT / "cprograms" / "library" / "sketch"
CHOOSES = """
#pragma surrogate modulus(10)
#pragma surrogate choose(op, 0, 3)
#pragma surrogate choose(first, 0, 2)
#pragma surrogate choose(second, 0, 2)
extern const int op, first, second;
int f(const int x[3])
{
    int a = x[first], b = x[second];
    switch (op) {
    case 0: return (a + b) % 10;
    case 1: return a < b ? a : b;
    case 2: return a > b ? a : b;
    default: return (a - b + 10) % 10;
    }
}
"""


def differences(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    x = np.random.default_rng(seed).integers(0, 10, (rows, 3))
    return {"x": x, "result": (x[:, 2] - x[:, 0]) % 10}


def test_choices_are_found_from_results_alone() -> None:
    sketch = read_sketch(source=CHOOSES)
    found = learn(sketch, examples_of(sketch, differences(200)), Settings(restarts=4, steps=150))
    assert found.restarts[found.best].accuracy == 1.0
    assert found.model.chosen() == {"op": 3, "first": 2, "second": 0}
    assert found.restarts[found.best].undecided == ()
    assert found.held_back == 40


def test_perception_is_learned_through_a_fixed_program() -> None:
    sketch = read_sketch(LIBRARY / "clock.c")
    found = learn(sketch, examples_of(sketch, clocks(400, 0)), Settings(restarts=1, steps=150, batch=50, rate=0.2))
    fresh = examples_of(sketch, clocks(200, 1))
    right = (found.model.answers(fresh.inputs)[0] == fresh.results).mean()
    assert right > 0.9  # a clock is right where all four digits are


def test_a_dial_is_read_from_pressures_alone() -> None:
    sketch = read_sketch(LIBRARY / "gauge.c")
    found = learn(sketch, examples_of(sketch, dials(500, 0)), Settings(restarts=2, steps=300))
    fresh = examples_of(sketch, dials(200, 1))
    assert fresh.results is not None
    errors = np.abs(found.model.answers(fresh.inputs)[0] - fresh.results)
    assert np.median(errors) < 0.4  # of 10
    assert found.restarts[found.best].accuracy > 0.95


def floating(n: int, seed: int) -> dict[str, np.ndarray]:
    x = np.random.default_rng(seed).uniform(-1, 1, (n, 2)).astype(np.float32)
    return {"x": x, "result": 3.0 * (x[:, 0] - x[:, 1]) + 1.0}


def test_a_network_may_give_a_floating_number() -> None:
    sketch = read_sketch(
        source="#pragma surrogate learn(angle, hidden(16))\nextern double angle(const float p[2]);\n"
        "double f(const float x[2]) { return 3 * angle(x) + 1; }\n"
    )
    found = learn(sketch, examples_of(sketch, floating(300, 0)), Settings(restarts=2, steps=200))
    assert found.restarts[found.best].accuracy > 0.98  # 1 less the nMSE


def same(a: Learning, b: Learning) -> None:
    for mine, theirs in zip(a.model.parameters(), b.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    sketch = read_sketch(source=CHOOSES)
    examples = examples_of(sketch, differences(60))
    runs = [learn(sketch, examples, Settings(restarts=2, steps=12, seed=seed)) for seed in (1, 1, 2)]
    same(runs[0], runs[1])
    with pytest.raises(AssertionError):
        same(runs[0], runs[2])


def test_an_interrupted_run_keeps_its_best_and_goes_on_where_it_was(tmp_path: Path) -> None:
    sketch = read_sketch(source=CHOOSES)
    examples, settings = examples_of(sketch, differences(60)), Settings(restarts=2, steps=100)
    whole = learn(sketch, examples, settings)
    checkpoint = tmp_path / "progress"

    def interrupt(done: int, total: int, loss: float, accuracy: float) -> None:
        if done == 40:
            raise KeyboardInterrupt

    half = learn(sketch, examples, settings, checkpoint=checkpoint, progress=interrupt)
    assert (half.finished, half.steps) == (False, 40)
    seen: list[int] = []
    again = learn(sketch, examples, settings, checkpoint=checkpoint, progress=lambda done, *_: seen.append(done))
    assert seen[0] == 42
    assert not checkpoint.exists()
    same(whole, again)


def test_a_checkpoint_of_another_run_or_a_damaged_one_is_not_gone_on_from(tmp_path: Path) -> None:
    sketch = read_sketch(source=CHOOSES)
    examples = examples_of(sketch, differences(60))
    checkpoint = tmp_path / "progress"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    learn(sketch, examples, Settings(restarts=2, steps=20), checkpoint=checkpoint, progress=interrupt)
    content = checkpoint.read_bytes()
    for damaged, seed in ((content, 7), (content[: len(content) // 2], 0), (b"", 0)):
        checkpoint.write_bytes(damaged)
        settings = Settings(restarts=2, steps=20, seed=seed)
        same(learn(sketch, examples, settings, checkpoint=checkpoint), learn(sketch, examples, settings))


def test_a_restart_that_is_half_in_two_programs_says_so() -> None:
    sketch = read_sketch(source=CHOOSES)
    found = learn(sketch, examples_of(sketch, differences(60)), Settings(restarts=1, steps=1))
    told = found.restarts[0].undecided
    assert told
    assert all(" or " in text for text in told)


def test_a_learned_function_is_gone_on_with() -> None:
    sketch = read_sketch(LIBRARY / "clock.c")
    start = Model(sketch, 1, seed=5)
    found = learn(sketch, examples_of(sketch, clocks(20, 0)), Settings(restarts=3, steps=1, rate=1e-9), starts=[start])
    for mine, theirs in zip(found.model.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=0)
    with pytest.raises(UsageError, match="nothing to learn"):
        learn(sketch, examples_of(sketch, clocks(20, 0)), Settings(restarts=1, steps=1, freeze=True), starts=[start])
    other = read_sketch(source=sketch.text.replace("hidden(32)", "hidden(8)"))
    with pytest.raises(UsageError, match="a network 96-32-10, and here it is a network 96-8-10"):
        learn(other, examples_of(other, clocks(20, 0)), Settings(restarts=1, steps=1), starts=[start])


def test_constants_are_fitted_with_their_intervals() -> None:
    sketch = read_sketch(LIBRARY / "drag.c")
    rng = np.random.default_rng(0)
    t = rng.uniform(0, 10, 60)
    y = 40**2 / 9.81 * np.log(np.cosh(9.81 * t / 40)) * (1 + 0.02 * rng.normal(size=60))
    model = Model(sketch, 1)
    fit, evaluations = calibrate(model, examples_of(sketch, {"t": t, "result": y}), Settings(restarts=2))
    assert fit.after < 2e-3
    assert 0 < evaluations < 200
    for constant, true in zip(fit.constants, (9.81, 40), strict=True):
        assert constant.value == pytest.approx(true, rel=0.05)
        assert constant.low < true < constant.high
    assert model.chosen() == {c.label: c.value for c in fit.constants}


def test_frozen_networks_stay_while_choices_are_found() -> None:
    source = (LIBRARY / "clock.c").read_text().replace("digit(face[3])", "digit(face[last])")
    source = source.replace("int minutes", "#pragma surrogate choose(last, 0, 3)\nextern const int last;\nint minutes")
    sketch = read_sketch(source=source)
    known = read_sketch(LIBRARY / "clock.c")
    taught = learn(known, examples_of(known, clocks(300, 0)), Settings(restarts=1, steps=120, batch=50, rate=0.2)).model
    settings = Settings(restarts=2, steps=40, batch=20, freeze=True)
    found = learn(sketch, examples_of(sketch, clocks(100, 2)), settings, starts=[taught])
    assert found.model.chosen() == {"last": 3}
    for mine, theirs in zip(found.model.networks.parameters(), taught.networks.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_curriculum_begins_with_the_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    sketch = read_sketch(
        source="#pragma surrogate modulus(6)\n#pragma surrogate choose(k, 0, 3)\nextern const int k;\n"
        "int f(int n) { int s = 0; for (int i = 0; i < n; i++) s = (s + k) % 6; return s; }\n"
    )
    n = np.random.default_rng(0).integers(1, 4, 60)
    examples = examples_of(sketch, {"n": n, "result": 2 * n % 6})
    largest: list[int] = []
    results = Model.results

    def seen(model: Model, inputs: Inputs, **how: bool) -> list[torch.Tensor]:
        if torch.is_grad_enabled():
            largest.append(int(inputs.numbers[sketch.places("n")[0]].max()))
        return results(model, inputs, **how)

    monkeypatch.setattr(Model, "results", seen)
    found = learn(sketch, examples, Settings(restarts=2, steps=60, batch=30, curriculum="n"))
    assert largest == [1] * 10 + [2] * 10 + [3] * 40
    assert found.model.chosen() == {"k": 2}
    with pytest.raises(UsageError, match=r"takes no whole number 'm': .*it takes n"):
        learn(sketch, examples, Settings(curriculum="m"))


def test_revising_leads_out_where_a_choice_is_wrong() -> None:
    """All choices are made, and in each restart one of them is another than it should be."""
    sketch = read_sketch(source=CHOOSES)
    examples = examples_of(sketch, differences(100))
    model = Model(sketch, 3)
    right = {"op": 3, "first": 2, "second": 0}
    with torch.no_grad():
        for restart, wrong in enumerate(right):
            for name, value in (right | {wrong: 1}).items():
                (k,) = sketch.places(name)
                model.choices[str(k)][restart] = 9.0 * torch.nn.functional.one_hot(
                    torch.tensor(value), len(model.choices[str(k)][restart])
                )
    assert accuracies(model, examples).max() < 0.7
    assert revise(model, examples) == 3
    assert [model.chosen(restart) for restart in range(3)] == [right] * 3
    assert accuracies(model, examples).tolist() == [1, 1, 1]


def test_choices_are_revised_once_when_they_are_made() -> None:
    sketch = read_sketch(source=CHOOSES)
    examples = examples_of(sketch, differences(100))
    found = learn(sketch, examples, Settings(restarts=2, steps=4, rate=1e-6, revise=True, seed=3))
    assert found.revised > 0
    apart = learn(sketch, examples, Settings(restarts=2, steps=4, rate=1e-6, seed=3))
    assert found.restarts[found.best].accuracy > apart.restarts[apart.best].accuracy


def test_structs_and_state_come_as_arrays_of_their_numbers() -> None:
    sketch = read_sketch(
        source="#pragma surrogate modulus(8)\n#pragma surrogate choose(k, 0, 3)\nextern const int k;\n"
        "struct pair { int a, b; };\nstatic int count = 1;\n#pragma surrogate state(count)\n"
        "int f(struct pair p) { count = count + p.a; return (p.b + k * count) % 8; }\n"
    )
    rng = np.random.default_rng(0)
    p, count = rng.integers(0, 4, (60, 2)), rng.integers(0, 4, 60)
    after = count + p[:, 0]
    results = np.stack([(p[:, 1] + 2 * after) % 8, after], axis=1)
    assert [r.name for r in sketch.program.results] == ["return", "count"]
    examples = examples_of(sketch, {"p": p, "count": count, "result": results})
    found = learn(sketch, examples, Settings(restarts=2, steps=60))
    assert found.model.chosen() == {"k": 2}


BAD_DATA = {
    "a missing array": ({"x": np.zeros((9, 3))}, "no array 'result'"),
    "another shape": (
        {"x": np.zeros((9, 4)), "result": np.zeros(9)},
        r"'x' has shape \[9, 4\], and \[9, 3\] is needed",
    ),
    "other rows": ({"x": np.zeros((9, 3)), "result": np.zeros(8)}, "'result' has 8 rows, others have 9"),
    "out of range": ({"x": np.full((9, 3), 10), "result": np.zeros(9)}, r"row 0: 'x\[0\]' is 10, .* from 0 to 9"),
    "not whole": ({"x": np.zeros((9, 3)), "result": np.full(9, 0.5)}, "row 0: the result 'return' is 0.5"),
    "no number": ({"x": np.zeros((9, 3)), "result": np.array([0.0] * 8 + [np.nan])}, "row 8: 'result' is not finite"),
    "no number among arguments": (
        {"x": np.where(np.arange(27).reshape(9, 3) == 13, np.nan, 1), "result": np.zeros(9)},
        "row 4: 'x' is not finite",
    ),
    "text": ({"x": np.array([["a"] * 3] * 9), "result": np.zeros(9)}, "'x' holds <U1, not numbers"),
    "none": ({"x": np.zeros((0, 3)), "result": np.zeros(0)}, "'x' holds no examples"),
    "what it cannot give": (
        {"x": np.zeros((9, 3)), "result": np.full(9, 12)},
        "is 12, and 'f' gives numbers from 0 to 9",
    ),
    "too few": ({"x": np.zeros((3, 3)), "result": np.zeros(3)}, "at least 5 examples"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_are_told_with_their_row(case: str) -> None:
    arrays, message = BAD_DATA[case]
    sketch = read_sketch(source=CHOOSES)
    with pytest.raises(UsageError, match=message):
        learn(sketch, examples_of(sketch, arrays), Settings(restarts=1, steps=1))


PICTURE = "#pragma surrogate learn(digit, values(10))\nextern int digit(const float picture[16]);\n"
NOT_FOLLOWED = {
    "a floating result beside a choice": (
        "#pragma surrogate choose(k, 0, 3)\nextern const int k;\n#pragma surrogate learn(dial)\n"
        "extern double dial(const float p[2]);\ndouble f(const float p[2]) { return k * dial(p); }\n",
        3,
        "'dial' gives a floating number beside",
    ),
    "a picture that is read": (PICTURE + "int f(const float p[16]) { return digit(p) + (p[0] > 0.5f); }", 3, "scalar"),
    "an unbounded loop": (
        PICTURE + "int f(const float p[2][16])\n{\n    int k = 0;\n    while (digit(p[k]) != 3)\n"
        "        k = (k + digit(p[k])) % 2;\n    return k;\n}\n",
        6,
        "a loop that is not known to end",
    ),
}


@pytest.mark.parametrize("case", NOT_FOLLOWED)
def test_what_is_not_followed_is_told_at_its_place(case: str) -> None:
    source, line, message = NOT_FOLLOWED[case]
    with pytest.raises(ProgramError) as raised:
        Model(read_sketch(source=source), 1)
    assert (raised.value.diagnostics[0].line, message in raised.value.diagnostics[0].message) == (line, True)


COMPUTED = {
    "a result": "return k + (int)x;",
    "an index": "static const int t[2] = {1, 2}; return t[(int)x] + k;",
    "compared with a choice": "return x > k;",
    "chosen by one": "return (k ? x : -x) > 0;",
}


@pytest.mark.parametrize("case", COMPUTED)
def test_what_is_computed_of_floating_arguments_beside_choices_is_refused(case: str) -> None:
    source = f"#pragma surrogate choose(k, 0, 3)\nextern const int k;\nint f(double x) {{ {COMPUTED[case]} }}\n"
    with pytest.raises(ProgramError, match="'x' is a floating number beside"):
        Model(read_sketch(source=source), 1)


def test_a_choice_is_found_by_which_side_of_a_threshold_a_number_is() -> None:
    sketch = read_sketch(
        source="#pragma surrogate choose(low, 0, 3)\n#pragma surrogate choose(high, 0, 3)\n"
        "extern const int low, high;\nint f(double x) { return x < 0.5 ? low : high; }\n"
    )
    x = np.random.default_rng(0).uniform(0, 1, 60)
    found = learn(sketch, examples_of(sketch, {"x": x, "result": np.where(x < 0.5, 3, 1)}), Settings(2, 60))
    assert found.model.chosen() == {"low": 3, "high": 1}
