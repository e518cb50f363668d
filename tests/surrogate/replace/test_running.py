"""Programs that are run as their users would: what they give, and how they fail."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from surrogate.replace import profiling
from surrogate.replace.running import STDOUT, Case, checked, run
from tests.surrogate.replace.native import needs_gcc


@pytest.fixture
def made(tmp_path: Path):
    """Builds a C program."""

    def make(text: str) -> Path:
        (tmp_path / "program.c").write_text(text)
        subprocess.run(["gcc", "-w", str(tmp_path / "program.c"), "-o", str(tmp_path / "program")], check=True)
        return tmp_path / "program"

    return make


@needs_gcc
def test_a_run_has_what_was_printed_and_written(made, tmp_path: Path) -> None:
    program = made(
        "#include <stdio.h>\n#include <sys/stat.h>\nint main(int argc, char **argv) { char line[9]; int n = 0;"
        'FILE *in = fopen("given.txt", "r"); fgets(line, 9, in); scanf("%d", &n); mkdir("deep", 0777);'
        'fputs(line, fopen("deep/copy.txt", "w")); printf("%s %d", argv[1], n); return 0; }'
    )
    (tmp_path / "given.txt").write_text("hello")
    (tmp_path / "in.txt").write_text("42")
    case = checked(Case(("a b",), tmp_path / "in.txt", (tmp_path / "given.txt",)))
    found = run(program, case, "program")
    assert found.outputs == {STDOUT: b"a b 42", "deep/copy.txt": b"hello"}
    assert found.seconds > 0
    assert not (tmp_path / "deep").exists()


@needs_gcc
@pytest.mark.parametrize(
    ("body", "said", "hint"),
    [
        ('fprintf(stderr, "no such picture\\n"); return 3;', "ends with status 3", "no such picture"),
        ("*(volatile int *)0 = 1;", "ended by SIGSEGV", "says nothing"),
        ("for (;;) ;", "takes more than 0.3 s", "--timeout"),
    ],
)
def test_a_run_that_fails_says_how(made, body: str, said: str, hint: str) -> None:
    program = made(f"#include <stdio.h>\nint main(void) {{ {body} return 0; }}")
    with pytest.raises(ProgramError) as raised:
        run(program, Case(limit=0.3 if "for" in body else 20.0), "program.c")
    found = raised.value.diagnostics[0]
    assert said in found.message
    assert hint in found.hint
    assert found.file == "program.c"


def test_files_that_are_not_there_are_wrong_usage(tmp_path: Path) -> None:
    for case in (Case(stdin=tmp_path / "x"), Case(files=(tmp_path / "x",)), Case(files=(tmp_path,))):
        with pytest.raises(UsageError, match="cannot read"):
            checked(case)
    (tmp_path / "x").touch()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").touch()
    with pytest.raises(UsageError, match="are called 'x'"):
        checked(Case(files=(tmp_path / "x", tmp_path / "d" / "x")))
    with pytest.raises(UsageError, match="--timeout"):
        checked(Case(limit=math.nan))


# --- Notes of calls ---

KERNEL = """\
struct pair { double a; int b; };
double f(struct pair p, const double w[2], long n) { return p.a * p.b + w[1] + n; }
"""


@needs_gcc
def test_notes_have_the_calls_of_a_program(tmp_path: Path) -> None:
    """Calls with known values, against numpy's own least, greatest and quantiles of them."""
    program = cprograms.load(source=KERNEL)
    assert sorted(profiling.leaves(program)) == ["n", "p.a", "p.b", "w[0]", "w[1]"]
    body = profiling.wrapper(program, profiling.ORIGINAL)
    main = (
        "int main(void) { double s = 0; for (int i = 0; i < 20000; i++) { struct pair p = {0.001 * i, i % 7};"
        " double w[2] = {0, i == 5 ? 0.0 / 0.0 : -0.5 * i}; s += f(p, w, 3); } return s == 1; }"
    )
    head = "double f(struct pair p, const double w[2], long n)"
    text = f"{KERNEL.replace(' f(', ' f__original(')}\n{profiling.DECLARATIONS}\n{head} {{ {body} }}\n{main}"
    (tmp_path / "program.c").write_text(text)
    (tmp_path / "notes.c").write_text(profiling.notes(program.arguments, {"p.a": (0, 10)}))
    built = tmp_path / "program"
    subprocess.run(["gcc", "-O2", str(tmp_path / "program.c"), str(tmp_path / "notes.c"), "-o", str(built)], check=True)
    run(built, Case(), "program", {profiling.NOTE: str(tmp_path / "notes")})
    found = profiling.read(tmp_path / "notes", 5)
    assert found is not None
    order = [a.name for a in program.arguments]
    i = np.arange(20000)
    columns = {
        "p.a": 0.001 * i,
        "p.b": i % 7,
        "w[0]": 0 * i,
        "w[1]": np.where(i == 5, np.nan, -0.5 * i),
        "n": np.full(20000, 3),
    }
    assert found.calls == 20000
    assert found.outside == np.sum((0.001 * i > 10) | (i == 5))
    assert found.unbounded == 1
    for k, name in enumerate(order):
        assert found.least[k] == np.nanmin(columns[name])
        assert found.greatest[k] == np.nanmax(columns[name])
        quantiles = np.nanquantile(columns[name], [0.01, 0.5, 0.99])
        assert np.allclose(found.quantiles(k), quantiles, atol=0.03 * max(np.ptp(columns[name][6:]), 1e-9))
    assert len(found.sample) == profiling.SAMPLE
    ranges = profiling.ranges(found, program.arguments)
    assert ranges["n"] == (3, 3)
    assert ranges["p.b"] == (0, 6)


def test_notes_that_are_not_there() -> None:
    assert profiling.read(Path("/nowhere/notes"), 3) is None


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
def test_a_rounded_range_holds_the_calls_and_little_else(low: float, width: float) -> None:
    high = low + width
    found = profiling.outwards(low, high)
    assert found[0] <= low
    assert found[1] >= high
    assert found[1] - found[0] <= 1.03 * (high - low) + 4 * math.ulp(max(abs(low), abs(high)))
