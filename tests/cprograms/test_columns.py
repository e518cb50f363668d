"""Where carets stand, and how columns are counted: gcc is asked where there is one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprograms import ProgramError
from cprograms.columns import character, display_column, quoted, width
from cprograms.diagnostics import Diagnostic, did_you_mean
from cprograms.frontend.loading import load

PREFIXES = (
    *("", "\t", "    \t", "\t \t  \t", "\f", "\v", "\f\t"),
    *("/* 漢字 */ ", "/* e\u0301e\u0301 */ ", "/* éà */\t", "/* \U0001f600 */", "/* a\u200bb */ "),
)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
@pytest.mark.parametrize("included", [False, True], ids=["file", "include"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_columns_are_gcc_s(end: str, start: str, included: bool, tmp_path: Path) -> None:
    lines = [f"{prefix}double f{i}(double x) {{ return x + missing{i}; }}" for i, prefix in enumerate(PREFIXES)]
    path = tmp_path / "f.c"
    named = tmp_path / "f.h" if included else path
    user = f"double g(double x) {{ return {' + '.join(f'f{i}(x)' for i in range(len(PREFIXES)))}; }}"
    named.write_bytes((start + end.join([*lines, "" if included else user])).encode())
    if included:
        path.write_text(f'#include "f.h"\n{user}\n')
    command = ["gcc", "-fsyntax-only", str(path)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    expected = re.findall(r"^(\S+:\d+:\d+): error", done.stderr, re.MULTILINE)
    assert len(expected) == len(PREFIXES), done.stderr
    with pytest.raises(ProgramError) as error:
        load(path)
    found = error.value.diagnostics
    assert [d.place for d in found] == expected
    for i, diagnostic in enumerate(found):
        assert diagnostic.source_line[diagnostic.column - 1 :].startswith(f"missing{i};")
        shown, caret = diagnostic.quoted()
        assert width(shown[: shown.index(f"missing{i};")]) == len(caret) - 1


def test_a_form_feed_of_an_included_file_ends_no_line(tmp_path: Path) -> None:
    for separator in "\f\v\x1c\x85\u2028":
        header = f"static double circle(double r)\n{{ /*{separator}*/\n    undeclared(r);\n    return r * r;\n}}\n"
        (tmp_path / "part.h").write_text(header, encoding="utf-8")
        path = tmp_path / "f.c"
        path.write_text('#include "part.h"\ndouble area(double r) { return circle(r); }\n')
        with pytest.raises(ProgramError) as error:
            load(path)
        found = error.value.diagnostics[0]
        assert (found.line, found.source_line) == (3, "    undeclared(r);"), ascii(separator)


CHARACTERS = st.text(st.sampled_from("ab \t\f\v漢é\u0301\u200b\U0001f600\u202e\x1b\ufeff"), max_size=60)


@given(CHARACTERS, CHARACTERS, st.integers(20, 120))
def test_the_caret_stands_under_its_character(before: str, after: str, most: int) -> None:
    shown, caret = quoted(f"{before}X{after}", len(before) + 1, most)
    assert caret == " " * width(shown[: shown.index("X")]) + "^"
    assert width(shown) <= most
    assert len(caret) <= most
    assert not any(c in shown for c in "\t\f\v\x1b\u202e")


@pytest.mark.parametrize("at", [0, 10, 50, 5000, 9_990, 9_999])
@pytest.mark.parametrize("most", [40, 80, 120])
def test_a_long_line_is_cut_around_the_caret(at: int, most: int) -> None:
    line = "".join("0123456789"[i % 10] for i in range(10_000))
    marked = f"{line[:at]}X{line[at + 1 :]}"
    shown, caret = quoted(marked, at + 1, most)
    assert most - 1 >= len(shown) > most - 5
    assert shown[len(caret) - 1] == "X"
    cut = shown.removeprefix("...").removesuffix("...")
    assert cut in marked
    assert shown.startswith("...") == (not marked.startswith(cut))
    assert shown.endswith("...") == (not marked.endswith(cut))


def test_no_column_has_no_caret() -> None:
    assert str(Diagnostic("m", "f.c", 3, 0, "  x;")) == "f.c:3: error: m\n    x;"
    assert str(Diagnostic("m", "f.c", 3, 2, " \t ")) == "f.c:3:2: error: m"


def test_the_caret_after_the_end_of_a_line() -> None:
    assert quoted("return x", 9) == ["return x", "        ^"]


def test_columns_of_long_lines(tmp_path: Path) -> None:
    """A line of 100,000 characters, macros at its front, the fault at its end."""
    path = tmp_path / "long.c"
    text = f"double f(double x) {{ return ONE(x) {'+ x ' * 20_000}; }} double h(double x) {{ return absent(x); }}"
    path.write_text(f"#define ONE(x) ((x) + 1)\n{text}\n")
    with pytest.raises(ProgramError) as error:
        load(path, entry="h")
    found = error.value.diagnostics[0]
    assert (found.line, found.column) == (2, text.rindex("absent(x)") + 1)
    assert found.as_dict()["source_line"] == ""


def test_bytes_to_characters() -> None:
    line = "漢é = y"
    for at in range(len(line)):
        assert character(line, len(line[:at].encode()) + 1) == at + 1
    assert [display_column("\ta漢b", n) for n in (1, 2, 3, 4, 5)] == [1, 9, 10, 12, 13]


def test_guesses() -> None:
    assert did_you_mean("comple", ["compile", "run"]) == "did you mean 'compile'? "
    assert did_you_mean("X", ["x", "y"]) == "did you mean 'x'? "
    assert did_you_mean("zzz", ["compile", "run"]) == ""
    assert did_you_mean("run", ["run"]) == ""
