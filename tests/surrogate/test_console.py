"""What is printed fits the terminal and is coloured there, plain elsewhere. JSON is one document in every case."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprograms.columns import width
from cprograms.diagnostics import ProgramError, UsageError
from surrogate import cli
from surrogate.terminal import console
from surrogate.terminal.console import coloured, columns, wrapped
from tests.surrogate.command import COMMAND, usage_error

pytestmark = pytest.mark.usefixtures("in_own_folder")
Capture = pytest.CaptureFixture[str]
ESCAPE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def on_terminal(monkeypatch: pytest.MonkeyPatch, argv: list[str], most: int) -> tuple[int, str, str]:
    monkeypatch.setenv("COLUMNS", str(most))
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return cli.main(argv), out.getvalue(), err.getvalue()


# --- Lines ---

WORDS = st.lists(st.text(st.sampled_from("abc,漢é;:"), min_size=1, max_size=12), min_size=1, max_size=30)


@given(st.sampled_from(["", "  ", "  error     ", "            ", "  hint: "]), WORDS, st.integers(30, 120))
def test_lines_fit_and_lose_nothing(start: str, words: list[str], most: int) -> None:
    line = start + " ".join(words)
    lines = wrapped(line, most).split("\n")
    assert "".join("".join(lines).split()) == "".join(line.split())
    for part in lines:
        # Only a single word, with no comma before its end, may be wider.
        assert width(part) <= most or (" " not in part.strip() and "," not in part.strip()[:-1])
    assert wrapped(line, None) == line


def test_lines_hang_below_what_follows_their_label() -> None:
    assert wrapped("  network   one two three", 24) == "  network   one two\n            three"
    assert wrapped("  hint: one two three", 18) == "  hint: one two\n        three"
    assert wrapped("surrogate: warning: one two", 22) == "surrogate: warning:\n  one two"
    assert wrapped("  tape      1,2,3,4,5,6,7,8", 24) == "  tape      1,2,3,4,5,6,\n            7,8"


@pytest.mark.parametrize("most", [60, 80, 100, 120])
def test_every_report_fits_the_terminal(
    most: int, plane_file: Path, compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad.c").write_text(f"double f(double x, double *out_{'long_' * 30}) {{\treturn x + *out; }}\n")
    Path("tape.c").write_text("void f(int *mem) { for (int i = 0; i < 5; i++) mem[i] = mem[i] * 2 + mem[i + 1]; }\n")
    commands = [
        (["compile", str(plane_file), "--compiler", str(compiler), "-o", "p"], 0),
        (["check", "p", "--rows", "100", "--max-nmse", "0"], 1),
        (["run", "p", "9", "9"], 0),
        (["inspect", str(plane_file)], 0),
        (["inspect", "bad.c"], 1),
        (["compile", "tape.c", "--target", "anc", "-o", "t"], 0),
        (["check", "t", "--tapes", "10"], 0),
        (["trace", "t", "--tape", "1,2,3,4,5,6"], 0),
        (["trace", "p", "--tape", "1"], 2),
        (["compile", str(plane_file), "--target", "mpl"], 2),
        (["comple"], 2),
    ]
    for argv, expected in commands:
        code, out, err = on_terminal(monkeypatch, argv, most)
        assert code == expected, err
        for line in ESCAPE.sub("", out + err).replace("\r", "\n").splitlines():
            fits = width(line) <= most
            # A name, a path or a tape is not broken.
            assert fits or " " not in line.strip() or str(plane_file) in line or "out_long" in line, line


def test_a_trace_is_the_same_table_in_more_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("tape.c").write_text("void f(int *mem) { mem[0] = mem[1] + mem[2]; mem[3] = mem[0] * 2; }\n")
    assert cli.main(["compile", "tape.c", "--target", "anc", "-o", "t"]) == 0
    tables = []
    for most in (40, 200):
        code, out, _ = on_terminal(monkeypatch, ["trace", "t", "--tape", "1,2,3"], most)
        assert code == 0
        tables.append(out)
    narrow, broad = (ESCAPE.sub("", table).split() for table in tables)
    assert narrow == broad
    assert tables[0].count("\n") > tables[1].count("\n")


# --- Colour ---


@pytest.mark.parametrize(
    ("terminal", "settings", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"CLICOLOR_FORCE": "1"}, True),
        (False, {"CLICOLOR_FORCE": "0"}, False),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (True, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_who_gets_colour(
    terminal: bool, settings: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert coloured(Terminal() if terminal else io.StringIO()) == expected


def test_diagnostics_are_coloured_as_a_compiler_s(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bad.c").write_text("double f(double x) { return y; }\n")
    code, out, err = on_terminal(monkeypatch, ["inspect", "bad.c"], 80)
    assert (code, out) == (1, "")
    assert "\x1b[1;31merror:\x1b[0m" in err
    assert re.search(r"\x1b\[1;32m +\^\x1b\[0m", err)
    code, out, _ = on_terminal(monkeypatch, ["inspect", "bad.c", "--json"], 80)
    assert code == 1
    assert "\x1b" not in out
    json.loads(out)


def test_pipes_get_plain_and_whole_lines(plane_file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert cli.main(["inspect", str(plane_file)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "all of it is followed" in out
    assert columns(sys.stdout) is None


# --- JSON ---


def document(argv: list[str], capsys: Capture) -> tuple[int, dict[str, object]]:
    capsys.readouterr()
    code = cli.main(argv)
    out, err = capsys.readouterr()
    assert err == ""
    found: dict[str, object] = json.loads(out)
    return code, found


@pytest.mark.parametrize(
    "argv",
    [
        ["--json"],
        ["comple", "--json"],
        ["compile", "--json"],
        ["compile", "missing.c", "--json"],
        ["compile", "f.c", "--json", "--ragne", "x=0:1"],
        ["compile", "f.c", "--json", "--range", "x"],
        ["compile", "f.c", "--json=1"],
        ["compile", "f.c", "--json", "-O7"],
        ["compile", "f.c", "--json", "-o", "missing/folder/f"],
        ["inspect", ".", "--json"],
        ["run", "f.c", "--json"],
        ["check", ".", "--json"],
        *(["check", "p", "--json", "--max-nmse", x] for x in ("nan", "-1", "inf", "x")),
        *(["learn", "f.c", "--json", "--data", "d.npz", "--least", x] for x in ("nan", "-0.5")),
        ["show", "f.c", "--json"],
        ["adapt", "x", "--json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_document(argv: list[str], capsys: Capture) -> None:
    Path("f.c").write_text("double f(double x) { return x; }\n")
    code, found = document(argv, capsys)
    assert code == 2
    assert found["diagnostics"]


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (MemoryError("Unable to allocate 74.5 GiB"), 1, "not enough memory for this: Unable to allocate 74.5 GiB"),
        (RecursionError("too deep"), 70, "internal error: RecursionError: too deep"),
        (UsageError("wrong"), 2, "wrong"),
        (ProgramError([]), 1, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_failure_is_one_document(
    raised: BaseException, code: int, message: str | None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("surrogate.driver.compile", fail)
    found_code, found = document(["compile", "f.c", "--json"], capsys)
    assert found_code == code
    told = found["diagnostics"]
    assert isinstance(told, list)
    assert [message in d["message"] for d in told] == ([] if message is None else [True])
    assert cli.main(["compile", "f.c"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_a_failure_after_the_report_adds_no_second_document(
    plane_file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = console.print_json

    def interrupt(found: dict[str, object]) -> None:
        printed(found)
        raise KeyboardInterrupt

    monkeypatch.setattr("surrogate.mlp.inspection.print_json", interrupt)
    code, found = document(["inspect", str(plane_file), "--json"], capsys)
    assert code == 130
    assert found["numeric"] is True


# --- Guesses, and what is none of the things asked for ---


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["comple", "f.c"], "did you mean 'compile'?"),
        (["f.c"], "did you mean 'surrogate compile f.c'?"),
        (["compile", "f.c", "--ragne", "x=0:1"], "did you mean '--range'?"),
        (["compile", "f.c", "--ragne=x=0:1"], "did you mean '--range'?"),
        (["adapt", "x.anc", "--taks", "sort"], "did you mean '--task'?"),
        (["adapt", "x.anc", "--task", "sort", "--method", "hybird"], "did you mean 'hybrid'?"),
        (["compile", "f.c", "--target", "mpl"], "did you mean 'mlp'?"),
        (["compile", "f.c", "--target", "ANC"], "did you mean 'anc'?"),
        (["compile", "f.c", "--compiler", "smal"], "did you mean 'small'?"),
        (["compile", "f.c", "--entry", "luminence"], "did you mean 'luminance'?"),
        (["compile", "f.c", "--range", "rde=0:1"], "did you mean 'red'?"),
        (["compile", "F.c"], "did you mean 'f.c'?"),
        (["run", "plain.surrogate", "1"], "did you mean 'plane.surrogate'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_guesses(argv: list[str], message: str, artifact: str, capsys: Capture) -> None:
    Path("f.c").write_text("double luminance(double red, double green) { return red + green; }\n")
    assert message in usage_error(argv, capsys)


def test_a_wrong_artifact_is_told_what_it_is(artifact: str, capsys: Capture) -> None:
    assert "it is a surrogate of 'double plane(double x, double y)'" in usage_error(
        ["trace", artifact, "--tape", "1"], capsys
    )
    Path("f.c").write_text("double f(double x) { return x; }\n")
    Path("notes.txt").write_text("")
    Path("folder").mkdir()
    assert "not a surrogate artifact but a C file; `surrogate compile f.c`" in usage_error(["run", "f.c", "1"], capsys)
    assert "not a surrogate artifact but a file" in usage_error(["run", "notes.txt", "1"], capsys)
    assert "a directory without config.json" in usage_error(["run", "folder", "1"], capsys)
    assert "Is a directory; it holds a program.c" in usage_error(["compile", artifact], capsys)


def test_a_spinner_is_gone_when_the_work_is_done(plane_file: Path, compiler: Path) -> None:
    """On a pseudo-terminal, as a person sees it."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    argv = [*COMMAND, "compile", str(plane_file), "--compiler", str(compiler), "--json"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "COLUMNS": "80"})
    os.close(follower)
    seen = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    out, _ = process.communicate()
    os.close(leader)
    assert json.loads(out)["entry"] == "plane"
    assert b"compiling" in seen
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    assert seen.endswith(b"\x1b[2K")
