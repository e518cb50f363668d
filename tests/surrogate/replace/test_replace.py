"""Whole programs with a surrogate in the place of a function, from the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import surrogate
from surrogate.cli import main
from tests import ROOT
from tests.surrogate.command import usage_error
from tests.surrogate.replace.native import needs_gcc

PROGRAMS = ROOT / "cprograms" / "library" / "programs"
PLANE = "static double plane(double x, double y) { return 3 * x - 2 * y + 1; }\n"
LOOP = """
#include <stdio.h>
int main(int argc, char **argv) {
    double sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += plane(0.004 * i, 1 - 0.002 * i);
    printf("sum %.6f of %d\\n", sum, argc);
    return 0;
}
"""
Run = Callable[..., dict[str, Any]]

pytestmark = [needs_gcc, pytest.mark.usefixtures("in_own_folder")]


@pytest.fixture
def replaced(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `surrogate replace ... --json`: what it says, and its exit code as `code`."""

    def command(*argv: str) -> dict[str, Any]:
        capsys.readouterr()
        code = main(["replace", *argv, "--runs", "1", "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found | {"code": code}

    return command


@pytest.fixture
def program() -> str:
    Path("program.c").write_text(PLANE + LOOP)
    return "program.c"


def message(found: dict[str, Any]) -> str:
    assert found["code"] == 1
    return "\n".join(f"{d['message']} ({d['hint']})" for d in found["diagnostics"])


def test_a_program_runs_with_an_artifact_in_it(program: str, artifact: str, replaced: Run) -> None:
    found = replaced(program, "--function", "plane", "--surrogate", artifact)
    assert found["code"] == 0
    assert (found["calls"], found["calls_replaced"], found["outside"]) == (1000, 1000, 0)
    assert [p["greatest"] for p in found["profile"]] == pytest.approx([3.996, 1])
    (output,) = found["outputs"]
    assert (output["name"], output["kind"], output["numbers"]) == ("stdout", "numbers", 2)
    assert 0 < output["greatest_error"] < 1e-2
    assert found["nmse_own_calls"] < 1e-2
    assert found["deterministic"]
    assert found["seconds"] > 0
    assert found["seconds_replaced"] > 0
    assert not any(Path(name).suffix == ".i" for name in Path().iterdir())


def test_a_callback_takes_what_it_works_on_as_nothing_in_particular(replaced: Run) -> None:
    Path("callback.c").write_text("""
#include <stdio.h>
struct line { double slope, offset; };
double line(double x, void *const given) { const struct line *l = given; return l->slope * x + l->offset; }
typedef struct { double (*function)(double, void *); void *params; } callback;
static double mean(const callback *f, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += f->function(i / (n - 1.0), f->params) / n;
    return sum;
}
int main(void) {
    double sum = 0;
    for (int k = 0; k < 20; k++) {
        struct line l = { 0.1 * k, 1 - 0.05 * k };
        callback f = { line, &l };
        sum += mean(&f, 50);
    }
    printf("%.6f\\n", sum);
    return 0;
}
""")
    found = replaced("callback.c", "--function", "line", "--guard")
    assert found["code"] == 0
    assert (found["calls"], found["calls_replaced"]) == (1000, 1000)
    names = [a["name"] for a in found["signature"]["arguments"]]
    assert names == ["x", "given.slope", "given.offset"]
    assert [p["greatest"] for p in found["profile"]] == pytest.approx([1, 1.9, 1])
    assert found["outputs"][0]["greatest_error"] < 1e-6


def test_the_domain_is_what_the_program_calls_the_function_with(program: str, replaced: Run) -> None:
    found = replaced(program, "--function", "plane", "--range", "y=-3:3")
    domain = {a["name"]: (a["low"], a["high"]) for a in found["signature"]["arguments"]}
    assert domain == {"x": (0, 4), "y": (-3, 3)}
    assert found["outside_replaced"] == 0
    assert found["outputs"][0]["greatest_error"] < 1e-4


@pytest.mark.parametrize(
    ("name", "function", "size"),
    [
        ("ray_marcher", "sky", "12 8"),
        ("periodic_bodies", "ewald", "4 10"),
        ("colour_quantisation", "seen", "24 18"),
    ],
)
def test_an_exact_artifact_changes_nothing(name: str, function: str, size: str, replaced: Run) -> None:
    """The target graph computes what the C program does: the program's output is the same to rounding."""
    path = str(PROGRAMS / f"{name}.c")
    surrogate.compile(path, entry=function, target="graph").save("exact.graph")
    found = replaced(path, "--function", function, "--surrogate", "exact.graph", "--args", size, "-o", "out")
    (output,) = found["outputs"]
    if output["kind"] == "picture":
        assert output["ssim"] > 0.9999
    else:
        assert output["greatest_error"] < 1e-7
    subprocess.run(["gcc", "-O1", path, "-o", "plain", "-lm"], check=True)
    printed = subprocess.run(["./plain", *size.split()], capture_output=True, check=True).stdout
    assert Path("out/original.stdout").read_bytes() == printed


def test_with_a_guard_the_original_answers_outside_of_the_domain(artifact: str, replaced: Run) -> None:
    """Of the artifact's domain x is in [0, 4]: calls beyond are exact with a guard, and wrong without."""
    text = PLANE.replace("double plane", "double plane").replace("+ 1", "+ 1 + (x > 4 ? x * x : 0)")
    main = '#include <stdio.h>\nint main(void) { printf("%.9f\\n", plane(9, 0)); return 0; }'
    Path("program.c").write_text(text + main)
    arguments = "program.c", "--function", "plane", "--surrogate", artifact
    found = replaced(*arguments)
    assert (found["outside"], found["outside_replaced"]) == (1, 1)
    assert any("leave the domain" in w for w in found["warnings"])
    assert found["outputs"][0]["greatest_error"] > 0.1
    assert replaced(*arguments, "--guard")["outputs"][0]["same"]


def test_a_function_of_another_file_and_of_a_header(artifact: str, replaced: Run) -> None:
    Path("include").mkdir()
    Path("include/plane.h").write_text("double plane(double x, double y);\n")
    Path("plane.c").write_text('#include "plane.h"\n' + PLANE.removeprefix("static "))
    Path("main.c").write_text('#include "plane.h"\n' + LOOP.replace("1000", "COUNT"))
    given = "--function", "plane", "--surrogate", artifact, "-I", "include", "-D", "COUNT=50"
    assert replaced("main.c", "plane.c", *given)["calls_replaced"] == 50
    Path("include/plane.h").write_text(PLANE.replace("static", "static inline"))
    assert replaced("main.c", *given)["calls_replaced"] == 50


def test_files_that_a_program_reads_and_writes(artifact: str, replaced: Run) -> None:
    """A picture that is written, from a file beside the program and standard input."""
    Path("size.txt").write_text("16 9")
    Path("scale.txt").write_text("8")
    Path("program.c").write_text(
        PLANE + '#include <stdio.h>\nint main(void) { int w, h, k; fscanf(fopen("size.txt", "r"), "%d %d", &w, &h);'
        ' scanf("%d", &k); FILE *out = fopen("picture.ppm", "w"); fprintf(out, "P5 %d %d 255\\n", w, h);'
        " for (int i = 0; i < w * h; i++) fputc(100 + k * (int)plane(i % 4, i / w / 9.0), out);"
        ' puts("done"); return 0; }'
    )
    given = "--surrogate", artifact, "--file", "size.txt", "--stdin", "scale.txt"
    picture, said = replaced("program.c", "--function", "plane", *given)["outputs"][::-1]
    assert (said["name"], said["kind"], said["same"]) == ("stdout", "text", True)
    assert (picture["name"], picture["width"], picture["height"]) == ("picture.ppm", 16, 9)
    assert 0.5 < picture["ssim"] <= 1


def test_a_folder_holds_all_of_it(program: str, artifact: str, replaced: Run, capsys: Any) -> None:
    arguments = program, "--function", "plane", "--surrogate", artifact, "-o", "out"
    assert replaced(*arguments)["code"] == 0
    names = {path.name for path in Path("out").iterdir()}
    assert names == {
        *("plane__surrogate.c", "plane__surrogate.h", "program.i"),
        *("original.stdout", "replaced.stdout", "replacement.json", "plane.surrogate"),
    }
    assert surrogate.load("out/plane.surrogate").entry == "plane"
    # What the folder holds is a program.
    subprocess.run(["gcc", "out/program.i", "out/plane__surrogate.c", "-o", "again", "-lm"], check=True)
    printed = subprocess.run(["./again"], capture_output=True, check=True).stdout
    assert printed.split()[:1] == b"sum".split()
    assert replaced(*arguments)["code"] == 0
    Path("mine").mkdir()
    Path("mine/notes").write_text("kept")
    assert "will not be overwritten" in usage_error(["replace", *arguments[:-1], "mine"], capsys)
    assert [p.name for p in Path("mine").iterdir()] == ["notes"]


def test_the_report_fits_a_screen(program: str, artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replace", program, "--function", "plane", "--surrogate", artifact, "--runs", "1"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "program.c: 'plane' replaced"
    labels = [line.split()[0] for line in lines[1:] if not line.startswith("    ")]
    assert labels == ["function", "calls", "domain", "error", "speed", "time", "output"]
    assert "sum" not in out
    assert "Traceback" not in err


# --- Bad input ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLANE + "int main(void) { return missing(plane(1, 1)); }", "undefined reference to `missing'"),
        (PLANE + "int main(void) { undeclared = plane(1, 1); }", "'undeclared' undeclared"),
        (PLANE + '#include <stdio.h>\nint main(void) { fputs("no data", stderr); return 3; }', "3 (it says: no data)"),
        (PLANE + "int main(void) { return plane(1, 1) == 5; }", "prints nothing and writes no file"),
        (PLANE + '#include <stdio.h>\nint main(void) { puts("x"); return sizeof(plane(1, 1)) != 8; }', "never calls"),
        ("#include <stdio.h>\ndouble plane(double x, double y) { printf(\"%g\", x); return x + getchar(); }"
         "int main(void) { plane(1, 2); return 0; }", "getchar"),
    ],
    ids=["link", "compile", "fails", "silent", "uncalled", "refused"],
)  # fmt: skip
def test_a_program_that_cannot_be_compared(text: str, said: str, artifact: str, replaced: Run) -> None:
    Path("program.c").write_text(text)
    found = replaced("program.c", "--function", "plane", "--surrogate", artifact, "-o", "out")
    assert said in message(found)
    assert not Path("out").exists()


def test_a_program_that_fails_with_the_surrogate_only(artifact: str, replaced: Run) -> None:
    Path("program.c").write_text(
        PLANE + '#include <stdio.h>\nint main(void) { puts("x"); return plane(0.7, 0.3) != 3 * 0.7 - 2 * 0.3 + 1; }'
    )
    found = replaced("program.c", "--function", "plane", "--surrogate", artifact)
    assert "status 1" in message(found)
    assert found["diagnostics"][0]["file"] == "program.c with the surrogate"


def test_a_program_that_is_not_deterministic(artifact: str, replaced: Run) -> None:
    Path("program.c").write_text(
        PLANE + "#include <stdio.h>\n#include <time.h>\nint main(void) { struct timespec t;"
        ' clock_gettime(CLOCK_MONOTONIC, &t); printf("%g\\n%ld\\n", plane(1, 0), t.tv_nsec); return 0; }'
    )
    found = replaced("program.c", "--function", "plane", "--surrogate", artifact)
    assert not found["deterministic"]
    assert any("not deterministic: stdout differs" in w for w in found["warnings"])
    assert (found["outputs"][0]["numbers"], found["outputs"][0]["unsteady_numbers"]) == (1, 1)


def test_wrong_usage(program: str, artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*argv: str) -> str:
        return usage_error(["replace", program, *argv], capsys)

    with_it = "--function", "plane", "--surrogate", artifact
    assert "did you mean 'plane'?" in said("--function", "plain")
    assert "--function" in said()
    assert "-O says how a surrogate is compiled" in said(*with_it, "-O2")
    assert "--width says how" in said(*with_it, "--width", "8")
    assert "--width must be at least 1, not 0" in said("--function", "plane", "--width", "0")
    assert "--runs must be at least 1, not 0" in said(*with_it, "--runs", "0")
    assert "--args takes words" in said(*with_it, "--args", "it's")
    assert "there is no command 'nocc'" in said(*with_it, "--cc", "nocc")
    assert "cannot read 'nothing'" in said(*with_it, "--file", "nothing")
    assert "there is no folder" in said(*with_it, "-o", "no/out")
    assert "there is no argument 'z'" in said("--function", "plane", "--range", "z=0:1")
    assert "must be files" in usage_error(["replace", "-", *with_it], capsys)
    assert "cannot read 'missing.c'" in usage_error(["replace", "missing.c", *with_it], capsys)


def test_an_artifact_of_another_signature_or_kind(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    surrogate.compile(source="float other(float x, double y) { return x + y; }", opt_level=0).save("other.surrogate")
    command = ["replace", program, "--function", "plane", "--surrogate"]
    said = usage_error([*command, "other.surrogate"], capsys)
    assert "the surrogate is of 'float other(float x, double y)'" in said
    surrogate.compile(source="void f(int *mem) { mem[0] = 1; }", target="anc").save("tape.anc")
    assert "cannot stand in a program" in usage_error([*command, "tape.anc"], capsys)
