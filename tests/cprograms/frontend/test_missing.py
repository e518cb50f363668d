"""Includes that are nowhere: passed over where nothing of them is needed, named where something is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms import Diagnostic, ProgramError
from cprograms.frontend.given import sources
from cprograms.frontend.loading import describe
from cprograms.frontend.preprocess import preprocess

F = "double f(double x) { return 2 * x; }\n"


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _told(text: str, **options: object) -> tuple[Diagnostic, ...]:
    with pytest.raises(ProgramError) as error:
        cprograms.load(source=text, **options)
    return error.value.diagnostics


def _missing(text: str) -> list[str]:
    (given,) = sources(None, text)
    return [header.name for header in preprocess(given).missing]


def test_what_is_not_needed_is_passed_over_with_a_warning():
    program = cprograms.load(source=f'#include <math.h>\n  #  include "config.h"\n{F}')
    (found,) = program.warnings
    assert found.message == "'config.h' was not found; nothing of it is needed"
    assert (found.severity, found.line, found.column, found.hint) == ("warning", 2, 14, "")
    assert found.source_line == '  #  include "config.h"'
    assert cprograms.run(program, np.array([[3.0]])).item() == 6


def test_all_that_are_missing_are_found_at_once():
    Path("a b#$.h").write_text('#include "in it.h"\n')
    text = '#include "one.h"\n#include <two/three.h>\n#include "a b#$.h"\n#include <math.h>\n#include "one.h"\n'
    text += '#define FOUR "four.h"\n#include FOUR\n#if 0\n#include "never.h"\n#endif\n#include "last.h"\n'
    assert _missing(text) == ["one.h", "two/three.h", "in it.h", "four.h", "last.h"]
    warnings = cprograms.load(source=text + F).warnings
    places = [(w.file, w.line) for w in warnings]
    assert places == [("<source>", 1), ("<source>", 2), ("./a b#$.h", 1), ("<source>", 0), ("<source>", 11)]


def test_what_is_there_is_not_missing():
    Path("asked.h").write_text("#error not to be read\n")
    Path("empty.h").write_text("")
    Path("once.h").write_text("#pragma once\n#define ONCE\n")
    text = '#if __has_include("asked.h")\n#endif\n#if __has_include("none.h")\n#include "none.h"\n#endif\n'
    text += '#include "empty.h"\n#include "./once.h"\n#include "once.h"\n#include <stdlib.h>\n#include <stdlib.h>\n'
    assert _missing(text + F) == []
    assert cprograms.load(source=text + F).warnings == ()


def test_macros_that_conditions_ask_for_may_come_from_it():
    text = '#include "config.h"\n#ifndef GUARD\n#define GUARD\n#endif\n#if defined(FAST) && (LEVEL > 3) // && COMMENT\n'
    text += f"#elif __GNUC__ || GIVEN\n#endif\n{F}#ifdef SEEN\n#endif\n"
    (found,) = cprograms.load(source=text, defines=["GIVEN=0"]).warnings
    assert found.hint == "unless it is where 'FAST', 'LEVEL' and 'SEEN' may come from, which the file tests"


def test_what_is_needed_is_named_with_the_header():
    text = '#include "config.h"\nreal g(real x) { return x * GAIN; }\ndouble h(double x) { return g2(x); }\n' + F
    header, *others = _told(text, entry="g")
    assert (header.message, header.line, header.column) == ("'config.h' file not found", 1, 10)
    assert header.hint.startswith("perhaps it has 'real'")
    assert "'GAIN'" in header.hint
    assert "which 'g' and 'h' need" in header.hint
    assert "-I DIR adds a directory" in header.hint
    assert {e.hint for e in others} == {"perhaps from 'config.h', which was not found"}
    assert "unknown type name 'real'" in {e.message for e in others}
    _, call = _told(text, entry="h")
    assert call.message == "call to undeclared function 'g2'"
    assert call.hint == "perhaps from 'config.h', which was not found"
    assert cprograms.load(source=text, entry="f").entry == "f"


@pytest.mark.parametrize("type", ["double", "void", "static int", "const double *"])
def test_a_macro_before_a_functions_name_may_come_from_it(type: str):
    text = f'#include "api.h"\n{type} API_CALL f(double *x) {{ *x *= 2; }}\n'
    first, second, *_ = _told(text)
    assert first.message == "'api.h' file not found"
    assert first.hint.startswith("perhaps it has 'API_CALL', which 'f' needs")
    assert second.hint == "perhaps from 'api.h', which was not found; -D API_CALL= leaves it out"
    if "void" in type:
        assert cprograms.load(source=text, defines=["API_CALL="]).entry == "f"


def test_a_semicolon_that_is_missing_is_no_macro():
    first, *_ = _told(f'#include "api.h"\n{F}int x = 3\nint g(int y) {{ return y; }}\n')
    assert "file not found" not in first.message


def test_it_is_told_once_for_all_that_it_keeps_out():
    text = '#include "config.h"\n#include <other.h>\n' + "".join(
        f"double f{k}(double x) {{ return x + A{k}; }}\n" for k in range(12)
    )
    first, second, need = _told(text, entry="f3")
    assert first.message == "'config.h' file not found"
    assert second.message == "'other.h' file not found"
    assert "'f7' and 4 more need" in first.hint
    assert need.hint == "perhaps from 'config.h' or 'other.h', which were not found"


def test_errors_that_have_nothing_to_do_with_it_stay_as_they_are():
    (found,) = _told('#include "config.h"\ndouble f(double x) { return x +; }')
    assert found.message == "expected expression"
    assert "config.h" not in found.hint


def test_declarations_that_need_it_keep_nothing_else_out():
    Path("lib.h").write_text(
        '#include "config.h"\nextern real scale;\nreal lib(real);\ntypedef struct { real x; } pair;\n'
    )
    text = f'#include "lib.h"\nreal table[3];\n{F}'
    program = cprograms.load(source=text)
    assert program.entry == "f"
    assert [(w.file, w.line) for w in program.warnings] == [("./lib.h", 1)]
    header, *_ = _told(f"{text}double g(double x) {{ pair p = {{x}}; return p.x; }}", entry="g")
    assert header.message == "'config.h' file not found"


def test_a_description_says_it_of_each_function():
    found = describe(source=f'#include "config.h"\n{F}double g(double x) {{ return x * GAIN; }}', entry="f")
    assert found.program is not None
    assert [c.eligible for c in found.candidates] == [True, False]
    assert [d.message for d in found.candidates[1].diagnostics] == [
        "'config.h' file not found",
        "use of undeclared identifier 'GAIN'",
    ]


def test_an_error_directive_may_come_of_it():
    text = '#include "config.h"\n#ifndef LEVEL\n#error "no LEVEL"\n#endif\n' + F
    header, error = cprograms.load(source=text).warnings
    assert header.message == "'config.h' was not found; nothing of it is needed"
    assert (error.message, error.line) == ('#error "no LEVEL" was passed over: includes are missing', 3)
    messages = [d.message for d in _told(text.replace("2 * x", "LEVEL * x"))]
    assert messages == ["'config.h' file not found", "use of undeclared identifier 'LEVEL'"]
    (error,) = _told(text.replace('#include "config.h"', ""))
    assert error.message == '"no LEVEL"'
    header, error = _told(f"{text}#if 1\n")
    assert (header.message, error.message) == ("'config.h' file not found", "unterminated conditional directive")


def test_a_missing_header_is_no_reason_to_take_bool_for_granted():
    _, need = _told('#include "config.h"\nbool f(double x) { return x > 1; }')
    assert need.message == "unknown type name 'bool'"


def test_a_self_contained_program_has_none():
    (found,) = _told(f'#include "config.h"\n{F}', self_contained=True)
    assert found.message == "#include is not allowed here"


def test_no_further_process_is_started(monkeypatch: pytest.MonkeyPatch):
    from cprograms.frontend import preprocess as module

    started = []

    class Counted(module._Clang):
        def __init__(self, *args: object, **kwargs: object):
            started.append(args)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(module, "_Clang", Counted)
    for text in (F, f'#include "config.h"\n#include "b.h"\n{F}', "bool f(double x) { return x > 1; }"):
        started.clear()
        cprograms.load(source=text)
        assert len(started) == (4 if "bool" in text else 2)


def test_errors_of_other_headers_hide_none_of_the_file():
    Path("many.h").write_text("".join(f"INLINE double g{k}(double x) {{ return x; }}\n" for k in range(100)))
    text = f'#include "config.h"\n#include "many.h"\nINLINE double scaled(double x) {{ return x; }}\n{F}'
    header, *others = _told(text, entry="scaled")
    assert header.message == "'config.h' file not found"
    assert "'INLINE'" in header.hint
    assert ("unknown type name 'INLINE'", 3) in [(d.message, d.line) for d in others]
