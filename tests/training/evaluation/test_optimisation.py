"""The problems of the search for the best input: kernels against published optima, and what is counted."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.program import Program, Signature
from surrogate.optimise.problem import Problem, problem
from training.evaluation.optimisation import report
from training.evaluation.optimisation.measure import Measured, median
from training.evaluation.optimisation.problems import CASES
from training.evaluation.optimisation.rivals import QUALITY, RIVALS, Counted, Enough, Measure, rows_of

PUBLISHED = {
    "branin": ([math.pi, 2.275], 0.397887),
    "six_hump_camel": ([0.0898, -0.7126], -1.0316),
    "goldstein_price": ([0, -1], math.log(3)),
    "rosenbrock4": ([1, 1, 1, 1], 0),
    "hartmann6": ([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573], -3.32237),
    "ackley": ([0, 0], 0),
    "rastrigin": ([0, 0], 0),
    "coil_spring": ([0.051690, 0.356750, 11.287126], 0.012665),
    "pressure_vessel": ([13, 7, 42.098446, 176.636596], 6059.7143),
    "welded_beam": ([0.20572964, 3.47048867, 9.03662391, 0.20572964], 1.724852),
}
"""Where the literature has the optimum, and its value."""


def asked(name: str) -> tuple[Program, Problem]:
    case = next(case for case in CASES if case.name == name)
    program = cprograms.load(case.path)
    words = {k: getattr(case, k) for k in ("minimize", "maximize", "match", "subject_to", "fix")}
    return program, problem(Signature.of(program), **words)


@pytest.mark.parametrize("name", PUBLISHED)
def test_kernels_have_the_published_optima(name: str) -> None:
    program, wanted = asked(name)
    x, value = PUBLISHED[name]
    measure = Measure(program, wanted, 0)
    aim, gaps = measure.of(np.array([x], dtype=np.float64))
    assert aim[0] * measure.aim_range == pytest.approx(value, rel=2e-4, abs=1e-5)
    assert (gaps <= QUALITY).all()
    # No point about it that holds the conditions is better.
    rng = np.random.default_rng(0)
    reach = 0.02 * (program.domain[:, 1] - program.domain[:, 0])
    around = np.clip(x + rng.uniform(-reach, reach, (2000, len(x))), *program.domain.T)
    aims, gaps = measure.of(wanted.values(wanted.points(around)))
    assert (aims[(gaps <= 0).all(1)] >= aim[0] - QUALITY).all()


def test_every_problem_can_be_asked() -> None:
    assert len(CASES) == 20
    for case in CASES:
        if case.name not in PUBLISHED:
            program, wanted = asked(case.name)
            assert wanted.free
            assert np.isfinite(program.run(program.domain.mean(1)[None])).all()


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_is_stopped_at_its_first_hit(name: str) -> None:
    program, wanted = asked("branin")
    measure = Measure(program, wanted, 0)
    best = 0.397887 / measure.aim_range
    ran = []
    real = measure.of
    measure.of = lambda x: ran.append(x) or real(x)  # type: ignore[assignment,func-returns-value]
    rows = rows_of(RIVALS[name], measure, best, 1)
    assert rows == len(ran)
    assert [bool(measure.hits(x, best)[0]) for x in ran[:rows]] == [False] * (rows - 1) + [True]


def test_a_method_that_finds_nothing_has_no_rows() -> None:
    program, wanted = asked("branin")

    def blind(counted: Counted, seed: int) -> None:
        while True:
            counted.penalised(np.zeros(2))

    assert rows_of(blind, Measure(program, wanted, 0), -math.inf, 0) is None
    counted = Counted(Measure(program, wanted, 0), math.inf)
    with pytest.raises(Enough):
        counted.values(np.zeros(2))
    assert (counted.rows, counted.hit) == (1, True)


def made(name: str, ours: list[int | None], theirs: list[int | None]) -> Measured:
    tried = {rival: {"rows": theirs, "compiled": 0} for rival in RIVALS}
    return {
        "name": name,
        "asked": "minimize return",
        "dimensions": 2,
        "conditions": 0,
        "nmse": {"-O2": None},
        "best": 0.0,
        "seconds": 1.0,
        "tried": {"-O2": {"rows": ours, "compiled": 100}, **tried},  # type: ignore[typeddict-item]
    }


def test_ratios_are_of_medians_and_misses_count_in_full() -> None:
    p, q = made("p", [1, 2, None], [20, 40, 60]), made("q", [None, 3, None], [30, 30, 30])
    assert median(p["tried"]["-O2"]) == 2
    assert median(p["tried"]["-O2"], whole=True) == 102
    assert median(q["tried"]["-O2"]) == 3000
    assert report.mean_ratio([p, q], "-O2", "COBYQA", False) == pytest.approx(math.sqrt(20 * 30 / 3000))
    text = report.markdown({"problems": [p, q], "seeds": [0, 1, 2], "command": "python x"})
    assert "| `q` | 2 | 0 | ∞ | **3,000** | 30 | 30 | 30 |" in text
    assert "its compile not counted: q." in text


def test_the_page_is_what_its_figures_say() -> None:
    results = Path(__file__).parents[3] / "docs" / "results"
    document = json.loads((results / "optimize.json").read_text())
    assert (results / "optimize.md").read_text() == report.markdown(document)
    known = [case.name for case in CASES]
    assert [p["name"] for p in document["problems"]] == [
        n for n in known if n in {p["name"] for p in document["problems"]}
    ]
    assert f"Measured: {len(document['problems'])} of {len(known)} problems" in report.markdown(document)
