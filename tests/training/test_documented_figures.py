"""The figures of the README are those of the results, which are of the packaged weights and plain JSON."""

import json
import re
from decimal import Decimal

import pytest

from surrogate.mlp.pretrained import load_compiler
from tests import ROOT

RESULTS = ROOT / "docs" / "results"
SUITES = ("generated", "harvested", "library")


def result(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text())


def table(first_header: str) -> list[list[str]]:
    """The README's table of that first header: its header and its rows, as cells."""
    lines = (ROOT / "README.md").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end] if "|---" not in line]


def assert_rounded(shown: str, value: float) -> None:
    unit = Decimal(shown).as_tuple().exponent
    assert isinstance(unit, int)
    assert abs(float(shown) - value) <= 0.5001 * 10.0**unit, (shown, value)


@pytest.mark.parametrize("row", range(len(SUITES)))
def test_levels(row):
    header, *rows = table("nMSE, geometric mean")
    measured = result(SUITES[row])["table"][0]
    for level, shown in zip(header[1:], rows[row][1:], strict=True):
        assert_rounded(shown, measured[level.replace("`", "")]["geo"])


@pytest.mark.parametrize("suite", ["generated", "harvested"])
def test_factors_over_random_weights(suite):
    header, *rows = table("rows")
    cells = next(row for row in rows if row[0] == suite)
    ratios = result(f"{suite}_protocol")["ratios"]["text + rows"]
    for size, shown in zip(header[1:], cells[1:], strict=True):
        if shown:
            key = size.replace("(scale given)", "").replace(",", "").strip()
            measured = ratios["0, given" if key == "0" else key]
            figures = re.findall(r"[\d.]+", shown)
            for figure, name in zip(figures, ("value", "low", "high"), strict=True):
                assert_rounded(figure, measured[name])


MEASURED = [*SUITES, "parrot", "generated_protocol", "harvested_protocol", "generated_adam", "generated_small"]
MEASURED += ["regressors", "pictures/pictures"]


@pytest.mark.parametrize("name", MEASURED)
def test_the_results_are_of_the_packaged_weights(name):
    weights = load_compiler("small" if name.endswith("small") else None)
    assert result(name)["compiler"] == weights.sha256


def not_json(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize("path", sorted(RESULTS.rglob("*.json")), ids=lambda path: path.name)
def test_results_are_strict_json(path):
    json.loads(path.read_text(), parse_constant=not_json)
