"""The figures of the documents are those of the results, which are of the packaged weights and plain JSON."""

import json
import re
from decimal import Decimal

import pytest

from surrogate.mlp.emission.pretrained import load_compiler
from tests import ROOT

RESULTS = ROOT / "docs" / "results"
SUITES = ("generated", "harvested", "library")
COMPILED = ["generated_compiled", "harvested_compiled", "generated_taps"]
EARLIER = ["generated_protocol", "harvested_protocol", "generated_adam", "regressors", "starts", "pictures/pictures"]
"""Results of the weights of the sixth training, as the page says of them."""
MEASURED = [*COMPILED, *EARLIER, "parrot", "generated_small"]


def result(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text())


PAGE = "docs/results.md"


def table(first_header: str, page: str = PAGE) -> list[list[str]]:
    """The page's first table of that first header: its header and its rows, as cells."""
    lines = (ROOT / page).read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end] if "|---" not in line]


def rows_of(first_header: str) -> dict[str, list[str]]:
    """The rows of that table by their first cell, without code quotes."""
    return {row[0].replace("`", ""): row[1:] for row in table(first_header)[1:]}


def assert_rounded(shown: str, value: float) -> None:
    unit = Decimal(shown).as_tuple().exponent
    assert isinstance(unit, int)
    assert abs(float(shown) - value) <= 0.5001 * 10.0**unit, (shown, value)


LEVELS = [("taps", suite) for suite in SUITES] + [("taps_fresh", suite) for suite in SUITES[:2]]
COLUMNS = [(level, way) for level in ("-O0", "-O1") for way in ("plain", "compile --plain", "24 taps", "compile")]


@pytest.mark.parametrize("row", range(len(LEVELS)))
def test_levels(row):
    _, *rows = table("nMSE, geometric mean")
    name, suite = LEVELS[row]
    measured = result(name)["suites"][suite]["all results"]
    label, *shown = rows[row]
    assert int(label.split()[-2]) == measured["results"]
    for figure, (level, way) in zip(shown, COLUMNS, strict=True):
        assert_rounded(figure, measured[level][way])


@pytest.mark.parametrize("row", range(len(SUITES)))
def test_levels_of_the_readme(row):
    header, *rows = table("programs", "README.md")
    measured = result("taps")["suites"][SUITES[row]]["all results"]
    for title, shown in zip(header[1:], rows[row][1:], strict=True):
        level, *plain = title.split("`")[1].split()
        assert_rounded(shown, measured[level]["compile --plain" if plain else "compile"])


def test_levels_of_the_small_hypernetwork():
    (shown,) = re.findall(r"small`, on 100 generated programs:\s+([\d.]+), ([\d.]+), ([\d.]+)\s+and ([\d.]+)", text())
    measured = result("generated_small")["table"][0]
    for figure, level in zip(shown, ("-O0", "-O0, scale given", "-O1", "-O2"), strict=True):
        assert_rounded(figure, measured[level]["geo"])


def text() -> str:
    return (ROOT / PAGE).read_text()


FACTORS = [("generated_compiled", "compiled"), ("harvested_compiled", "compiled")]
FACTORS += [("generated_compiled", "text + rows"), ("harvested_compiled", "text + rows")]
FACTORS += [("generated_taps", "compiled"), ("generated_taps", "text + rows")]


@pytest.mark.parametrize("row", range(len(FACTORS)))
def test_factors_over_random_weights(row):
    header, *rows = table("rows | 0 (scale given) | 8 | 32 | 128 | 512")
    name, start = FACTORS[row]
    assert rows[row][0].endswith(f"`{start}`")
    for size, shown in zip(header[1:], rows[row][1:], strict=True):
        assert_interval(
            shown.replace(",", ""), result(name)["ratios"][start][size.replace("0 (scale given)", "0, given")]
        )


@pytest.mark.parametrize("suite", ["generated", "harvested"])
def test_factors_beside_learned_starts(suite):
    header, *rows = table("rows | 0 (scale given) | 8 | 32 | 128 | 512 | 2,048")
    cells = next(row for row in rows if row[0] == suite)
    ratios = result(f"{suite}_protocol")["ratios"]["text + rows"]
    for size, shown in zip(header[1:], cells[1:], strict=True):
        key = size.replace("(scale given)", "").replace(",", "").strip()
        if shown:
            assert_interval(shown, ratios["0, given" if key == "0" else key])


def assert_interval(shown: str, measured: dict) -> None:
    """A value, and its interval where that is shown."""
    for figure, name in zip(re.findall(r"[\d.]+", shown), ("value", "low", "high"), strict=False):
        assert_rounded(figure, measured[name])


@pytest.mark.parametrize("start", ["text + rows", "text"])
def test_factors_by_adam(start):
    header, *_ = table("start, by Adam")
    measured = result("generated_adam")["ratios"][start]
    for size, shown in zip(header[1:], rows_of("start, by Adam")[start], strict=True):
        assert_interval(shown, measured[size])


@pytest.mark.parametrize("suite", ["generated", "harvested"])
def test_what_the_text_adds(suite):
    first = "rows only ÷ text + rows"
    header, *_ = table(first)
    measured = {bar["what"]: bar["value"] for bar in result(f"{suite}_protocol")["bars"]}
    for rows, shown in zip(header[1:], rows_of(first)[suite], strict=True):
        assert_rounded(shown, measured[f"4: {first}, {rows} rows, no fine-tuning"])


@pytest.mark.parametrize("suite", SUITES)
def test_what_taps_gain(suite):
    header, *rows = table("taps", "docs/hypernetwork.md")
    measured = result("taps")["suites"][suite]["all results"]
    shown = {row[0]: row[1:] for row in rows if row[0].startswith(f"{suite}, ")}
    names = {"plain": "plain", "gates": "gates", "before": "24 taps, columns of zero"}
    names |= {f"up to {count}": f"{count} taps" for count in (4, 8, 24)}
    for level in ("-O0, scale given", "-O0", "-O1"):
        results, *figures = shown[f"{suite}, " + level.replace("-O0", "`-O0`").replace("-O1", "`-O1`")]
        assert int(results) == measured["results"]
        for name, figure in zip(header[2:], figures, strict=True):
            assert_rounded(figure, measured[level][names[name]])


def test_parrot():
    header, *_ = table("program | `-O0`, scale given")
    shown = rows_of("program | `-O0`, scale given")
    measured = result("parrot")["programs_table"]
    assert set(shown) == set(measured)
    for name, levels in measured.items():
        for level, figure in zip(header[1:], shown[name], strict=True):
            assert float(figure) == pytest.approx(levels[level.replace("`", "")], rel=0.05)


def test_regressors():
    measured = result("regressors")["parts"]["all"]
    best = next(name for name in measured["systems"] if name.startswith("the best"))
    for name, (_, geo, median, *beats) in rows_of("system | rows").items():
        system = name if name in measured["systems"] else f"{name}, 64 rows"
        assert_rounded(geo, measured["systems"][system]["geo"])
        assert_rounded(median, measured["systems"][system]["median"])
        for against, shown in zip(("Gaussian process, 64 rows", best), beats, strict=True):
            if shown:
                share = measured["wins"][system][against]["share"]
                assert_interval(shown, {key: 100 * value for key, value in share.items()})


def test_what_a_start_saves():
    header, *rows = table("epochs, rows")
    for name, *figures, reached in rows:
        suite, optimiser = name.split(", ")
        measured = result("starts")["suites"][suite]["optimisers"][optimiser]["text + rows"]
        for size, shown in zip(header[1:], figures, strict=False):
            assert_interval(shown, measured[size.replace(",", "")]["epochs"])
        assert_rounded(reached.rstrip(" %"), 100 * measured["all"]["epochs"]["reached"])


def test_pictures():
    header, *_ = table("| colour quantisation")
    applications = result("pictures/pictures")["applications"]
    assert header[1:] == list(applications)
    methods = {"-O0, no row": "-O0", "text, fine-tuned on 64 rows": "text, 64 rows"}
    for name, cells in rows_of("| colour quantisation").items():
        for application, shown in zip(applications.values(), cells, strict=True):
            (found,) = [m for m in application if m["method"] == methods.get(name, name)]
            ssim, ratio = shown.split(", ")
            assert_rounded(ssim, sum(found["ssim"].values()) / len(found["ssim"]))
            assert_interval(ratio, found["ratio"])


def test_adaptation():
    runs = {(run["task"], run["method"]): run for run in result("anc_adaptation") if run["settings"] is None}
    _, *rows = table("task | method")
    assert {(row[0], row[1]) for row in rows} == set(runs)
    for task, method, seed, generic, learned, success, last, ideal, types, *_ in rows:
        run = runs[task, method]
        assert int(seed) == run["seed"]
        assert_rounded(generic, run["iterations_before"])
        assert_rounded(success.rstrip("%"), 100 * run["success_rate"])
        if run["last"] is None:
            assert last == "–"
        else:
            assert_rounded(last.rstrip("%"), 100 * run["last"]["success_rate"])
        assert_rounded(ideal.rstrip("%"), 100 * run["ideal_rate"])
        assert [int(n) for n in types.split("/")] == [run["types"][k] for k in "123"]
        found = re.findall(r"[\d.]+", learned)
        for figure, key in zip(found, ("iterations_after", "iterations_best"), strict=True) if found else ():
            assert_rounded(figure, run[key])


SCALING = {"scaling": "rows | law", "scaling_widths": "rows | law of 64, 96 and 128 wide"}


@pytest.mark.parametrize("name", SCALING)
def test_scaling(name):
    laws = result(name)["laws"]
    for rows, (law, *figures) in rows_of(SCALING[name]).items():
        for figure, key in zip(figures, ("predicted", "measured"), strict=True):
            assert_rounded(figure, laws[rows][key])
        factor, *exponents = law.split()
        assert float(factor) == pytest.approx(laws[rows]["factor"], rel=0.05)
        for exponent, key in zip(exponents, ("by_views", "by_width"), strict=False):
            assert_rounded(exponent.partition("−")[2], laws[rows][key])


def commands() -> list[str]:
    """Those that the page shows, as `unquoted`."""
    return [unquoted(command) for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", text(), re.MULTILINE)]


def unquoted(command: str) -> str:
    """In one line and without quotes."""
    return re.sub(r"\s+", " ", re.sub(r"\\\n|[\"']", "", command))


@pytest.mark.parametrize("name", [*MEASURED, "learning_to_execute", "learning_to_execute_functions"])
def test_the_command_of_a_result_is_shown(name):
    assert unquoted(result(name)["command"]) in commands()


SIXTH = "ba0f0ac192dbc476e2cf8c5007b83730113933805861a6eefe706422fc977e64"
"""The weights of the sixth training, as a file."""


@pytest.mark.parametrize("name", [*COMPILED, "parrot", "generated_small", "taps", "taps_fresh", "series", "scale"])
def test_the_results_are_of_the_packaged_weights(name):
    package = "small" if name.endswith("small") else "default"
    assert result(name)["compiler"] == load_compiler(package).sha256


@pytest.mark.parametrize("name", EARLIER)
def test_results_of_earlier_weights_are_said_to_be(name):
    assert result(name)["compiler"] == SIXTH
    (said,) = re.findall(r"weights of the sixth training[^:]*:\n((?:- .*\n|  .*\n)+)", text())[:1]
    assert f"results/{name}.md" in said


def not_json(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize("path", sorted(RESULTS.rglob("*.json")), ids=lambda path: path.name)
def test_results_are_strict_json(path):
    json.loads(path.read_text(), parse_constant=not_json)
