"""Several files as one program, against gcc, which compiles and links them."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms import Program, ProgramError, UsageError
from cprograms.frontend.loading import describe, function_names
from cprograms.tape import load_tape
from tests.cprograms.frontend.random_files import random_files

GCC = shutil.which("gcc")


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(**texts: str) -> list[str]:
    """Files of C by their stems, written to the current folder; headers are called `name_h`."""
    names = {stem: f"{stem[:-2]}.h" if stem.endswith("_h") else f"{stem}.c" for stem in texts}
    for stem, text in texts.items():
        Path(names[stem]).write_text(text)
    return [name for name in names.values() if name.endswith(".c")]


def _run(program: Program, *x: float) -> float:
    return float(cprograms.run(program, np.array([x])).item())


def _native(files: list[str], x: np.ndarray) -> np.ndarray:
    """What f, of doubles, gives for each row in a process's first calls."""
    assert GCC is not None
    library = Path("native.so").absolute()
    flags = ["-w", "-O0", "-shared", "-fPIC", "-Wl,-Bsymbolic", "-fno-common"]
    subprocess.run([GCC, *flags, "-o", str(library), *files, "-lm"], check=True)
    f = ctypes.CDLL(str(library)).f
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double] * x.shape[1]
    return np.array([f(*row) for row in x])


def _told(files: list[str], **options: object) -> tuple[cprograms.Diagnostic, ...]:
    with pytest.raises(ProgramError) as error:
        cprograms.load(files, **options)
    return error.value.diagnostics


@pytest.mark.skipif(GCC is None, reason="needs gcc")
@pytest.mark.parametrize("seed", range(25))
def test_random_files_mean_what_gcc_makes_of_them(seed: int):
    texts = random_files(seed)
    for name, text in texts.items():
        Path(name).write_text(text)
    files = [name for name in texts if name.endswith(".c")]
    x = np.random.default_rng(seed).uniform(-2, 2, (8, 2))
    expected = _native(files, x)
    for order in (files, files[::-1]):
        program = cprograms.load(order, entry="f")
        np.testing.assert_allclose(cprograms.run(program, x)[:, 0], expected, rtol=1e-12)
        again = cprograms.load(source=program.portable_text, self_contained=True)
        assert again.text == program.text


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_what_is_static_and_changes_is_each_file_s_own():
    files = _write(
        count_h="static double offset = 1;\n"
        "static inline double next(void) { static int n; n += 1; return n + offset; }\n",
        a='#include "count.h"\ndouble g(double x);\n'
        "double f(double x) { offset += x; double first = next(), other = g(x); return first + 100 * other + next(); }",
        b='#include "count.h"\ndouble g(double x) { offset += 5; return next() + x; }',
    )
    x = np.array([[3.0]])
    np.testing.assert_array_equal(cprograms.run(cprograms.load(files), x)[:, 0], _native(files, x))


def test_the_first_file_holds_the_entry_but_for_one_that_is_named():
    files = _write(
        a="double g(double x);\ndouble f(double x) { return g(x) + 1; }",
        b="static double own(double x) { return 3 * x; }\ndouble g(double x) { return own(x); }",
    )
    assert cprograms.load(files).entry == "f"
    assert cprograms.load(files[::-1]).entry == "g"
    assert cprograms.load(files, entry="own").entry == "own"
    assert cprograms.load(files).path == "a.c"
    assert function_names(files) == ("f",)
    described = describe(files)
    assert [c.name for c in described.candidates] == ["f"]
    assert described.program is not None
    assert _run(described.program, 2) == 7
    with pytest.raises(UsageError, match=r"a\.c defines no function 'owm'; did you mean 'own'\?"):
        cprograms.load(files, entry="owm")


def test_pragmas_are_about_functions_of_their_own_file():
    files = _write(
        a="double g(double);\n#pragma surrogate range(x, 2, 3)\ndouble f(double x) { return g(x); }",
        b="#pragma surrogate range(x, 5, 6)\n#pragma surrogate entry(g)\ndouble g(double x) { return x; }\n"
        "#pragma surrogate range(x, 8, 9)\n",
    )
    program = cprograms.load(files)
    assert (program.entry, program.domain.tolist()) == ("f", [[2, 3]])
    assert cprograms.load(files, entry="g").domain.tolist() == [[5, 6]]


def test_an_objects_definition_is_found():
    files = _write(
        a="extern const double table[];\nextern double scale;\ndouble f(double x) { return table[1] * scale * x; }",
        b="const double table[3] = {1, 2, 3};\ndouble scale = 5;\n",
    )
    assert _run(cprograms.load(files), 2) == 20
    (found, *_) = _told(files[:1])
    assert "'table' is defined outside" in found.message


def test_declarations_may_be_repeated_and_spelled_otherwise():
    _write(v_h="struct v { double x, y; };\n#define LEN(v) ((v).x * (v).x + (v).y * (v).y)\n")
    files = _write(
        a="struct v { double x,\n   y; };\ntypedef struct v v;\ndouble length(v);\n"
        "double f(double x, double y) { v p = {x, y}; return length(p); }",
        b='#include "v.h"\ndouble length(struct v);\ndouble length(struct v p) { return LEN(p); }',
    )
    program = cprograms.load(files)
    assert _run(program, 3, 4) == 25
    assert program.text.count("struct v\n") == 1


def test_an_arithmetic_type_is_one_however_it_is_spelled():
    files = _write(
        a="typedef unsigned long int size;\ndouble g(size);\ndouble f(double x) { return g((size)x); }",
        b="typedef long unsigned size;\ndouble g(size n) { return n + (size)1; }",
    )
    program = cprograms.load(files)
    assert _run(program, 3) == 4
    assert "size_in" not in program.text


def test_a_struct_of_one_file_is_another_s_secret():
    files = _write(
        state_h="struct state;\nstruct input { double x; };\ndouble step(struct input);\n",
        a='#include "state.h"\nstruct state { int unlike; };\ndouble f(double x) { struct state s = {2}; '
        "struct input i = {x}; return step(i) + s.unlike; }",
        b='#include "state.h"\nstruct state { double x, y; };\n'
        "double step(struct input i) { struct state s = {i.x, 1}; return s.x + s.y + sizeof(struct state); }",
    )
    program = cprograms.load(files)
    assert _run(program, 3) == 22
    assert "struct state_in_b" in program.text


def test_types_that_count_on_what_differs_are_apart():
    """The header's text is the same in both files, and what it says is not."""
    files = _write(
        pair_h="typedef struct { real x, y; } pair;\nstatic inline double size(void) { return sizeof(pair); }\n",
        a='typedef double real;\n#include "pair.h"\ndouble g(double);\n'
        "double f(double x) { return size() + 100 * g(x); }",
        b='typedef float real;\n#include "pair.h"\ndouble g(double x) { pair p = {x, 1}; return size() + p.y; }',
    )
    assert _run(cprograms.load(files), 1) == 16 + 100 * 9


def test_a_name_of_the_c_library_keeps_it():
    files = _write(
        a="static double fmin(double a, double b) { return a + b; }\ndouble g(double);\n"
        "double f(double x) { return fmin(x, 10) + g(x); }",
        b="#include <math.h>\ndouble g(double x) { return fmin(x, 5); }",
    )
    assert _run(cprograms.load(files), 7) == 22


def test_names_that_locals_hide_stay():
    files = _write(
        a="static double k = 2;\ndouble g(double);\ndouble f(double x) { return g(x) + k; }",
        b="struct k { double k; };\nstatic const double k = 7;\nstatic double own(double k) { return 2 * k; }\n"
        "double g(double x) { struct k s = {.k = k}; double y = k; { double k = 1; y += k; for (int k = 0; k < 3; k++) "
        "y += k; } goto k; k: return own(y) + s.k + x; }",
    )
    assert _run(cprograms.load(files), 1) == 2 * (7 + 1 + 3) + 7 + 1 + 2


def test_two_definitions_are_told_with_both_places():
    files = _write(
        a="double twice(double x) { return 2 * x; }\ndouble f(double x) { return twice(x); }\nint n = 1;\n",
        b="double other;\n\ndouble twice(double x) { return x + x; }\nint n = 1;\n",
    )
    function, variable = sorted(_told(files), key=lambda d: d.line)
    assert function.message == "'twice' is defined in two files"
    assert (function.file, function.line) == ("b.c", 3)
    assert function.source_line == "double twice(double x) { return x + x; }"
    assert "a.c:1" in function.hint
    assert (variable.message, variable.file, variable.line) == ("'n' is defined in two files", "b.c", 4)
    assert "a.c:3" in variable.hint
    for order in (files, files[::-1]):
        with pytest.raises(ProgramError, match="is defined in two files"):
            describe(order)


def test_every_file_may_have_a_main_and_the_functions_of_a_header():
    files = _write(
        h_h="#pragma once\ndouble twice(double x) { return 2 * x; }\n",
        a='#include "h.h"\ndouble g(double);\n'
        "double f(double x) { return twice(x) + g(x); }\nint main(void) { return 0; }",
        b='#include "h.h"\ndouble g(double x) { return twice(x) + 1; }\nint main(void) { return 1; }',
    )
    assert _run(cprograms.load(files), 1) == 5


def test_inline_functions_are_each_file_s_own():
    files = _write(
        h_h="inline double twice(double x) { return FACTOR * x; }\ndouble plain(double);\n",
        a='#define FACTOR 2\n#include "h.h"\ndouble g(double);\n'
        "double f(double x) { return twice(x) + 100 * g(x) + plain(x); }",
        b='#define FACTOR 3\n#include "h.h"\ninline double plain(double x) { return x; }\n'
        "double g(double x) { return twice(x); }",
    )
    assert _run(cprograms.load(files), 1) == 2 + 300 + 1


@pytest.mark.parametrize(
    ("declared", "call"),
    [
        ("float g(double);", "g(x)"),
        ("double g(float);", "g(x)"),
        ("double g(double, double);", "g(x, x)"),
        ("double g(const double *);", "g(&x)"),
        ("struct s { float a; }; double g(struct s);", "g((struct s){x})"),
        ("extern double g;", "g"),
        ("extern const float t[2]; double g(double);", "g(x) + t[0]"),
    ],
)
def test_a_declaration_of_another_type_is_told(declared: str, call: str):
    given = "struct s { double a; } s" if "struct" in declared else "double x"
    files = _write(
        a=f"{declared}\ndouble f(double x) {{ return {call}; }}",
        b=f"const double t[2] = {{1}};\ndouble g({given}) {{ return 1; }}",
    )
    (found, *_) = _told(files)
    assert "is declared with another type here than where it is defined" in found.message
    assert (found.file, found.line) == ("a.c", 1)
    assert "b.c:" in found.hint


@pytest.mark.parametrize(
    "declared", ["double g();", "double g(double);", "extern double g(double y);", "real g(real);"]
)
def test_a_declaration_of_the_same_type_is_none(declared: str):
    files = _write(
        a=f"typedef double real;\n{declared}\ndouble f(double x) {{ return g(x); }}",
        b="double g(double x) { return x; }",
    )
    assert _run(cprograms.load(files), 3) == 3


def test_faults_and_errors_are_told_in_their_files():
    files = _write(
        a="double g(double);\ndouble f(double x) { return g(x); }",
        b='\ndouble g(double x)\n{\n    __asm__ volatile("nop");\n    return x;\n}',
    )
    (found,) = _told(files)
    assert (found.file, found.line, found.column) == ("b.c", 4, 5)
    assert found.source_line == '    __asm__ volatile("nop");'
    _write(b="\n\ndouble g(double x) { return x * typo; }")
    (found,) = _told(files)
    assert (found.file, found.line, found.message) == ("b.c", 3, "use of undeclared identifier 'typo'")
    _write(b="double g(double x) { return x; }\ndouble h(double x) { return x * typo; }")
    assert cprograms.load(files).entry == "f"


def test_a_file_is_given_once():
    files = _write(a="double f(double x) { return x; }")
    Path("link.c").symlink_to("a.c")
    with pytest.raises(UsageError, match=r"'a\.c' is given twice"):
        cprograms.load(files * 2)
    for other in ("./a.c", str(Path("a.c").absolute()), "link.c"):
        with pytest.raises(UsageError, match="are the same file"):
            cprograms.load(["a.c", other])
    with pytest.raises(UsageError, match="'-' is given twice"):
        cprograms.load(["-", "-"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ([], "give at least one file"),
        (["a.c", 3], "path must be a path, not 3"),
        (["a.c", "b.c"], r"cannot read 'b\.c'"),
        ([["a.c"]], "path must be a path"),
    ],
)
def test_lists_that_are_none_of_files(path: object, message: str):
    _write(a="double f(double x) { return x; }")
    with pytest.raises(UsageError, match=message):
        cprograms.load(path)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="give either a path or a source text"):
        cprograms.load(["a.c", "b.c"], source="double f(double x) { return x; }")


def test_each_file_is_sandboxed():
    Path("in").mkdir()
    Path("out").mkdir()
    Path("out/secret.h").write_text("#define SECRET 42\n")
    Path("in/a.c").write_text("double g(double);\ndouble f(double x) { return g(x); }")
    Path("in/b.c").write_text('#include "../out/secret.h"\ndouble g(double x) { return x + SECRET; }')
    assert _run(cprograms.load(["in/a.c", "in/b.c"]), 0) == 42
    header, need = _told(["in/a.c", "in/b.c"], sandboxed_includes=True)
    assert (header.message, header.file) == ("'../out/secret.h' file not found", "in/b.c")
    assert need.message == "use of undeclared identifier 'SECRET'"


def test_tapes_come_of_several_files():
    files = _write(
        a="int next(int i);\nvoid f(int *mem) { mem[0] = next(mem[1]); }", b="int next(int i) { return i + 2; }"
    )
    program = load_tape(files)
    assert program.name == "f"
    assert "i + 2" in program.text


CONSTANTS = {
    "kernel.cpp": """
const double gain = 2.5, table[2] = {1, 4};
static const int same = 3;
typedef const double fixed; typedef fixed pair[2];
fixed scale = 0.75; pair ends = {3, 4};
extern "C" { const double braced = 0.5; double other(double x);
double f(double x) { return other(x) * gain + table[1] + same + braced + scale * ends[0]; } }
""",
    "other.cpp": """
const double gain = 3.5, table[2] = {7, 9};
static const int same = 3;
typedef const double fixed; typedef fixed pair[2];
fixed scale = 0.125; pair ends = {8, 9};
const double braced = 0.25;
extern "C" double other(double x) { return gain * x + table[1] + same + braced + scale * ends[0]; }
""",
}


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_constants_of_cplusplus_belong_to_their_files():
    for name, text in CONSTANTS.items():
        Path(name).write_text(text)
    program = cprograms.load([*CONSTANTS])
    x = np.random.default_rng(0).uniform(-1, 1, (20, 1))
    wanted = _native([*CONSTANTS], x)
    np.testing.assert_array_equal(cprograms.run(program, x)[:, 0], wanted)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("double gain = 2;", "double gain = 3;"),
        ("const double *gain = 0;", "const double *gain = 0;"),
        ("extern const double gain; const double gain = 2;", "extern const double gain = 3;"),
        ("const volatile double gain = 2;", "const volatile double gain = 3;"),
        ("typedef double d; d gain = 2;", "typedef double d; d gain = 3;"),
        ("typedef const double *p; p gain = 0;", "typedef const double *p; p gain = 0;"),
        ("typedef volatile double v; const v gain = 2;", "typedef volatile double v; const v gain = 3;"),
    ],
)
def test_what_is_external_in_cplusplus_is_defined_once(first: str, second: str):
    Path("a.cpp").write_text(f'{first}\nextern "C" {{ double h(double x); double f(double x) {{ return h(x); }} }}\n')
    Path("b.cpp").write_text(f'{second}\nextern "C" double h(double x) {{ return x; }}\n')
    assert [d.message for d in _told(["a.cpp", "b.cpp"])] == ["'gain' is defined in two files"]


def test_constants_of_c_are_external():
    Path("a.c").write_text("const double gain = 2;\ndouble h(double);\ndouble f(double x) { return h(x) * gain; }\n")
    Path("b.c").write_text("const double gain = 3;\ndouble h(double x) { return x * gain; }\n")
    assert [d.message for d in _told(["a.c", "b.c"])] == ["'gain' is defined in two files"]
