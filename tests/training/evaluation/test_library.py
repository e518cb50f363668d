"""The script that measures the library and writes docs/library.md."""

import json
import re

import pytest

from tests import ROOT
from training.evaluation import library
from training.script import run

FUNCTIONS = ["luminance", "fft_twiddle", "greatest_common_divisor", "sobel"]


def test_the_table_and_the_document_say_the_same(load_script, compiler, tmp_path, capsys):
    out = tmp_path / "library.md"
    options = ["--rows", "200", "--seed", "3", "--compiler", str(compiler), "--out", str(out), "--json"]
    script = load_script("evaluate/library")
    assert run(script.PARSER, script.main, [*FUNCTIONS, *options]) == 0
    document, text = json.loads(capsys.readouterr().out), out.read_text()
    assert [f["name"] for f in document["functions"]] == FUNCTIONS
    assert "--rows 200 --seed 3" in text
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| [`")}
    for function in document["functions"]:
        errors = [function["reports"][level]["nmse"] for level in ("O0", "O1", "O2")]
        cells = [cell.strip() for cell in rows[function["name"]].split("|")]
        assert [float(cell) for cell in cells[-5:-2]] == pytest.approx(errors, rel=0.05)
        assert ("◊" in cells[1]) == (not function["followed"])
    assert "◊" in rows["greatest_common_divisor"]
    defined = dict(re.findall(r"^- `(\w+)`: (.*\n(?:  .*\n)+)", text, re.MULTILINE))
    assert "`p00` … `p22` (9 ×) double 0 to 1 → double" in defined["sobel"]
    assert "`re`, `im` double" in defined["fft_twiddle"]


def test_every_library_file_opens_with_its_field_and_what_it_computes():
    for path in (ROOT / "cprograms" / "library").glob("*.c"):
        field, summary = library.opening(path.read_text())
        assert field.istitle() or field == "Signal processing"
        assert len(summary) > 20


def test_a_file_without_an_opening_comment_is_refused():
    with pytest.raises(ValueError, match="no opening comment"):
        library.opening("int f(int a) { return a; }")
