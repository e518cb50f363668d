"""Includes, macros, line markers and where diagnostics end up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycparser import c_ast
from pycparser.c_parser import Coord

import cprograms
from cprograms import ProgramError, UsageError
from cprograms.declarations import Unsupported
from cprograms.frontend.places import Places
from cprograms.frontend.preprocess import preprocess
from cprograms.frontend.source import escape, read, unescape
from cprograms.standard import BUILTINS, PROTOTYPES


def _faults(source: str, **options: object) -> tuple[cprograms.Diagnostic, ...]:
    with pytest.raises(ProgramError) as error:
        cprograms.load(source=source, **options)
    return error.value.diagnostics


def test_includes_beside_the_file_and_in_given_directories(tmp_path: Path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "beside.h").write_text('#include "deeper.h"\nstatic double twice(double x) { return DEEPER * x; }\n')
    (tmp_path / "inner" / "deeper.h").write_text("#define DEEPER 2\n")
    path = tmp_path / "f.c"
    path.write_text('#include "beside.h"\ndouble f(double x) { return twice(x) + 1; }')
    with pytest.raises(ProgramError, match=r"'deeper\.h' file not found"):
        cprograms.load(path)
    program = cprograms.load(path, include_dirs=[str(tmp_path / "inner")])
    assert cprograms.run(program, np.array([[3.0]])).item() == 7
    # A function of an include is a helper, or an entry by name, but never the one that is chosen by itself.
    path.write_text('double f(double x) { return x; }\n#include "beside.h"\n')
    assert cprograms.load(path, include_dirs=[str(tmp_path / "inner")]).entry == "f"
    assert cprograms.load(path, include_dirs=[str(tmp_path / "inner")], entry="twice").entry == "twice"


def test_faults_in_an_include_are_told_there(tmp_path: Path):
    (tmp_path / "g.h").write_text("extern int state;\n\nstatic int g(int x)\n{\n    return  state + x;\n}\n")
    path = tmp_path / "f.c"
    path.write_text('#include "g.h"\nint f(int x) { return g(x); }')
    with pytest.raises(ProgramError) as error:
        cprograms.load(path)
    (found,) = error.value.diagnostics
    assert (found.file, found.line, found.column) == (str(tmp_path / "g.h"), 5, 13)
    assert found.source_line == "    return  state + x;"


def test_defines():
    source = "double f(double x) { return SCALE * x + OFFSET(2) FLAG; }"
    program = cprograms.load(source=source, defines=["SCALE=3", "OFFSET(k)=(k + 1)", "FLAG="])
    assert cprograms.run(program, np.array([[5.0]])).item() == 18
    assert cprograms.load(source="int f(int x) { return ONE + x; }", defines=("ONE",)).text.count("1")
    for define in ("", "1=2", "A B", "A=1\n2"):
        with pytest.raises(UsageError, match="-D needs NAME"):
            cprograms.load(source=source, defines=[define])


def test_line_directives_name_files_and_lines():
    (found,) = _faults('extern int n;\nint f(int x)\n{\n#line 40 "model \\"one\\".y"\n  return\n    n;\n}')
    assert (found.file, found.line, found.column) == ('model "one".y', 41, 5)
    assert found.source_line == "    n;"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("int f(int x) { return   /* a */ (  x ) +    @n ; }", "n"),
        ("int f(int x) {\treturn ID(x) + ID(  @n  ); }", "n"),
        ("int f(int x) { return @STATE + x; }", "STATE"),
        ("int f(int x) { return TWICE(x) + @n; } // n n n", "n"),
    ],
)
def test_columns_survive_macros_and_white_space(line: str, word: str):
    head = "#define ID(x) ( x )\n#define TWICE(x) ((x) + (x))\n#define STATE (n + 1)\nextern int n;\n"
    (found,) = _faults(head + line.replace("@", ""))
    assert (found.line, found.column) == (5, line.index("@") + 1), str(found)
    assert found.source_line[found.column - 1 :].startswith(word)


@given(
    st.lists(st.sampled_from(["x", "+", "( x )", " ", "\t", "/*c*/", "n", "M", "1.5e-3"]), max_size=12),
    st.integers(0, 60),
)
def test_every_column_of_a_line_maps_into_the_line(words: list[str], column: int):
    line = "".join(words)
    source = read(None, f"{line}\n")
    places = Places([source], f'# 1 "<source>"\n{" ".join(line.split())}\n')
    found = places.diagnostic(Unsupported(c_ast.EmptyStatement(coord=Coord("<source>", 1, column)), "m"))
    assert 0 <= found.column <= max(len(line), 0) + 1
    assert str(found)


def test_line_endings_encodings_and_marks():
    text = "/* caf\xe9 */\r\ndouble f(double x)\r{\n  return x + 1;\r\n}"
    for data in (text.encode("latin1"), text.encode(), b"\xef\xbb\xbf" + text.encode()):
        program = cprograms.load(source=data)
        assert cprograms.run(program, np.array([[1.0]])).item() == 2


@pytest.mark.parametrize("mark", ["\f", "\v", "\x1c", "\x85", "\u2028"])
def test_lines_are_those_of_c(tmp_path: Path, mark: str):
    """A form feed ends none, in the file and in what it includes."""
    text = f'/* {mark} */\nstatic double g(double r)\n{{\n    __asm__("nop" : "+m"(r));\n    return r;\n}}\n'
    (tmp_path / "g.h").write_text(text)
    (tmp_path / "f.c").write_text(f'/* {mark} */\n#include "g.h"\ndouble f(double r) {{ return g(r); }}\n')
    (tmp_path / "own.c").write_text(f"{text}double f(double r) {{ return g(r); }}\n")
    for file, place in (("f.c", "g.h"), ("own.c", "own.c")):
        with pytest.raises(ProgramError) as error:
            cprograms.load(tmp_path / file)
        (found,) = error.value.diagnostics
        assert (Path(found.file).name, found.line, found.source_line.strip()[:7]) == (place, 4, "__asm__")


def test_continued_lines():
    source = "#define F(x) \\\n  ((x) * \\\n   2)\ndouble f(double x) { ret\\\nurn F(x) + 1; }"
    assert cprograms.run(cprograms.load(source=source), np.array([[3.0]])).item() == 7


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20))
def test_file_names_survive_line_markers(name: str):
    assert unescape(escape(name)) == name


def test_our_math_header_declares_what_may_be_called():
    names = sorted(n for n in PROTOTYPES if n not in ("abs", "labs", "llabs"))
    uses = "\n".join(f"void *use_{n} = (void *){n};" for n in names)
    # The compiler checks our prototypes against its own of the library functions.
    text = "\n".join(f"extern {PROTOTYPES[n]}" for n in PROTOTYPES)
    found = preprocess(read(None, f"#include <math.h>\n#include <stdlib.h>\n{text}\n{uses}\n"))
    assert found.errors == ()
    assert "__builtin_isnan" in BUILTINS


def test_needs_no_home_and_no_cache(tmp_path: Path):
    code = (
        "import cprograms; print(cprograms.load(source='#include <math.h>\\nint f(int x) { return fabs(x); }').entry)"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    environment |= {"HOME": "/nonexistent", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.strip() == b"f"
    assert not list(tmp_path.iterdir())


def test_chained_comparisons_are_c():
    """The compiler takes them for mistakes, and calls them errors even where it is to warn of nothing."""
    program = cprograms.load(source="int f(int x) { return 1 < x < 3 >= 1; }")
    np.testing.assert_array_equal(cprograms.run(program, np.array([[0.0], [2.0], [9.0]]))[:, 0], [1, 1, 1])
    program = cprograms.load(source="int f(int x) { return 5 > x > 0; }")
    np.testing.assert_array_equal(cprograms.run(program, np.array([[0.0], [2.0], [9.0]]))[:, 0], [1, 1, 0])
