"""Numbers that an argument's C type does not hold: one line, whichever way they come in."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from ctypes import c_float, c_int8, c_int16, c_int64, c_uint8, c_uint32, c_uint64
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cprograms
import surrogate
from cprograms.types import SCALARS
from surrogate.cli import main
from surrogate.graph.artifact import GraphProgram
from surrogate.numeric.tables import misfit
from tests.surrogate.command import give_stdin, usage_error

pytestmark = pytest.mark.usefixtures("in_own_folder")

SOURCE = """
#pragma surrogate range(n, -30000, 30000)
#pragma surrogate range(w, 0, 9)
double mixed(short n, unsigned char c, _Bool on, float x, long long w) { return on ? n + 2 * c + x : w * x; }
"""
NAMES = "n", "c", "on", "x", "w"
GOOD = "7", "200", "1", "0.5", "3"
TAKEN: dict[str, dict[str, float]] = {
    "n": {"9.0": 9, "1e3": 1000, "0x10": 16, "-0x8000": -32768, "32767": 32767},
    "c": {"255": 255, "0xff": 255, "-0": 0},
    "on": {"true": 1, "False": 0, "0": 0, "1.0": 1},
    "x": {"0.1": 0.1, "-3.4028235e38": -3.4028235e38},
    "w": {"9007199254740992": 2**53, "-0x8000000000000000": -(2**63)},
}
"""What is read of an argument, beside good values for the others."""
REFUSED = {
    ("n", "9.5"): "9.5 is not a whole number, as type short needs",
    ("n", "32768"): "32768 does not fit type short: -32768 to 32767",
    ("n", "1e400"): "'1e400' does not fit a double, and numbers are read as doubles",
    ("n", "1" + "0" * 400): "does not fit a double, and numbers are read as doubles",
    ("n", "true"): "'true' is not a finite number",
    ("c", "-1"): "-1 does not fit type unsigned char: 0 to 255",
    ("c", "0x100"): "256 does not fit type unsigned char: 0 to 255",
    ("c", "0x1p-3"): "0.125 is not a whole number, as type unsigned char needs",
    ("c", "inf"): "'inf' is not a finite number",
    ("on", "2"): "2 does not fit type _Bool: 0 to 1",
    ("on", "0.5"): "0.5 is not a whole number, as type _Bool needs",
    ("on", "yes"): "'yes' is not a finite number",
    ("x", "1e39"): "1e+39 does not fit type float: -3.40282e+38 to 3.40282e+38",
    ("x", "nan"): "'nan' is not a finite number",
    ("w", "9007199254740993"): "9007199254740993 is 9007199254740992 as a double, and numbers are read as doubles",
    ("w", "9223372036854775807"): "is 9223372036854775808 as a double, and numbers are read as doubles",
    (
        "w",
        "9223372036854775808",
    ): "9223372036854775808 does not fit type long long: -9223372036854775808 to 9223372036854775807",
}


def _values(name: str, text: str) -> list[str]:
    return [text if n == name else good for n, good in zip(NAMES, GOOD, strict=True)]


@pytest.fixture(scope="module")
def mixed() -> GraphProgram:
    found = surrogate.compile(source=SOURCE, target="graph")
    assert isinstance(found, GraphProgram)
    return found


@pytest.fixture(autouse=True)
def saved(mixed: GraphProgram, in_own_folder: None) -> None:
    mixed.save("mixed.graph")


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_a_value_that_the_type_does_not_hold_is_refused(
    name: str, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message, values = REFUSED[name, text], _values(name, text)
    told = usage_error(["run", "mixed.graph", *values], capsys)
    assert f"argument '{name}': " in told
    assert message in told
    table = f"{','.join(GOOD)}\n\n{','.join(values)}\n"
    Path("rows.csv").write_text(table)
    place = f"rows.csv:3: column {NAMES.index(name) + 1}: "
    told = usage_error(["run", "mixed.graph", "--input", "rows.csv", "--output", "out.csv"], capsys)
    assert place in told
    assert message in told
    assert not Path("out.csv").exists()
    give_stdin(monkeypatch, table.encode())
    assert message in usage_error(["run", "mixed.graph", "--input", "-"], capsys)
    # Another order of the columns, and results of any value.
    Path("data.csv").write_text(f"return,{','.join(NAMES)}\n0.25,{','.join(GOOD)}\n0.5,{','.join(values)}\n")
    told = usage_error(["finetune", "mixed.graph", "--data", "data.csv"], capsys)
    assert f"data.csv:3: column {NAMES.index(name) + 2}: " in told
    assert message in told


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TAKEN.items() for text in texts])
def test_a_value_that_the_type_holds_is_read(
    name: str, text: str, mixed: GraphProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    row = [TAKEN[name][text] if n == name else float(good) for n, good in zip(NAMES, GOOD, strict=True)]
    expected = mixed.outputs(np.array([row], dtype=np.float64))[0, 0]
    Path("rows.csv").write_text(f"{','.join(_values(name, text))}\n")
    for argv in (["run", "mixed.graph", *_values(name, text)], ["run", "mixed.graph", "--input", "rows.csv"]):
        assert main([*argv, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"][0]["return"] == pytest.approx(expected, rel=1e-12)


def test_a_table_of_truth_values_alone_has_no_header(capsys: pytest.CaptureFixture[str]) -> None:
    surrogate.compile(source="int both(_Bool a, _Bool b) { return 2 * a + b; }", target="graph").save("both.graph")
    Path("rows.csv").write_text("true,false\nFalse,True\n")
    assert main(["run", "both.graph", "--input", "rows.csv"]) == 0
    assert capsys.readouterr().out.split() == ["return", "2", "1"]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("n", [1.0, 9.5], "row 2: column 'n': 9.5 is not a whole number, as type short needs"),
        ("n", [1, 32768], "row 2: column 'n': 32768 does not fit type short: -32768 to 32767"),
        (
            "w",
            [1, 2**53 + 1],
            f"row 2: column 'w': {2**53 + 1} is {2**53} as a double, and numbers are read as doubles",
        ),
    ],
)
def test_parquet_files_are_read_by_the_same_rule(
    name: str, values: list[float], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {n: [float(good)] * 2 for n, good in zip(NAMES, GOOD, strict=True)} | {name: values}
    pq.write_table(pa.table(columns | {"on": [True, False]}), "rows.parquet")
    assert message in usage_error(["run", "mixed.graph", "--input", "rows.parquet"], capsys)
    pq.write_table(pa.table(columns | {"on": [True, False], name: values[:1] * 2}), "rows.parquet")
    assert main(["run", "mixed.graph", "--input", "rows.parquet"]) == 0


def test_measured_rows_in_python_are_taken_by_the_same_rule(mixed: GraphProgram, plane: surrogate.Surrogate) -> None:
    x = np.array([[1, 2, 1, 0.5, 3], [1.5, 2, 1, 0.5, 3]])
    with pytest.raises(ValueError, match=r"row 1: argument 'n': 1\.5 is not a whole number"):
        mixed.fit(x, np.zeros(2))
    whole = cprograms.load(source="double plane(int x, double y) { return 3 * x + y; }", ranges={"x": (0, 4)})
    with pytest.raises(ValueError, match=r"row 1: argument 'x': 0\.25 is not a whole number"):
        plane.finetune(([[1, 0.5], [0.25, 0.5], [2, 0.5]], [3.5, 1.25, 6.5]), program=whole)


def test_beside_the_program_no_other_row_is_run(mixed: GraphProgram) -> None:
    row = dict(zip(NAMES, (7, 1, 1, 0.5, 3), strict=True))  # within the domain
    found = mixed.predict(**row, exact=True)
    assert found.surrogate == pytest.approx(found.program)
    with pytest.raises(ValueError, match=r"row 1: argument 'n': 7\.5 is not a whole number"):
        mixed.predict(**row | {"n": [7, 7.5]}, exact=True)


@pytest.mark.parametrize(
    ("range", "said"),
    [
        ("w=0:9223372036854775807", "w in [0, 9.223372036854776e+18]"),
        ("w=0:9223372036854775808", "the range of 'w', 0:9223372036854775808, does not fit its type long long"),
        ("n=0.5:9", "the range of 'n' must be whole numbers, for its type is short; not 0.5:9"),
        ("x=0:1e400", "the range of 'x' must be finite, not 0:inf"),
        ("n=0:1" + "0" * 400, "is not of the form NAME=LOW:HIGH"),
    ],
)
def test_ends_of_a_range_are_read_by_the_same_rule(range: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mixed.c").write_text(SOURCE)
    with suppress(SystemExit):
        main(["inspect", "mixed.c", "--range", range])
    out, err = capsys.readouterr()
    assert said in out + err


INTEGERS = {"i8": c_int8, "u8": c_uint8, "i16": c_int16, "u32": c_uint32, "i64": c_int64, "u64": c_uint64}


@given(st.sampled_from(sorted(INTEGERS)), st.integers(-(2**65), 2**65) | st.integers(-300, 300), st.floats(0, 1))
def test_integer_types_hold_what_c_gives_back(code: str, value: int, fraction: float) -> None:
    given = float(value) + fraction
    type = INTEGERS[code]
    held = given == int(given) and type(int(given)).value == int(given)
    assert (misfit(np.array([[0.0, given]]), [SCALARS["f64"], SCALARS[code]]) is None) == held


@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(3.4e38, 3.41e38))
def test_float_holds_what_does_not_overflow_in_it(value: float) -> None:
    assert (misfit(np.array([[value]]), [SCALARS["f32"]]) is None) == math.isfinite(c_float(value).value)
