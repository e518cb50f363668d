"""C++ is named as such; what of it is C as well compiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms import Diagnostic, ProgramError
from cprograms.frontend import cplusplus

F = "double f(double x) { return 2 * x; }\n"


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _file(text: str, name: str = "f.cpp") -> str:
    Path(name).write_text(text)
    return name


def _told(text: str, name: str = "f.cpp", **options: object) -> tuple[Diagnostic, ...]:
    with pytest.raises(ProgramError) as error:
        cprograms.load(_file(text, name), **options)
    return error.value.diagnostics


CPLUSPLUS = [
    ("#include <cmath>\nfloat f(float x) { return std::sqrt(x); }", (2, 27)),
    ("#include <vector>\ndouble f(double x) { std::vector<double> v; return v[0]; }", (2, 22)),
    ("template <class T> T g(T x) { return x; }\ndouble f(double x) { return g(x); }", (1, 1)),
    ("namespace n { double g(double x) { return x; } }\n" + F, (1, 1)),
    ("class a { public: double x; };\n" + F, (1, 1)),
    ("struct a {\n  double get() const { return x; }\nprivate:\n  double x;\n};\n" + F, None),
    ("void g(double &x) { x = 1; }\ndouble f(double x) { g(x); return x; }", None),
    ("static int half(const int &n) { return n / 2; }\nint f(int n) { return half(n); }", None),
    ("using namespace std;\n" + F, (1, 1)),
    ("double f(double x) { return static_cast<int>(x); }", None),
    (
        "struct a { double x; };\ndouble f(double x) { return x; }\nbool operator==(a p, a q) { return p.x == q.x; }",
        None,
    ),
]


@pytest.mark.parametrize("name", ["f.cpp", "f.c"])
@pytest.mark.parametrize(("text", "place"), CPLUSPLUS)
def test_cplusplus_is_told_in_one(text: str, place: tuple[int, int] | None, name: str):
    (found,) = _told(text, name)
    assert found.message == "this is C++; only C is read"
    assert found.hint.startswith("write the kernel as C")
    assert found.file == name
    if place:
        assert (found.line, found.column) == place


@pytest.mark.parametrize("name", ["f.cpp", "f.cc", "f.cxx", "f.hpp", "f.C"])
def test_a_file_named_so_is_cplusplus_whatever_is_wrong(name: str):
    (found,) = _told("struct v { double x; };\ndouble f(double x) { v p = {x}; return p.x; }", name)
    assert (found.message, found.line) == ("this is C++; only C is read", 2)
    assert cprograms.load(_file(F, name)).entry == "f"


def test_errors_of_c_are_not_taken_for_cplusplus():
    for text in (
        "double f(double x) { return x & y; }",
        "double f(double x) { return g(a & b, c & d) + x; }",
        "double f(double x) { return x ? y : z; }",
        "// std::sqrt\ndouble f(double x) { return y; } // class A {}",
        'double f(double x) { g("a::b"); return x; }',
    ):
        assert all("C++" not in d.message for d in _told(text, "f.c"))


def test_what_is_not_needed_may_be_cplusplus():
    text = F + "static double g(double x) { return std::max(x, 1.0); }\n"
    for name in ("f.cpp", "f.c"):
        assert cprograms.load(_file(text, name), entry="f").entry == "f"
    program = cprograms.load(
        _file(f"#include <iostream>\n{F}int main() {{ std::cout << f(1); return 0; }}\n"), entry="f"
    )
    assert [w.message for w in program.warnings] == ["'iostream' was not found; nothing of it is needed"]


def test_c_that_is_also_cplusplus_compiles():
    text = """
#include <cmath>
#include <cstdint>
#include <cstdlib>
extern "C" {
static double half(double x) { return x / 2; } /* } */
struct limits { double low, high; }; // "}
const char brace = '}';
}
extern "C" double f(double x, int n) {
    bool above = x > 0.5;
    if (above == true) return half(x) + (above ? 1 : 0);
    struct limits l = { 0, 1 };
    return l.high + false + uint8_t(0 * n)
}
"""
    text = text.replace("uint8_t(0 * n)", "(uint8_t)n;")
    program = cprograms.load(_file(text))
    x = np.array([[0.25, 3.0], [2.0, 5.0]])
    np.testing.assert_array_equal(cprograms.run(program, x)[:, 0], [4, 2])


def test_the_functions_of_mathematics_are_overloaded():
    """C would take abs for that of int, and sqrt for that of double."""
    text = "double f(double x, float y, int n) { return abs(x) + 10 * abs(n) + sizeof(sqrt(y)) + "
    text += "100 * (sqrt(y) - sqrt((double)y)); }"
    x = np.array([[-1.75, 2.0, -3.0]])
    root = float(np.sqrt(np.float32(2))) - 2**0.5
    for header in (
        "<cmath>",
        "<math.h>",
        "<cstdlib>\n#include <cmath>",
        "<stdlib.h>\n#include <math.h>\n#include <stdlib.h>",
    ):
        program = cprograms.load(_file(f"#include {header}\n{text}"))
        np.testing.assert_allclose(cprograms.run(program, x).item(), 1.75 + 30 + 4 + 100 * root, rtol=1e-15)
    names = ("cmath", "cstdlib", "ctime", "cstdio", "cstring", "cassert", "cfloat", "climits", "cstddef", "cerrno")
    text = "".join(f"#include <{name}>\n" for name in names)
    assert cprograms.load(_file(text + "float f(float x) { return fabs(sin(x)) + pow(x, 2); }")).entry == "f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('extern "C" {\nint a;\n}\n', "            \nint a;\n \n"),
        ('extern "C" int a;', "extern     int a;"),
        ('extern "C"\n{ int a; }', "          \n  int a;  "),
        ('extern "C++" { int f() { return 1; } }', "               int f() { return 1; }  "),
        ('/* extern "C" { */ int a;', '/* extern "C" { */ int a;'),
        ('extern "C" { int a;', 'extern "C" { int a;'),
        ('extern "C" { int a; } }', 'extern "C" { int a; } }'),
        ('char *s = "extern \\"C\\" {"; extern "C" { }', 'char *s = "extern \\"C\\" {";               '),
    ],
)
def test_linkage_is_blanked_out(text: str, expected: str):
    found = cplusplus.without_linkage(text)
    assert found == expected
    assert len(found) == len(text)


def test_guarded_linkage_is_none():
    text = f'#ifdef __cplusplus\nextern "C" {{\n#endif\n{F}#ifdef __cplusplus\n}}\n#endif\n'
    for name in ("f.c", "f.cpp"):
        assert cprograms.load(_file(text, name)).entry == "f"
