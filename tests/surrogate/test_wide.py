"""Programs of up to 64 arguments and results, with arrays, structs and state, through every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.program import Signature
from cprograms.sampling import sample
from surrogate.cli import main
from surrogate.mlp.fitting.growth import ROW_PAIR_SECONDS, SHARES, STEP_SECONDS, planned
from surrogate.mlp.parts.taps import find_taps
from tests.surrogate.command import usage_error
from tests.surrogate.wide_programs import DCT, FILTER, QUANTISED, SOBEL, WIDE

pytestmark = pytest.mark.usefixtures("in_own_folder")


@pytest.mark.parametrize("name", WIDE)
def test_the_program_is_what_numpy_computes(name: str) -> None:
    program = cprograms.load(source=WIDE[name].source)
    assert str(Signature.of(program)) == WIDE[name].signature
    x = sample(program, 200, 0)
    np.testing.assert_allclose(program.run(x), WIDE[name].oracle(x), atol=1e-9)


@pytest.mark.parametrize("name", WIDE)
def test_the_graph_is_exact_and_survives_the_artifact(name: str) -> None:
    wide = WIDE[name]
    made = surrogate.compile(source=wide.source, target="graph")
    assert made.check(500).nmse < 1e-20
    made.save("g.graph")
    loaded = surrogate.load("g.graph")
    x = sample(loaded.program, 200, 1)
    np.testing.assert_allclose(loaded.predict(x), wide.oracle(x), atol=1e-9)


@pytest.mark.parametrize("name", WIDE)
def test_an_artifacts_program_is_the_same(name: str, compiler: Path) -> None:
    """Its extents, fixed numbers and state included, so that a check of the loaded artifact is one of the program."""
    made = surrogate.compile(source=WIDE[name].source, compiler=compiler, opt_level=0)
    made.save("s.surrogate")
    loaded = surrogate.load("s.surrogate")
    assert isinstance(loaded, surrogate.Surrogate)
    for part in ("arguments", "results", "returned", "restored"):
        assert getattr(loaded.program, part) == getattr(made.program, part)
    passed = [
        [(p.name, p.passing, p.arguments, p.results, p.fixed) for p in s.program.parameters] for s in (made, loaded)
    ]
    assert passed[0] == passed[1]
    x = sample(made.program, 100, 2)
    np.testing.assert_array_equal(loaded.program.run(x), made.program.run(x))
    np.testing.assert_array_equal(loaded.predict(x), made.predict(x))
    assert loaded.check(200).rows == 200


@pytest.mark.parametrize("level", [0, 1, 2])
def test_every_level_takes_64_arguments_and_results(level: int) -> None:
    made = surrogate.compile(source=DCT, opt_level=level)
    x = sample(made.program, 300, 3)
    found = made.predict(x)
    assert found.shape == (300, 64)
    assert np.isfinite(found).all()
    if level == 1:
        assert made.check(500).nmse < 0.9
    if level == 2:
        np.testing.assert_allclose(found, WIDE["dct"].oracle(x), atol=1e-6)
        traced = torch.export.export(made.module, (torch.from_numpy(x),)).module()
        np.testing.assert_allclose(traced(torch.from_numpy(x)).detach().numpy(), found, atol=1e-9)


def test_forty_scalars_are_fitted() -> None:
    made = surrogate.compile(source=WIDE["forty"].source, opt_level=2)
    x = sample(made.program, 500, 4)
    error = made.predict(x) - WIDE["forty"].oracle(x)
    assert error.var() < 1e-3 * WIDE["forty"].oracle(x).var()


def test_there_may_be_a_tap_for_each_of_many_results() -> None:
    program = cprograms.load(source=QUANTISED)
    taps = find_taps(program, lower(program))
    assert taps is not None
    assert len(taps.gates) == 64
    made = surrogate.compile(source=QUANTISED, opt_level=2)
    assert made.check(500).worst.nmse < 1e-12


@pytest.mark.parametrize("towers", [1, 2, 7, 64, 128])
def test_steps_of_many_towers_share_the_time(towers: int) -> None:
    """At least one step of each tower is made, whatever that takes."""
    plan = planned(0.35, towers)
    cost = sum(steps * (STEP_SECONDS + ROW_PAIR_SECONDS * rows**2) for rows, steps in plan)
    least = STEP_SECONDS + ROW_PAIR_SECONDS * SHARES[0][0] ** 2
    assert towers * cost <= max(0.35, towers * least) * (1 + 1e-9)
    assert [rows for rows, _ in plan] == sorted({rows for rows, _ in plan})
    assert min(steps for _, steps in plan) >= 1
    assert planned(0.35, 1) == [(256, 55), (512, 16), (768, 11), (1000, 6)]


# --- Arrays by name ---


@pytest.fixture
def sobel(compiler: Path) -> surrogate.Surrogate:
    return surrogate.compile(source=SOBEL, compiler=compiler)


def test_arrays_go_to_surrogates_and_programs_alike(sobel: surrogate.Surrogate) -> None:
    w = np.random.default_rng(0).uniform(0, 255, (6, 3, 3))
    rows = np.column_stack([w.reshape(6, 9), np.full(6, 0.5)])
    frame = pd.DataFrame(rows, columns=[a.name for a in sobel.arguments])
    for found in (sobel.predict(w=w, gain=0.5), sobel.predict({"gain": 0.5, "w": w}), sobel(frame)):
        np.testing.assert_array_equal(found, sobel.predict(rows))
    np.testing.assert_allclose(sobel.program.run(w=w, gain=0.5), WIDE["sobel"].oracle(rows), rtol=1e-12)
    with pytest.raises(ValueError, match=r"'w' of shape \[\.\.\., 3, 3\] is needed, not \[6, 9\]"):
        sobel.predict(w=w.reshape(6, 9), gain=0.5)
    with pytest.raises(ValueError, match=r"the last axis is w\[0\.\.2\]\[0\.\.2\], gain; not \[3\]"):
        sobel.module(torch.zeros(3))


def test_what_people_read_is_short(sobel: surrogate.Surrogate, capsys: pytest.CaptureFixture[str]) -> None:
    sobel.save("sobel.surrogate")
    assert "| `w[0..2][0..2]` | `double` | 0 to 255 |\n| `gain` |" in Path("sobel.surrogate/README.md").read_text()
    Path("dct.c").write_text(DCT)
    assert main(["inspect", "dct.c"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) < 10
    assert max(map(len, out.splitlines())) < 120
    assert "in[0..63] in [-128, 127]" in out
    assert main(["compile", "dct.c", "-O2", "-o", "dct.surrogate"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) < 20
    assert "and 56 others that err less" in out
    card = Path("dct.surrogate/README.md").read_text()
    assert "predict(rows)  # of shape [..., 64], or by name: in of shape [..., 64]" in card
    assert card.count("\n| `out[") == 64
    assert main(["run", "dct.surrogate", "1", "2"]) == 2
    assert "64 values are needed (in[0..63]), not 2" in capsys.readouterr().err


# --- Tables in which a name is an argument and a result ---


@pytest.fixture
def states(compiler: Path) -> str:
    surrogate.compile(source=FILTER, compiler=compiler).save("f.surrogate")
    return "f.surrogate"


COLUMNS = ["f.b[0]", "f.b[1]", "f.b[2]", "f.z[0]", "f.z[1]", "x"]
AFTER = ["return", "f.z[0] after", "f.z[1] after"]


def test_results_stand_beside_the_arguments_that_they_follow(states: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (40, 6))
    pd.DataFrame(x, columns=COLUMNS)[COLUMNS[::-1]].to_csv("in.csv", index=False)
    assert main(["run", states, "--input", "in.csv", "--output", "out.csv"]) == 0
    out = pd.read_csv("out.csv")
    assert list(out.columns) == AFTER
    np.testing.assert_allclose(out, surrogate.load(states).predict(x), rtol=1e-9, atol=1e-12)
    assert main(["run", states, "--input", "in.csv", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["rows"][0]) == AFTER
    both = pd.concat(
        [pd.DataFrame(x, columns=COLUMNS), pd.DataFrame(2 * WIDE["filter"].oracle(x), columns=AFTER)], axis=1
    )
    both.to_csv("data.csv", index=False)
    both.to_parquet("data.parquet")
    for data in ("data.csv", "data.parquet"):
        assert main(["finetune", states, "--data", data, "--steps", "1", "-o", "tuned.surrogate"]) == 0
        tuned = surrogate.load("tuned.surrogate")
        np.testing.assert_allclose(tuned.predict(x), 2 * WIDE["filter"].oracle(x), atol=0.05)
    message = usage_error(["finetune", states, "--data", "in.csv", "--steps", "1"], capsys)
    assert "no column 'return' (needed are f.b[0..2], f.z[0..1], x, return, f.z[0..1] after)" in message


def test_one_result_is_named_by_its_expression(states: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["finetune", states, "--rows", "40", "--steps", "1", "-o", "tuned.surrogate"]
    assert main([*argv, "--result", "f.z[1]"]) == 0
    capsys.readouterr()
    assert "did you mean 'f.z[1]'? the results are return, f.z[0..1]" in usage_error(
        [*argv, "--result", "f.z[2]"], capsys
    )


# --- The program beside the surrogate ---

PARTIAL = """\
#include <math.h>
#pragma surrogate range(x, 0, 1)
#pragma surrogate range(n, -3, 3)
double above(double x, int n)
{
    int third = 9 / n;
    return sqrt(x - 0.5) + third;
}
"""


@pytest.fixture
def partial(compiler: Path) -> str:
    surrogate.compile(source=PARTIAL, compiler=compiler).save("p.surrogate")
    return "p.surrogate"


def test_exact_gives_the_programs_values_and_why_there_are_none(partial: str) -> None:
    loaded = surrogate.load(partial)
    x = np.array([[0.75, 3], [0.25, 3], [0.75, 0]])
    found = loaded.predict(x, exact=True)
    np.testing.assert_array_equal(found.surrogate, loaded.predict(x))
    np.testing.assert_allclose(found.program[:, 0], [3.5, np.nan, np.nan])
    assert found.reasons.tolist() == ["", "NaN or infinity", "integer division by zero"]
    assert {(f.words, round(f.share, 3)) for f in found.faults} == {
        ("NaN or infinity", 0.333),
        ("integer division by zero at program.c:7", 0.333),
    }
    one = loaded.predict(x=np.ma.MaskedArray([[0.75, 0.75]], [[True, False]]), n=3, exact=True)
    assert one.reasons.shape == (1, 2)
    assert np.ma.getmaskarray(one.program)[0, :, 0].tolist() == [True, False]
    assert loaded.predict(x, exact=False).shape == (3, 1)


def test_an_argument_may_be_called_exact(compiler: Path) -> None:
    made = surrogate.compile(source="double f(double exact) { return 2 * exact; }", compiler=compiler)
    np.testing.assert_array_equal(made.predict(exact=0.5), made.predict([0.5]))


def test_run_tells_both(partial: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", partial, "0.75", "3", "--exact"]) == 0
    out, err = capsys.readouterr()
    assert out.split()[:3] == ["result", "surrogate", "program"]
    assert out.split()[-1] == "3.5"
    assert err == ""
    assert main(["run", partial, "0.75", "0", "--exact"]) == 0
    out, err = capsys.readouterr()
    assert out.split()[-1] == "nan"
    assert "the program gives no finite result for this input: integer division by zero at program.c:7" in err


def test_rows_are_told_with_their_reasons(partial: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.csv").write_text("0.75,3\n0.25,1\n0.75,0\n0.75,0\n")
    assert main(["run", partial, "--input", "in.csv", "--exact", "--output", "out.csv"]) == 0
    table = pd.read_csv("out.csv", keep_default_na=False, na_values=["nan"])
    assert list(table.columns) == ["return surrogate", "return program", "reason"]
    assert table["reason"].tolist() == ["", "NaN or infinity", *["integer division by zero"] * 2]
    np.testing.assert_allclose(table["return program"], [3.5, *[np.nan] * 3])
    err = capsys.readouterr().err
    assert "no finite result for 3 of 4 inputs: integer division by zero at program.c:7 on 50% of rows" in err
    assert main(["run", partial, "--input", "in.csv", "--exact", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["program"] == [{"return": 3.5}, *[{"return": None}] * 3]
    assert document["reasons"] == [None, "NaN or infinity", *["integer division by zero"] * 2]
    assert len(document["rows"]) == 4


def test_without_exact_a_run_says_that_it_does_not_know(partial: str, capsys: pytest.CaptureFixture[str]) -> None:
    surrogate.load(partial).check()
    assert main(["run", partial, "0.1", "1"]) == 0
    assert "the surrogate does not know which inputs those are" in capsys.readouterr().err
