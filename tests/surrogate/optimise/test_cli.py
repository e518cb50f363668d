"""`surrogate optimize` on the command line."""

from __future__ import annotations

import inspect
import json

import pytest

import surrogate
from surrogate.cli import main
from surrogate.optimise.optimising import optimise
from surrogate.optimise.options import OPTIONS
from tests.surrogate.command import usage_error
from tests.surrogate.optimise.test_optimise import PAIR, graph

pytestmark = pytest.mark.usefixtures("in_own_folder")


@pytest.fixture
def pair(in_own_folder: None) -> str:
    graph(PAIR).save("pair.graph")
    return "pair.graph"


def test_the_options_are_the_keywords_of_the_search() -> None:
    keywords = inspect.signature(optimise).parameters.keys() - {"artifact"}
    assert {option.dest for option in OPTIONS} == keywords


def test_the_report(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimize", pair, "--minimize", "sum", "--subject-to", "product >= 4", "--fix", "y=4"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:3] == [
        "pair.graph: minimize sum subject to product >= 4",
        "  input     x = 1",
        "            y = 4, fixed",
    ]
    assert "  value     sum: 5 by the program, 5 by the surrogate\n" in out
    assert "  holds     product >= 4: 4 by the program, 4 by the surrogate\n" in out
    assert out.endswith("1 evaluation of the C program; 64 starts\n")
    assert err == ""


def test_json_is_one_document(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["optimize", pair, "--maximize", "x", "--match", "sum=5", "--subject-to", "product<=4", "--seed", "3"]
    assert main([*argv, "--starts", "16", "--evaluations", "30", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert document["inputs"]["x"] == pytest.approx(4, abs=1e-4)
    assert document["results"]["sum"]["program"] == pytest.approx(5, abs=0.02)
    assert document["borders"] == {"x": "upper"}
    assert "border of the domain (x at the upper end)" in document["warnings"][0]
    assert (document["feasible"], document["starts"]) == (True, 16)
    assert document["conditions"][0]["holds"]
    assert document["matches"][0]["target"] == 5
    assert document["evaluations"] <= 30
    found = graph(PAIR).maximize("x", match={"sum": 5}, subject_to=["product<=4"], seed=3, starts=16, evaluations=30)
    assert found.as_dict() == {k: v for k, v in document.items() if k not in ("artifact", "warnings")}


def test_what_cannot_be_satisfied_is_exit_code_1(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["optimize", pair, "--minimize", "x", "--subject-to", "sum >= 10"]
    assert main(argv) == 1
    out, err = capsys.readouterr()
    assert "  fails     sum >= 10: 8 by the program" in out
    assert "error: no input that was tried satisfies sum >= 10; this is the nearest one" in err
    assert main([*argv, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["feasible"]
    assert document["inputs"] == {"x": 4, "y": 4}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "give what to minimize, to maximize or to match"),
        (["--minimize", "som"], "there is no 'som'; did you mean 'sum'?"),
        (["--minimize", "sum +"], "'sum +': this is no expression"),
        (["--minimize", "sum", "--maximize", "sum"], "either what to minimize or what to maximize"),
        (["--minimize", "sum", "--subject-to", "prodct <= 1"], "there is no 'prodct' in 'prodct <= 1'; did you mean"),
        (["--match", "som=1"], "there is no 'som'; did you mean 'sum'?"),
        (["--match", "sum"], "'sum' is not of the form NAME=NUMBER"),
        (["--minimize", "sum", "--fix", "x=9"], "'x' cannot be fixed at 9, outside its domain [0, 4]"),
        (["--minimize", "sum", "--fix", "x=1", "--fix", "y=1"], "nothing is left to choose"),
        (["--minimize", "sum", "--evaluations", "0"], "evaluations must be at least 1, not 0"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(
    pair: str, given: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in usage_error(["optimize", pair, *given], capsys)


def test_surrogates_have_the_command_and_register_machines_do_not(
    artifact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["optimize", artifact, "--maximize", "plane", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["inputs"] == {"x": 4, "y": -1}
    assert document["value"]["program"] == pytest.approx(15)
    surrogate.compile(source="void f(int *mem) { mem[0] = 1; }", target="anc").save("one.anc")
    assert "does not have this command" in usage_error(["optimize", "one.anc", "--minimize", "x"], capsys)
