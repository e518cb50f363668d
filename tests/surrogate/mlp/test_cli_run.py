from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import surrogate
from surrogate.cli import main
from tests.surrogate.command import give_stdin, usage_error

pytestmark = pytest.mark.usefixtures("in_own_folder")


@pytest.mark.parametrize("values", [["2", "0.5"], ["0.25", "-1"], ["1e0", "-1e-3"], ["+3.", "-.5"], ["1E-3", "-1E-3"]])
def test_run_takes_c_numbers(
    artifact: str, plane: surrogate.Surrogate, values: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", artifact, *values]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert float(out) == pytest.approx(plane.predict([[float(v) for v in values]])[0, 0])


def test_run_prints_several_results_on_one_line(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "struct p { double a, b; }; struct p f(double x) { struct p r = { x, 1 }; return r; }"
    compiled = surrogate.compile(source=source, compiler=compiler)
    compiled.save("p")
    assert main(["run", "p", "0.5"]) == 0
    values = capsys.readouterr().out.split()
    np.testing.assert_allclose([float(v) for v in values], compiled.predict([[0.5]])[0])


def test_values_are_written_as_in_c(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for values in (["2", "-0.25"], ["0x2", "-0x1p-2"], ["2e0", "-25e-2"], ["2.", "-.25"]):
        assert main(["run", artifact, *values]) == 0
        shown.append(capsys.readouterr().out)
    assert len(set(shown)) == 1


def test_run_warns_outside_the_domain(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", artifact, "5", "0"]) == 0
    out, err = capsys.readouterr()
    assert float(out)
    assert "warning: the input is outside the domain (x in [0, 4])" in err
    Path("rows.csv").write_text("1,0\n2,-9\n-1,0\n")
    assert main(["run", artifact, "--input", "rows.csv"]) == 0
    assert "2 of 3 rows are outside the domain (x in [0, 4], y in [-1, 1])" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1"], "2 values are needed (x, y), not 1"),
        (["1", "2", "3"], "2 values are needed (x, y), not 3"),
        (["1", "two"], "argument 'y': 'two' is not a finite number"),
        (["1", "-inf"], "argument 'y': '-inf' is not a finite number"),
        (["nan", "1"], "argument 'x': 'nan' is not a finite number"),
        ([], "either one value an argument or --input"),
        (["1", "2", "--input", "rows.csv"], "either one value an argument or --input"),
    ],
)
def test_run_says_what_is_wrong_with_values(
    artifact: str, values: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in usage_error(["run", artifact, *values], capsys)


@pytest.mark.parametrize(
    "text",
    [
        "1,0.5\n2,-0.5\n",
        "x,y\n1,0.5\n2,-0.5\n",
        "y,x\n0.5,1\n-0.5,2\n",
        "id,y,x\na,0.5,1\nb,-0.5,2\n",
        "\ufeffx, y\r\n1, 0.5\r\n\r\n2, -5e-1",
        '"x","y"\n"1","0.5"\n2,-0.5\n\n',
    ],
    ids=["plain", "header", "reordered", "further columns", "spreadsheet", "quoted"],
)
def test_run_reads_csv(
    artifact: str, plane: surrogate.Surrogate, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.csv").write_text(text, encoding="utf-8")
    assert main(["run", artifact, "--input", "rows.csv"]) == 0
    out, err = capsys.readouterr()
    header, *lines = out.split()
    assert (header, err) == ("return", "")
    np.testing.assert_allclose([float(v) for v in lines], plane.predict([[1, 0.5], [2, -0.5]])[:, 0])
    assert main(["run", artifact, "--input", "rows.csv", "--output", "out.csv"]) == 0
    assert capsys.readouterr().out == ""
    assert Path("out.csv").read_text() == out


def test_run_reads_rows_from_stdin(
    artifact: str, plane: surrogate.Surrogate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give_stdin(monkeypatch, b"1,0.5\n")
    assert main(["run", artifact, "--input", "-"]) == 0
    assert float(capsys.readouterr().out.split()[1]) == pytest.approx(plane.predict([[1, 0.5]])[0, 0])
    give_stdin(monkeypatch, b"1,x\n")
    assert "<stdin>:1: column 2: 'x'" in usage_error(["run", artifact, "--input", "-"], capsys)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1,2\n3,x\n", "rows.csv:2: column 2: 'x' is not a finite number"),
        (b"x,y\n\n1,2\n3,\n", "rows.csv:4: column 2: '' is not a finite number"),
        (b"1,nan\n", "rows.csv:1: column 2: 'nan' is not a finite number"),
        (b"1,2\n3\n", "rows.csv:2: 2 values are needed, not 1"),
        (b"1,2,3\n", "rows.csv:1: 2 values are needed, not 3"),
        (b"x,z\n1,2\n", "rows.csv:1: the header has no column 'y' (needed are x, y)"),
        (b"x,y,z\n1,2\n", "rows.csv:2: 3 values are needed, not 2"),
        (b"", "rows.csv: no rows"),
        (b"x,y\n", "rows.csv: no rows"),
        (b"\xff\xfe\x00\x01", "rows.csv: not a text file in UTF-8"),
        (b"1,\x00\n", "rows.csv:1: "),
    ],
)
def test_run_says_what_is_wrong_with_rows(
    artifact: str, content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.csv").write_bytes(content)
    assert message in usage_error(["run", artifact, "--input", "rows.csv", "--output", "out.csv"], capsys)
    assert not Path("out.csv").exists()


def test_run_says_which_file_it_cannot_use(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no.csv: cannot be read: No such file" in usage_error(["run", artifact, "--input", "no.csv"], capsys)
    argv = ["run", artifact, "1", "1", "--output", "no/out.csv"]
    assert "no/out.csv: cannot be written: No such file" in usage_error(argv, capsys)
    assert "no such artifact" in usage_error(["run", "no.surrogate", "1"], capsys)
    assert "not a surrogate artifact" in usage_error(["run", ".", "1"], capsys)
