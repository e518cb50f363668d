from __future__ import annotations

import errno
import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import surrogate
from cprograms import files
from surrogate import cli
from surrogate.cli import main
from tests import ROOT
from tests.cprograms.native import processor_time
from tests.surrogate.command import COMMAND, usage_error

pytestmark = pytest.mark.usefixtures("in_own_folder")


# --- compile ---


def test_compile_writes_an_artifact_and_says_what_it_is(
    plane_file: Path, compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", str(plane_file), "--plain", "--compiler", str(compiler)]) == 0
    out, err = capsys.readouterr()
    loaded = surrogate.load("plane.surrogate")
    assert loaded.measured is not None
    for part in (
        "plane.surrogate",
        "double plane(double x, double y)",
        "x in [0, 4]",
        "4,417 parameters",
        f"nMSE {loaded.measured.nmse:.4g}",
        "R²",
        "2,000 fresh rows",
        " s\n",
    ):
        assert part in out
    assert err == ""


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2"])
def test_the_level_is_spelt_as_in_c_compilers(plane_file: Path, compiler: Path, level: str) -> None:
    assert main(["compile", str(plane_file), level, "--compiler", str(compiler), "-oout.surrogate"]) == 0
    assert surrogate.load("out.surrogate").opt_level == int(level[-1])


USED = """static double half(double x) { return x / 2; }
%s
int main(void) { return (int)half(4); }
"""


@pytest.mark.parametrize(
    ("user", "options", "entry"),
    [
        ("void store(double x, double *out) { *out = half(x); }", (), "store"),
        ("void store(double x, double *out) { *out = half(x); }", ("--entry", "half"), "half"),
        ("#pragma surrogate entry(half)\nvoid store(double x, double *out) { *out = half(x); }", (), "half"),
        ("double twice(double x) { return 2 * x; }\nstatic double same(double x) { return x; }", (), "twice"),
    ],
    ids=["what nothing uses", "named", "named by a pragma", "the last that is not static"],
)
def test_the_entry_is_what_nothing_else_uses(
    user: str, options: tuple[str, ...], entry: str, compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("used.c").write_text(USED % user)
    assert main(["compile", "used.c", *options, "--compiler", str(compiler)]) == 0
    assert f" {entry}(double x)" in capsys.readouterr().out


def test_a_helper_is_not_compiled_instead(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("used.c").write_text(USED % "double store(double x, double *out) { return half(out[(int)x]); }")
    assert main(["compile", "used.c", "--compiler", str(compiler)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert not Path("used.surrogate").exists()
    assert "'store' is taken for the entry, and it is not numeric" in err
    assert "hint: --entry names another one: half" in err


def test_o0_says_that_nothing_was_measured(
    plane_file: Path, compiler: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surrogate.numeric.rows.run_with_status", None)
    assert main(["compile", str(plane_file), "-O0", "--compiler", str(compiler)]) == 0
    assert "not measured: -O0 never runs the program" in capsys.readouterr().out


def test_compile_takes_every_option(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("include").mkdir()
    Path("include/scale.h").write_text("#define TWICE(x) (2 * (x))\n")
    Path("f.c").write_text(
        '#include "scale.h"\ndouble f(double x, double y) { return TWICE(x) + OFFSET * y; }\n'
        "double g(double x) { return x; }\n"
    )
    options = ["--entry", "f", "--range", "x=-5:-1e-3", "--range", "y=0:1", "-Iinclude", "-DOFFSET=3", "--rows", "32"]
    argv = [
        "compile",
        "f.c",
        *options,
        "--seed",
        "7",
        "--target=mlp",
        "--compiler",
        str(compiler),
        "-o",
        "out",
        "--json",
    ]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert err == ""
    assert (report["entry"], report["seed"], report["rows"], report["artifact"]) == ("f", 7, 32, "out")
    assert [(a["low"], a["high"]) for a in report["signature"]["arguments"]] == [(-5, -0.001), (0, 1)]
    assert report["measured"]["rows"] == 2000
    assert report["seconds"] > 0
    x = np.array([[-2.0, 0.5]])
    assert abs(surrogate.load("out").predict(x)[0, 0] + 2.5) < 1


def test_compile_reads_stdin(compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "#pragma surrogate range(x, -1, 1)\ndouble twice(double x) { return 2 * x; }"
    done = subprocess.run(
        [*COMMAND, "compile", "-", "--compiler", str(compiler)],
        input=source,
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert surrogate.load("twice.surrogate").entry == "twice"


TWO = "double f(double x) { return x; }\ndouble g(double x) { return 2 * x; }"
ONE = "double g(double x) { return 2 * x; }"


@pytest.mark.parametrize(
    ("file", "source", "options", "name"),
    [
        ("k.c", ONE, [], "k.surrogate"),
        ("k.c", TWO, [], "k.g.surrogate"),
        ("k.c", TWO, ["--entry", "f"], "k.f.surrogate"),
        ("k.c", ONE, ["--entry", "g"], "k.g.surrogate"),
        ("k.c", f"#pragma surrogate entry(f)\n{TWO}", [], "k.f.surrogate"),
        ("f.c", TWO, [], "f.g.surrogate"),
        ("f.c", TWO, ["--entry", "f"], "f.surrogate"),
        ("g.c", TWO, [], "g.surrogate"),
        ("k.c", f'#include "one.h"\n{ONE}', [], "k.surrogate"),
        ("k.c", f"#ifdef NOT\ndouble f(double x) {{ return x; }}\n#endif\n{ONE}", [], "k.surrogate"),
        ("k.c", f"#ifdef NOT\ndouble f(double x) {{ return x; }}\n#endif\n{ONE}", ["-DNOT"], "k.g.surrogate"),
        ("a.b.c", TWO, [], "a.b.g.surrogate"),
    ],
)
def test_two_functions_of_a_file_do_not_replace_one_another(
    file: str, source: str, options: list[str], name: str, compiler: Path
) -> None:
    Path("sub").mkdir()
    Path("sub/one.h").write_text("static double twice(double x) { return 2 * x; }")
    Path("sub", file).write_text(source)
    assert main(["compile", f"sub/{file}", *options, "-O0", "--compiler", str(compiler)]) == 0
    assert sorted(os.listdir()) == sorted(["sub", name])


def test_what_a_pipe_gave_is_not_read_twice(compiler: Path) -> None:
    os.mkfifo("k.c")
    argv = [*COMMAND, "compile", "k.c", "-O0", "--compiler", str(compiler)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as compiling:
        Path("k.c").write_text(ONE)
        out, _ = compiling.communicate(timeout=240)
    assert out.startswith("k.c -> k.g.surrogate\n")


@pytest.mark.parametrize(
    "argv",
    [
        ["compile", "plane.c", "-o", ""],
        ["run", "plane.surrogate", "1", "2", "--output", ""],
        ["decompile", "plane.surrogate", "-o", ""],
        ["adapt", "plane.surrogate", "--task", "sort", "-o", ""],
        ["show", "plane.surrogate", "-o", ""],
    ],
)
def test_an_output_has_a_name(argv: list[str], artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = os.listdir()
    Path("plane.c").write_text(ONE)
    assert "an output needs a name, not ''" in usage_error(argv, capsys)
    assert os.listdir() == [*before, "plane.c"]


def test_compile_onto_an_artifact_keeps_what_is_the_users(plane_file: Path, artifact: str, compiler: Path) -> None:
    Path(artifact, "notes.txt").write_text("mine")
    Path(artifact, "inner.surrogate").mkdir()
    assert main(["compile", str(plane_file), "--compiler", str(compiler), "-o", artifact, "--seed", "5"]) == 0
    assert surrogate.load(artifact).seed == 5
    assert Path(artifact, "notes.txt").read_text() == "mine"
    assert Path(artifact, "inner.surrogate").is_dir()


def test_a_bad_surrogate_is_called_bad(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("noise.c").write_text("#include <math.h>\ndouble noise(double x) { return sin(1e4 * x); }")
    argv = ["compile", "noise.c", "--compiler", str(compiler)]
    assert main([*argv, "--taps", "none"]) == 0
    err = capsys.readouterr().err
    assert "noise.c: warning: this is a bad surrogate" in err
    assert "-O2" in err
    assert "--range" in err
    assert main([*argv, "-O2", "--plain", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    warnings = json.loads(out)["warnings"]
    assert any("bad surrogate" in w for w in warnings)
    assert "bad surrogate" in Path("noise.surrogate/README.md").read_text()


def test_a_domain_that_nobody_declared_is_doubted(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("root.c").write_text("#include <math.h>\ndouble root(double x, double y) { return sqrt(x) * sqrt(y); }")
    argv = ["compile", "root.c", "--compiler", str(compiler)]
    assert main(argv) == 0
    err = capsys.readouterr().err
    assert "of 2,000 rows of the domain gave no finite result" in err
    assert "nothing declares where x, y lie" in err
    assert main([*argv, "--range", "x=0:1", "--range", "y=0:1"]) == 0
    err = capsys.readouterr().err
    assert "finite" not in err
    assert "nothing declares" not in err


def test_a_domain_that_nobody_declared_is_told_of_a_good_surrogate_too(
    compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sum.c").write_text("double sum(double x, unsigned n) { return x + n; }")
    argv = ["compile", "sum.c", "--compiler", str(compiler), "--range", "x=-1:1"]
    assert main([*argv, "-O0"]) == 0
    assert "nothing declares where n lies: 0 to 1 is assumed" in capsys.readouterr().err
    assert main([*argv, "--json"]) == 0
    assert "nothing declares where n lies" in json.loads(capsys.readouterr().out)["warnings"][0]
    assert main([*argv, "--range", "n=0:1"]) == 0
    assert "nothing declares" not in capsys.readouterr().err


def test_a_pragma_that_says_nothing_is_shown_where_it_stands(
    compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("late.c").write_text("double f(double x) { return x; }\n#pragma surrogate range(y, 0, 9)\n")
    argv = ["late.c", "--range", "x=0:1"]
    for command in (["compile", *argv, "--compiler", str(compiler)], ["inspect", *argv]):
        assert main(command) == 0
        err = capsys.readouterr().err
        assert "late.c:2:9: warning: this range binds to nothing" in err
        assert "\n          ^\n  hint: " in err
        assert main([*command, "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert json.loads(out)["warnings"][0].startswith("late.c:2:9: this range binds to nothing")


TWO_RESULTS = """
#include <math.h>
#pragma surrogate range(x, 0, 1)
struct p { double easy, hard; };
struct p f(double x) { struct p r = { 2 * x, sin(1e4 * x) }; return r; }
"""


def test_the_worst_result_decides_not_the_mean(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("f.c").write_text(TWO_RESULTS)
    assert main(["compile", "f.c", "--compiler", str(compiler), "--plain", "-o", "out"]) == 0
    err = capsys.readouterr().err
    assert "falls back to the mean for hard" in err
    assert "this is a bad surrogate of hard: nMSE 1" in err
    card = Path("out/README.md").read_text()
    assert "Falls back to the mean for hard" in card
    assert "**This is a bad surrogate of `hard`**" in card
    # The mean of both is about a half.
    assert main(["check", "out", "--max-nmse", "0.8"]) == 1
    assert "the nMSE of hard, 1" in capsys.readouterr().err
    assert main(["check", "out", "--max-nmse", "0.8", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is False
    assert found["nmse"] < 0.8 < found["worst"] == found["results"][1]["nmse"]
    assert main(["check", "out", "--max-nmse", "1.1"]) == 0


def test_a_compile_with_a_bound_fails_where_a_result_is_above_it(
    compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("f.c").write_text(TWO_RESULTS)
    argv = ["compile", "f.c", "--compiler", str(compiler), "--plain", "-o", "out", "--max-nmse"]
    assert main([*argv, "0.8"]) == 1
    said = capsys.readouterr()
    assert "the nMSE of hard, 1" in said.err
    assert re.search(r"✗ hard", said.out)
    assert re.search(r"✓ easy", said.out)
    assert Path("out/config.json").exists()
    assert main([*argv, "1.1"]) == 0
    assert "✗" not in capsys.readouterr().out
    assert main([*argv, "0.8", "-O0"]) == 2
    assert "-O0 never runs the program" in capsys.readouterr().err
    Path("g.c").write_text("void g(int *mem) { mem[0] = 1; }")
    assert main(["compile", "g.c", "--target", "anc", "--max-nmse", "1"]) == 2
    assert "--max-nmse is for surrogates and graphs" in capsys.readouterr().err
    assert not Path("g.anc").exists()


def test_more_rows_are_advised_only_where_there_may_be_more(
    compiler: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surrogate.mlp.commands.MAX_ROWS", 64)
    Path("f.c").write_text(TWO_RESULTS)
    argv = ["compile", "f.c", "--compiler", str(compiler), "-O2", "--plain", "--rows"]
    for rows, advised in (("63", True), ("64", False)):
        assert main([*argv, rows]) == 0
        err = capsys.readouterr().err
        assert "bad surrogate of hard" in err
        assert ("more rows (--rows)" in err) == advised


def test_what_is_flat_but_for_rounding_is_not_called_bad(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "#pragma surrogate range(x, 0, 1)\n#include <math.h>\n"
    Path("flat.c").write_text(source + "double flat(double x) { return 3 + 1e-9 * sin(1e4 * x); }")
    assert main(["compile", "flat.c", "--compiler", str(compiler), "--plain"]) == 0
    out, err = capsys.readouterr()
    assert "constant to rounding, 3 ± 7" in out
    assert "bad" not in err
    card = Path("flat.surrogate/README.md").read_text()
    assert "constant to rounding" in card
    assert "bad surrogate" not in card


def test_a_fine_tuning_that_changed_nothing_is_not_claimed(
    compiler: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surrogate.mlp.pipeline.finetune", lambda *_: np.zeros(2))
    monkeypatch.setattr("surrogate.mlp.pipeline.teach_exactly", lambda *_: [])
    Path("f.c").write_text(TWO_RESULTS)
    assert main(["compile", "f.c", "--compiler", str(compiler), "-O2", "--rows", "256", "--plain", "-o", "out"]) == 0
    said = "64 executed rows (by Gauss–Newton steps); fine-tuning on 256 changed nothing"
    assert said in capsys.readouterr().out
    assert said in Path("out/README.md").read_text()
    assert surrogate.load("out").untuned == ("easy", "hard")


def test_a_fine_tuning_says_how_many_rows_each_stage_read(
    plane_file: Path, compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", str(plane_file), "--compiler", str(compiler), "-O2", "--rows", "256", "--plain"]) == 0
    out = capsys.readouterr().out
    taught = "; then polynomials of the text taught the tower"
    assert f"64 executed rows (by Gauss–Newton steps{taught}), then fine-tuned on 256\n" in out


def test_compile_replaces_its_artifact_only(
    plane_file: Path, compiler: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["compile", str(plane_file), "--compiler", str(compiler), "-o", "out"]
    assert main(argv) == 0
    assert main([*argv, "--seed", "3"]) == 0
    assert surrogate.load("out").seed == 3
    Path("precious").mkdir()
    Path("precious/file").write_text("x")
    assert "will not be overwritten" in usage_error([*argv[:-1], "precious"], capsys)
    assert os.listdir("precious") == ["file"]


BAD_C = {
    "empty": ("", "no function"),
    "syntax": ("double f(double x) { return x +; }", "syntax.c:1:"),
    "pointer": ("double f(double **x) { return **x; }", "pointer"),
    "no function": ("int x;", "no function"),
}


@pytest.mark.parametrize("name", BAD_C)
def test_a_rejected_program_exits_with_1(name: str, compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, message = BAD_C[name]
    Path(f"{name}.c").write_text(source)
    argv = ["compile", f"{name}.c", "--compiler", str(compiler)]
    assert main(argv) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{name}.c" in err
    assert message in err
    assert main([*argv, "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    diagnostics = json.loads(out)["diagnostics"]
    assert diagnostics[0]["file"] == f"{name}.c"
    assert not list(Path().glob("*.surrogate"))


def test_a_program_that_never_ends_exits_with_1(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("loop.c").write_text("int f(int n) { for (;;) n ^= 1; return n; }")
    started = processor_time()
    assert main(["compile", "loop.c", "--compiler", str(compiler)]) == 1
    assert processor_time() - started < 10
    assert "gave finite results on 0 of 64 rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--entry", "unknown"], "unknown"),
        (["--range", "z=0:1"], "z"),
        (["--range", "x=1:0"], "x"),
        (["--range", "x=nan:1"], "x"),
        (["--range", "x=0"], "not of the form NAME=LOW:HIGH"),
        (["--range", "x=a:b"], "not of the form NAME=LOW:HIGH"),
        (["--range", "=0:1"], "not of the form NAME=LOW:HIGH"),
        (["--range", "x=0:16u"], "not of the form NAME=LOW:HIGH"),
        (["--range", "x=0:0x1.8"], "not of the form NAME=LOW:HIGH"),
        (["--range", "x=0:0xG"], "not of the form NAME=LOW:HIGH"),
        (["--fix", "x=1_0"], "not of the form NAME=NUMBER"),
        (["-O4"], "invalid choice"),
        (["-O0", "--rows", "5"], "takes no rows"),
        (["--rows", "-5"], "rows must be from 2"),
        (["--rows", "many"], "invalid int value"),
        (["--seed", "-1"], "negative"),
        (["--target", "anc"], "--compiler is of --target mlp"),
        (["--tape", "3"], "--tape is of --target anc"),
        (["--target", "tpu"], "unknown target"),
        (["--compiler", "missing"], "no surrogate compiler 'missing'"),
        (["-o", "missing/dir/out"], "cannot be written: No such file or directory"),
        (["-o", "plane.c/out"], "cannot be written: Not a directory"),
        (["--unknown"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_exits_with_2(
    plane_file: Path, compiler: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in usage_error(["compile", str(plane_file), "--compiler", str(compiler), *options], capsys)
    assert not list(Path().glob("*.surrogate"))


def test_a_missing_file_exits_with_2(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "missing.c" in usage_error(["compile", "missing.c", "--compiler", str(compiler)], capsys)


def test_a_usage_error_is_json_where_asked(plane_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", str(plane_file), "--json", "--target", "tpu"]) == 2
    out, err = capsys.readouterr()
    assert "unknown target" in json.loads(out)["diagnostics"][0]["message"]
    assert err == ""


def test_a_full_disk_exits_with_2(
    plane_file: Path, compiler: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write_durably", full)
    argv = ["compile", str(plane_file), "--compiler", str(compiler)]
    assert "plane.surrogate: cannot be written: No space left on device" in usage_error(argv, capsys)
    assert os.listdir() == ["plane.c"]


def test_missing_packaged_weights_are_one_clear_error(
    plane_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("surrogate.mlp.emission.pretrained.WEIGHTS", tmp_path)
    assert "holds no hypernetwork" in usage_error(["compile", str(plane_file)], capsys)


# --- check ---


def test_check_reports_the_error(artifact: str, plane: surrogate.Surrogate, capsys: pytest.CaptureFixture[str]) -> None:
    expected = plane.check(rows=300, seed=4)
    argv = ["check", artifact, "--rows", "300", "--seed", "4"]
    assert main(argv) == 0
    assert f"nMSE {expected.nmse:.4g}" in capsys.readouterr().out
    assert main([*argv, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    report = json.loads(out)
    assert report["nmse"] == expected.nmse
    assert report["results"][0]["name"] == "return"


def test_check_fails_above_the_bound(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", artifact, "--max-nmse", "1000"]) == 0
    capsys.readouterr()
    assert main(["check", artifact, "--max-nmse", "0"]) == 1
    assert "above --max-nmse 0" in capsys.readouterr().err
    assert main(["check", artifact, "--max-nmse", "0", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_check_lists_every_result(compiler: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "struct p { double a, b; }; struct p f(double x) { struct p r = { x, x * x }; return r; }"
    surrogate.compile(source=source, compiler=compiler).save("p")
    assert main(["check", "p"]) == 0
    out = capsys.readouterr().out
    a, b = surrogate.load("p").check().results
    assert re.search(rf"^ +a +{a.nmse:.3g} ", out, re.MULTILINE)
    assert re.search(rf"^ +b +{b.nmse:.3g} ", out, re.MULTILINE)
    assert "b errs most of 2 results: nMSE" in out


def test_check_rejects_bad_artifacts(artifact: str, capsys: pytest.CaptureFixture[str]) -> None:
    program = Path(artifact, "program.c")
    program.write_text(program.read_text().replace("3", "4"))
    assert "program.c was truncated or edited" in usage_error(["check", artifact], capsys)


# --- inspect ---


def test_inspect_describes_a_program(plane_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(plane_file), "--range", "y=0:2"]) == 0
    out = capsys.readouterr().out
    for part in ("'plane' is a numeric program", "double plane(double x, double y)", "x in [0, 4]", "y in [0, 2]"):
        assert part in out
    assert main(["inspect", str(plane_file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["numeric"] is True
    # double plane ( double x , double y ) { return 3 * x - 2 * y + 1 ; }, however the constants are spelt.
    assert 20 <= found["tokens"] <= 40
    assert found["graph"]["exact"] is True
    assert found["graph"]["operators"]["arg"] == 2


def test_inspect_counts_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("same.c").write_text("double same(double x) { return x; }")
    assert main(["inspect", "same.c"]) == 0
    assert "graph     1 node (1 arg)" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["pragma", "option"])
def test_a_range_is_written_as_in_c(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    pragma = "#pragma surrogate range(x, -0x10, 0x1p-3)\n" if given == "pragma" else ""
    Path("f.c").write_text(f"{pragma}double f(double x) {{ return x; }}")
    options = ["--range", "x=-0x10:0x1p-3"] if given == "option" else []
    assert main(["inspect", "f.c", *options]) == 0
    assert "domain    x in [-16, 0.125]" in capsys.readouterr().out


def test_inspect_shows_every_function_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.c"
    path.write_text("int f(int x) { return x; }\nvoid h(int **p) { **p = 1; }\nint g(int x) { return -x; }\n")
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "'g' is a numeric program" in out
    assert "line 1: f: numeric" in out
    assert "line 2: h: 'p' is a pointer to pointers" in out
    assert main(["inspect", str(path), "--json", "--entry", "h"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["numeric"] is False
    assert [(c["name"], c["eligible"]) for c in found["functions"]] == [("f", True), ("h", False), ("g", True)]


def test_inspect_says_why_a_program_is_not_numeric(capsys: pytest.CaptureFixture[str]) -> None:
    Path("f.c").write_text("#include <stdlib.h>\nint f(int n) {\n  n += rand();\n  return undefined(n);\n}\n")
    assert main(["inspect", "f.c"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "f.c:3:8: error:" in err
    assert "f.c:4:" in err
    assert main(["inspect", "f.c", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["numeric"] is False
    assert {d["line"] for d in found["diagnostics"]} == {3, 4}


# --- the process ---


def test_help_and_version_import_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'scipy', 'numpy', 'wasmtime', 'rich', 'pycparser'}"
    for option in ("--help", "--version"):
        code = (
            "import sys\nfrom surrogate.cli import main\n"
            f"try:\n    main(['{option}'])\nfinally:\n    assert not {heavy} & set(sys.modules), sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_compile_imports_no_transformers(plane_file: Path, compiler: Path) -> None:
    # Each takes longer to import than the rest of a compile.
    code = (
        "import sys\nfrom surrogate.cli import main\n"
        f"assert main(['compile', {str(plane_file)!r}, '-O2', '--compiler', {str(compiler)!r}]) == 0\n"
        "assert not {'transformers', 'torch._dynamo', 'sympy', 'scipy.stats'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.slow
def test_start_up_is_within_its_bars(compiler: Path) -> None:
    script = ROOT / "scripts" / "bench" / "startup.py"
    done = subprocess.run(
        [sys.executable, script, "--runs", "3", "--compiler", str(compiler)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_python_m_surrogate_is_the_command(plane_file: Path) -> None:
    outputs = [
        subprocess.run([sys.executable, "-m", name, "inspect", plane_file], capture_output=True, check=True).stdout
        for name in ("surrogate", "surrogate.cli")
    ]
    assert b"'plane' is a numeric program" in outputs[0]
    assert outputs[0] == outputs[1]


def test_version_is_the_distribution_s() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["surrogate", importlib.metadata.version("surrogate-compiler")]


def test_no_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert "required: COMMAND" in usage_error([], capsys)
    assert "invalid choice: 'link'" in usage_error(["link"], capsys)


@pytest.mark.parametrize("stage", ["surrogate.mlp.fitting.start.emit", "cprograms.files._write_durably"])
def test_ctrl_c_leaves_nothing_behind(
    plane_file: Path, compiler: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage, interrupt)
    assert main(["compile", str(plane_file), "--compiler", str(compiler)]) == 130
    assert os.listdir() == ["plane.c"]


WAITING = """
import sys, time
from types import SimpleNamespace
from surrogate.cli import main
from tests.cprograms.native import processor_time

def read(*_):
    print("reading", flush=True)
    time.sleep(SECONDS)
    return b"double f(double x) { return x; }"

sys.stdin = SimpleNamespace(buffer=SimpleNamespace(read=read))
sys.exit(main(["inspect", "-"]))
"""


def interrupted(seconds: float) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and stderr of a command that waits for stdin so long and gets a real signal."""
    command = [sys.executable, "-c", WAITING.replace("SECONDS", str(seconds))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"reading\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    return process.returncode, out, err


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_of_a_process_is_quiet() -> None:
    assert interrupted(60) == (130, b"", b"")


def test_ctrl_c_is_ignored_where_the_parent_ignores_it(interruptible: None) -> None:
    """As in the background of a script."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code, out, err = interrupted(0.2)
    assert (code, err) == (0, b"")
    assert b"'f' is a numeric program" in out


@pytest.mark.parametrize("argv", [["plane.c"], ["plane.c", "--json", "--entry", "unknown"]], ids=["report", "failure"])
def test_a_broken_pipe_is_quiet(plane_file: Path, argv: list[str]) -> None:
    """The reader is gone before anything is written."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([*COMMAND, "inspect", *argv], stdout=write, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (cli.BROKEN_PIPE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_standard_output_is_one_clear_error(plane_file: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "inspect", plane_file], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"surrogate: error: No space left on device\n"


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    commands = next(a for a in cli.build_parser()._actions if a.choices).choices
    assert commands is not None
    for name, command in dict(commands).items():
        assert f"`surrogate {name} " in text, name
        section = text[text.index(f"`surrogate {name} ") :].split("\n## ")[0]
        for action in command._actions:
            for option in action.option_strings[-1:]:
                assert f"`{option}" in section or option == "--help", (name, option)
