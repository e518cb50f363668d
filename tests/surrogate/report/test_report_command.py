"""`surrogate report` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cprograms
import surrogate
from cprograms.program import Signature
from surrogate.anc.program import AncProgram
from surrogate.cli import main
from surrogate.report.source import folded
from tests.surrogate.command import usage_error


def test_a_page_beside_the_artifact(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", artifact]) == 0
    said = capsys.readouterr().out
    assert said.startswith("plane.surrogate -> plane.html\n")
    assert "drawn     x, y -> return" in said
    text = Path("plane.html").read_text()
    for title in ("The program", "Where its inputs come from", "Slices", "Maps", "Make it again"):
        assert f"<h2>{title}</h2>" in text
    assert "surrogate compile program.c -O1 --seed 0" in text


def test_the_report_as_json(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", artifact, "-o", "page.html", "--rows", "40", "--seed", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["page"] == "page.html"
    assert found["bytes"] == Path("page.html").stat().st_size
    assert found["drawn"] == {"arguments": ["x", "y"], "results": ["return"], "mapped": ["x", "y"]}
    assert (found["measured"]["rows"], found["measured"]["seed"]) == (40, 2)


def test_a_page_is_made_anew_and_another_file_is_not_touched(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", artifact, "-o", "page.html", "--rows", "9"]) == 0
    assert main(["report", artifact, "-o", "page.html", "--rows", "10"]) == 0
    assert "10 fresh rows" in Path("page.html").read_text()
    Path("page.html").write_text("<html>mine</html>")
    said = usage_error(["report", artifact, "-o", "page.html"], capsys)
    assert "page.html: exists and is no page of surrogate; it will not be overwritten" in said
    assert Path("page.html").read_text() == "<html>mine</html>"


def test_bad_places(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.html").mkdir()
    for output, why in (
        ("page.txt", "a page is an .html file"),
        ("nowhere/page.html", "there is no folder nowhere"),
        ("folder.html", "it is a folder"),
    ):
        assert why in usage_error(["report", artifact, "-o", output], capsys)
    assert sorted(path.name for path in Path().iterdir()) == ["folder.html", "plane.c", "plane.surrogate"] or not list(
        Path().glob("*.html/*")
    )


def test_options_of_another_target(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--tape is for programs of --target anc" in usage_error(["report", artifact, "--tape", "1"], capsys)
    assert "at least 2 rows" in usage_error(["report", artifact, "--rows", "1"], capsys)
    assert not Path("plane.html").exists()


def test_a_graph_says_how_it_is_made(in_own_folder: None) -> None:
    surrogate.compile(
        source="double f(double x, double y) { return x > 0 ? y : 2.5 * x; }", target="graph", smooth=0.25
    ).save("f.graph")
    assert main(["report", "f.graph"]) == 0
    assert "surrogate compile program.c --target graph --smooth 0.25" in Path("f.html").read_text()


def test_fine_tunings_are_drawn(artifact: str) -> None:
    tuned = surrogate.load(artifact).finetune(steps=1)
    tuned.save("tuned.surrogate")
    assert main(["report", "tuned.surrogate"]) == 0
    text = Path("tuned.html").read_text()
    assert "<h2>Training</h2>" in text
    assert text.count("before and after each fine-tuning") == 2


def test_a_program_that_rarely_ends_well_is_a_page_or_an_error(
    in_own_folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "#include <math.h>\ndouble f(double x, double y) { return x > 0.5 ? 1 / y : sqrt(-1 - y * y); }"
    surrogate.compile(source=source, target="graph").save("f.graph")
    assert main(["report", "f.graph"]) == 0
    assert "had no finite result and do not count" in Path("f.html").read_text()


@pytest.mark.parametrize(
    ("pragmas", "left"),
    [
        (["w, 0, 1"], 2),
        (["w, 0, 1", "w[2], 0, 9"], 7),
        (["w, 0, 1", "m, -2, 2"], 2),
        (["m[1][0], 0, 3"], 7),
    ],
)
def test_the_program_on_the_page_says_the_same_in_fewer_lines(pragmas: list[str], left: int) -> None:
    ranges = "".join(f"#pragma surrogate range({text})\n" for text in pragmas)
    source = f"{ranges}double f(const double w[6], const double m[2][3]) {{ double s = 0;" + (
        "for (int i = 0; i < 6; i++) s += w[i] * m[i % 2][i / 2]; return s; }"
    )
    program = cprograms.load(source=source)
    text = folded(program.portable_text)
    assert Signature.of(cprograms.load(source=text)).without_origins() == Signature.of(program).without_origins()
    assert text.count("range(") == left


@pytest.fixture
def exact(listk: AncProgram, in_own_folder: None) -> str:
    listk.save("listk.anc")
    return "listk.anc"


def test_an_exact_program_has_a_page_of_its_run(exact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", exact, "--tape", "7,2,2,5,5,9,6,3,4,0,7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["steps"], found["stopped"], found["page"]) == (13, True, "listk.html")
    text = Path("listk.html").read_text()
    for title in ("The program", "The run, step by step", "The whole run", "The controller", "Make it again"):
        assert f"<h2>{title}</h2>" in text
    assert "surrogate run listk.anc --tape 7,2,2,5,5,9,6,3,4,0,7" in text


def test_without_a_tape_one_is_chosen_that_makes_it_work(exact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", exact, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    program = surrogate.load(exact)
    assert isinstance(program, AncProgram)
    ended = program.run(found["tape"])
    assert ended.stopped
    assert found["steps"] == ended.steps > 5
    assert ended.tape.tolist() != found["tape"]
    said = usage_error(["report", exact, "--rows", "5"], capsys)
    assert "--rows is for surrogates and graphs" in said
