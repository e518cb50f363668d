"""Rewritten programs are built by a real compiler, and do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cprograms.diagnostics import ProgramError
from cprograms.frontend.given import sources
from surrogate.replace.building import build, compiler, preprocessed
from surrogate.replace.rewriting import ORIGINAL, SURROGATE, definition, with_wrapper
from surrogate.replace.running import STDOUT, Case, run
from tests.surrogate.replace.native import needs_gcc

CASES = {
    "plain": "double f(double x) { return x + 1; }",
    "static": "static double f(double x) { return x + 1; }",
    "declared": "static double f(double); double g(void) { return f(1); } static double f(double x) { return x; }",
    "inline": "static inline __attribute__((always_inline)) double f(double x) { return x + 1; }",
    "c99_inline": "extern double f(double); inline double f(double x) { return x + 1; }",
    "old_style": "double f(x) double x; { return x + 1; }",
    "behind_a_comment": "/* double f(double x) { */ double f(double /* } */ x) /* { */ { return x + 1; } // }",
    "in_strings": "const char *s = \"double f(double x) {\"; char c = '{'; double f(double x) { return x + 1; }",
    "macro": "#define NAME f\n#define TYPE double\nTYPE NAME(TYPE x) { return x + 1; }",
    "chosen": "#if 0\ndouble f(double x) { return 5; }\n#else\ndouble f(double x) { return x + 1; }\n#endif",
    "recursive": "double f(double x) { return x > 100 ? x : f(x + 101); }",
    "a_field": "struct s { double f; }; double f(double x) { struct s v = {x}, *p = &v; return v.f + p->f; }",
    "called_before": "double f(double); double g(void) { return f(1); } double f(double x) { return x + 1; }",
    "pointer_before": "double (*p)(double); struct t { int f; }; double f(double x) { return x + 1; }",
    "braces_on_lines": "double\nf(\n  double x\n)\n{\n  return x + 1;\n}",
    "pragma": "#pragma surrogate range(x, 0, 1)\ndouble f(double x) { return x + 1; }",
    "attribute_after": "double f(double x) __attribute__((noinline)); double f(double x) { return x + 1; }",
}
MAIN = '\n#include <stdio.h>\nint main(void) { printf("%g\\n", f(20.0)); return 0; }\n'
STAND_IN = f"double {SURROGATE.format('f')}(double x) {{ return 1000 + x; }}"


def built(text: str, body: str, folder: Path) -> str:
    """What a program prints whose function is a wrapper with this body."""
    path = folder / "program.c"
    path.write_text(text)
    given, by = sources(str(path), None), compiler()
    found = definition(preprocessed(by, given[0]), "f")
    assert found is not None
    (folder / "other.c").write_text(STAND_IN)
    build(by, given, {given[0].name: with_wrapper(found, "", body)}, [folder / "other.c"], folder / "built")
    return run(folder / "built", Case(), "program").outputs[STDOUT].decode().strip()


@needs_gcc
@pytest.mark.parametrize("name", CASES)
def test_every_call_reaches_the_other_function(name: str, tmp_path: Path) -> None:
    assert built(CASES[name] + MAIN, f"return {SURROGATE.format('f')}(x);", tmp_path) == "1020"


@needs_gcc
@pytest.mark.parametrize("name", ["plain", "c99_inline", "old_style", "recursive", "a_field"])
def test_the_original_is_there_under_its_other_name(name: str, tmp_path: Path) -> None:
    """Two programs, the file as it is and one whose wrapper calls the original, print the same."""
    path = tmp_path / "plain.c"
    path.write_text(CASES[name] + MAIN)
    build(compiler(), sources(str(path), None), {}, [], tmp_path / "plain")
    expected = run(tmp_path / "plain", Case(), "plain").outputs[STDOUT].decode().strip()
    assert built(CASES[name] + MAIN, f"return {ORIGINAL.format('f')}(x);", tmp_path) == expected


@needs_gcc
def test_what_a_function_calls_of_itself_is_the_original(tmp_path: Path) -> None:
    """A wrapper counts the calls of others."""
    text = "static int n; double f(double x) { return x < 1 ? 0 : 1 + f(x - 1); }" + MAIN.replace(
        "f(20.0)", "n + f(20.0)"
    )
    assert built(text, "n += 100; return f__original(x);", tmp_path) in ("120", "20")  # the order of operands is free
    twice = text.replace("n + f(20.0)", "(f(20.0), n + 0.0)")
    assert built(twice, "n += 100; return f__original(x);", tmp_path) == "100"


@pytest.mark.parametrize(
    "text",
    [
        "double f(double x);",
        "double g(double x) { double f(double); return f(x); }",
        "typedef double f; double g(f x) { return x; }",
        "struct f { int a; }; int f = 3;",
        "double f(double x) {",
        "",
    ],
)
def test_what_is_no_definition_is_not_found(text: str) -> None:
    assert definition(text, "f") is None


@needs_gcc
def test_a_program_that_does_not_build_says_what_the_compiler_says(tmp_path: Path) -> None:
    path = tmp_path / "wrong.c"
    path.write_text("double f(double x) { return x; }\nint main(void) { return missing; }\n")
    with pytest.raises(ProgramError) as raised:
        build(compiler(), sources(str(path), None), {}, [], tmp_path / "built")
    found = raised.value.diagnostics[0]
    assert (found.line, found.source_line) == (2, "int main(void) { return missing; }")
    assert "'missing' undeclared" in found.message
    path.write_text("double f(double x) { return x; }\nint g(int); int main(void) { return g(1); }\n")
    with pytest.raises(ProgramError, match="undefined reference to"):
        build(compiler(), sources(str(path), None), {}, [], tmp_path / "built")
