"""The front end as a whole: what it accepts, what it makes of it, and every way to say no."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pycparser import CParser, c_ast

import cprograms
from cprograms import ProgramError, UsageError
from cprograms.frontend.loading import describe, load
from cprograms.types import SCALARS
from tests.cprograms.frontend.bad_programs import BAD, Bad
from tests.cprograms.native import processor_time

F = "double f(double x, double y) { return x + y; }"


def _place(diagnostic: cprograms.Diagnostic) -> str:
    return ":".join(str(n) for n in (diagnostic.line, diagnostic.column) if n)


@pytest.mark.parametrize("bad", BAD, ids=[b.name for b in BAD])
def test_bad_program_is_told_at_its_place(bad: Bad):
    started = processor_time()
    with pytest.raises(ProgramError) as error:
        load(source=bad.source)
    found = error.value.diagnostics
    assert processor_time() - started < 10
    if len(bad.faults) > 1:
        assert len(found) == len(bad.faults), str(error.value)
    for (place, fragment), diagnostic in zip(bad.faults, found, strict=False):
        assert (_place(diagnostic), fragment in diagnostic.message) == (place, True), str(error.value)
        if diagnostic.column and diagnostic.source_line:
            text = bad.source.decode("latin1") if isinstance(bad.source, bytes) else bad.source
            assert diagnostic.source_line[:8] in text


def test_diagnostic_reads_like_a_compilers():
    with pytest.raises(ProgramError) as error:
        load(source="extern int n;\nint f(int x) {\n\treturn x * n;\n}")
    assert str(error.value) == (
        "<source>:3:20: error: 'n' is defined outside this file\n"
        "          return x * n;\n"
        "                     ^\n"
        "  hint: give the file that defines it, too"
    )


def test_a_faulty_function_that_is_not_needed_does_not_matter():
    odd = 'void odd(char *s) { void *l = &&end; __asm__ volatile ("nop"); goto *l; end: *s = 0; }\n'
    assert load(source=f"{odd}{F}").entry == "f"
    assert load(source=f"{F}\n{odd}", entry="f").entry == "f"


def test_the_function_that_was_meant_is_not_passed_over():
    source = f"{F}\ndouble g(double x) {{ return f(x, typo); }}"
    assert load(source=f"double g(double x) {{ return x * typo; }}\n{F}").entry == "f"
    assert load(source=source, entry="f").entry == "f"
    assert load(source=f"#pragma surrogate entry(f)\n{source}").entry == "f"
    with pytest.raises(ProgramError, match="undeclared identifier 'typo'") as error:
        load(source=source)
    assert str(error.value.diagnostics[0]) == (
        "<source>: error: 'g' is taken for the entry, and it is not numeric\n  hint: --entry names another one: f"
    )


@pytest.mark.parametrize(
    ("following", "entry"),
    [
        ("double g(double x) { return x; }", "g"),
        ("static double g(double x) { return x; }", "f"),
        ("static double g(double x) { return f(x, x); }", "g"),
        ("double g(double x, double f) { return x * f; }\nstatic double h(double x) { return g(x, x); }", "f"),
        ("double g(double x) { double (*h)(double, double) = f; return h(x, x); }", "g"),
        ("int main(void) { return f(1, 2); }", "f"),
        ("int main(void) { return f(1, 2); }\nstatic double g(double x) { return x; }", "f"),
        ("static double g(double x) { return x; }\ndouble (*const table[])(double, double) = {f};", "g"),
        # Those that use each other are used.
        (
            "int odd(int n);\nint even(int n) { return n ? odd(n - 1) : 1; }\nint odd(int n) { return even(n - 1); }",
            "f",
        ),
    ],
)
def test_the_entry_is_what_nothing_else_uses(following: str, entry: str):
    assert load(source=f"{F}\n{following}").entry == entry


def test_unit_holds_only_what_the_entry_needs():
    source = """
        #include <math.h>
        #include <stdio.h>
        typedef struct { double re, im; } complex_number;
        typedef int unused_type;
        enum mode { SLOW, FAST = SLOW + 3 };
        static const double table[] = {1, 2, [4] = 3};
        static const double unused[] = {1};
        static inline double helper(double x) { return sqrt(x) + table[FAST]; }
        double unused_function(double x) { return helper(x) + cos(x); }
        int main(void) { printf("hello"); return 0; }
        complex_number f(int *x) { complex_number z = {unused_function(*x), 0}; return z; }
        complex_number g(double x) { complex_number z = {helper(x), x}; return z; }
    """
    program = load(source=source)
    assert program.entry == "g"
    assert [(r.name, r.type.code) for r in program.results] == [("re", "f64"), ("im", "f64")]
    names = [n.decl.name if isinstance(n, c_ast.FuncDef) else n.name for n in program.unit.ext]
    assert names == ["sqrt", "complex_number", None, "table", "helper", "g"]
    assert "unused" not in program.text
    assert "printf" not in program.text
    assert "cos" not in program.text
    assert "table[5]" in program.text
    # The text is a program by itself, and means the same.
    again = load(source=program.text, entry="g")
    x = np.linspace(0, 2, 7)[:, None]
    np.testing.assert_array_equal(cprograms.run(again, x), cprograms.run(program, x))
    np.testing.assert_allclose(cprograms.run(program, x)[:, 0], np.sqrt(x[:, 0]))


def test_mutual_recursion_and_order():
    source = """
        int odd(int n);
        static int even(int n) { return n == 0 ? 1 : odd(n - 1); }
        int odd(int n) { return n == 0 ? 0 : even(n - 1); }
    """
    for entry, expected in (("odd", [0, 1, 0, 1]), ("even", [1, 0, 1, 0])):
        program = load(source=source, entry=entry)
        assert cprograms.run(program, np.arange(4.0)[:, None]).ravel().tolist() == expected


def test_shared_definitions_are_printed_once():
    source = """
        static const struct p { double x; } a = {1}, b = {2};
        typedef struct q { struct { double u; } v, w; } q, *pointer;
        struct r { double k; } f(double x) {
            struct t { int n; } c = {1}, d = {2};
            q e = {{3}, {4}};
            enum { ONE = 1, TWO } m = TWO;
            struct p l = b;
            struct r result = {x + a.x + b.x + c.n + d.n + e.v.u + e.w.u + m + l.x};
            return result;
        }
    """
    program = load(source=source)
    CParser().parse(program.text)
    assert cprograms.run(program, np.array([[10.0]])).item() == 10 + 1 + 2 + 1 + 2 + 3 + 4 + 2 + 2


def test_a_named_function_is_the_entry():
    source = f"{F}\ndouble g(double x) {{ return x; }}\nint main(void) {{ return 0; }}"
    assert load(source=source).entry == "g"
    assert load(source=source, entry="f").entry == "f"
    assert load(source=f"#pragma surrogate entry(f)\n{source}").entry == "f"
    assert load(source=f"#pragma surrogate entry(f)\n{source}", entry="g").entry == "g"


def test_unknown_entry_lists_the_functions():
    with pytest.raises(
        UsageError, match=r"no function 'luminence'; did you mean 'luminance'\? it defines luminance, g"
    ):
        load(source="int luminance(int x) { return x; } int g(int x) { return x; }", entry="luminence")


def test_default_domain_is_clipped_to_the_type():
    program = load(source="double f(double a, int b, unsigned c, _Bool d, float e) { return a; }")
    assert [(a.low, a.high, a.origin) for a in program.arguments] == [
        (-1, 1, "default"),
        (-1, 1, "default"),
        (0, 1, "default"),
        (0, 1, "default"),
        (-1, 1, "default"),
    ]


def test_pragma_ranges():
    source = """
        #pragma surrogate range(x, -0x10, 2.5e1f)
        _Pragma("surrogate range(n, 1, 5)")
        #pragma surrogate range(return, 0, 100)
        static double helper(double t) { return t; }
        double f(double x, int n) { return helper(x) * n; }
        #pragma surrogate range(x, 3, 4)
        double g(double x) { return x; }
    """
    program = load(source=source, entry="f")
    assert [(a.low, a.high, a.origin) for a in program.arguments] == [(-16, 25, "pragma"), (1, 5, "pragma")]
    assert type(program.arguments[1].low) is int
    # A range belongs to the next function that has such an argument or result.
    assert (program.results[0].low, program.results[0].high) == (None, None)
    assert (load(source=source, entry="helper").results[0].high) == 100
    assert load(source=source, entry="g").arguments[0].low == 3


def test_ranges_of_result_fields():
    source = """
        struct point { double x, y; };
        struct pose { struct point at; float angle; };
        #pragma surrogate range(return.at.x, -2, 2)
        #pragma surrogate range(at.y, -3, 3)
        #pragma surrogate range(angle, 0, 1)
        struct pose f(double angle) { struct pose p = {{angle, 1}, 2}; return p; }
    """
    program = load(source=source)
    assert [(r.name, r.low, r.high) for r in program.results] == [
        ("at.x", -2, 2),
        ("at.y", -3, 3),
        ("angle", None, None),
    ]
    assert (program.arguments[0].low, program.arguments[0].high) == (0, 1)  # an argument goes before a field


TWO = """double helper(double t) {{ return t; }}
{between}
double f(double x, double y) {{ return helper(x) + y; }}
"""


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("#pragma surrogate range(x, 0, 1)\n" + F, []),
        ("#pragma surrogate range(t, 0, 1)\n" + TWO.format(between=""), [(1, "'helper', a helper of 'f'")]),
        # A result of the helper has the name of an argument of the entry.
        (
            "struct s { double x; };\n#pragma surrogate range(x, 0, 1)\nstruct s half(double t) { struct s r = { t };"
            " return r; }\ndouble f(double x) { return half(x).x; }",
            [],
        ),
        (
            "#pragma surrogate range(x, 0, 1)\ndouble own(double x) { return x; }\n"
            "#pragma surrogate range(x, 0, 2)\ndouble f(double x) { return own(x); }",
            [],
        ),
        ("#pragma surrogate range(x, 0, 1)\ndouble other(double x) { return x; }\n" + F, []),
        ("#pragma surrogate range(t, 0, 1)\ndouble other(double t) { return t; }\n" + F, []),
        ("#pragma surrogate range(tt, 0, 1)\n" + TWO.format(between=""), [(1, "'helper' has no argument 'tt'")]),
        (F + "\n#pragma surrogate range(x, 0, 1)\n", []),
        (F + "\n#pragma surrogate range(t, 0, 1)\n", [(2, "no function follows it")]),
        ("#pragma surogate range(x, 0, 1)\n" + F, [(1, "the pragma 'surogate' says nothing")]),
        ("#pragma Surrogate entry(f)\n" + F, [(1, "the pragma 'Surrogate' says nothing")]),
        ("#pragma omp parallel\n#pragma STDC FP_CONTRACT OFF\n#pragma pack range(1)\n" + F, []),
        (TWO.format(between="#pragma surrogate range(xx, 0, 1)"), [(2, "'f' has no argument 'xx'")]),
    ],
)
def test_a_pragma_that_says_nothing_is_warned_about(source, told):
    found = load(source=source).warnings
    assert [d.line for d in found] == [line for line, _ in told]
    for diagnostic, (_, message) in zip(found, told, strict=True):
        assert message in diagnostic.message
        assert diagnostic.severity == "warning"
        assert diagnostic.source_line.startswith("#pragma")


def test_a_range_binds_to_the_argument_of_its_name_before_whatever_it_stands():
    helper = "static double half(double x) { return x / 2; }"
    for source in (
        f"#pragma surrogate range(x, 2, 3)\n{helper}\n{F}",
        f"{helper}\n#pragma surrogate range(x, 2, 3)\n{F}",
        f"{F}\n#pragma surrogate range(x, 2, 3)\n{helper}",
        f"#pragma surrogate range(x, 0, 1)\n{helper}\n#pragma surrogate range(x, 2, 3)\n{F}",
        f"#pragma surrogate range(x, 2, 3)\n{F}\n#pragma surrogate range(x, 0, 1)\n{helper}",
    ):
        assert load(source=source, entry="f").domain.tolist() == [[2, 3], [-1, 1]]


def test_a_range_of_nothing_asks_for_what_was_meant():
    (found,) = load(source="#pragma surrogate range(valeu, 0, 1)\nint f(int value) { return value; }").warnings
    assert found.message == "this range binds to nothing: 'f' has no argument 'valeu'"
    assert found.hint.startswith("did you mean 'value'?")


def test_a_pragma_of_an_unknown_entry_is_warned_about_where_another_is_named():
    (found,) = load(source="#pragma surrogate entry(g)\n" + F, entry="f").warnings
    assert (found.line, found.message) == (1, "the file defines no function 'g'")


def test_user_ranges_override_pragmas():
    source = f"#pragma surrogate range(x, 0, 2)\n{F}"
    program = load(source=source, ranges={"x": (5, 6), "return": (0, 9)})
    assert (program.arguments[0].low, program.arguments[0].high, program.arguments[0].origin) == (5, 6, "user")
    assert program.results[0].high == 9
    assert program.domain.tolist() == [[5, 6], [-1, 1]]


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"z": (0, 1)}, r"no argument 'z'; the arguments are x, y"),
        ({"xx": (0, 1)}, r"no argument 'xx'; did you mean 'x'\?"),
        ({"x": (1, 0)}, "is empty: 1 > 0"),
        ({"x": (math.nan, 0)}, "must be finite"),
        ({"x": (0, math.inf)}, "must be finite"),
        ({"x": 3}, "must be two numbers"),
        ({"x": (0, "1")}, "must be two numbers"),
        ({"x": (0, 1, 2)}, "must be two numbers"),
        ({"x": (0, 10**400)}, "must be finite"),
    ],
)
def test_bad_ranges(ranges: dict, message: str):
    with pytest.raises(UsageError, match=message):
        load(source=F, ranges=ranges)


@pytest.mark.parametrize("code", [c for c in SCALARS if c != "bool"])
def test_range_must_fit_the_type(code: str):
    scalar = SCALARS[code]
    low, high = scalar.limits
    source = f"double f({scalar.name} x) {{ return x; }}"
    assert load(source=source, ranges={"x": (low, high)}).arguments[0].high == high
    if scalar.is_integer:
        with pytest.raises(UsageError, match="does not fit its type"):
            load(source=source, ranges={"x": (low - 1, high)})
        with pytest.raises(UsageError, match="whole numbers"):
            load(source=source, ranges={"x": (0.5, 1)})


def test_the_greatest_float_may_be_written_in_few_digits():
    source = "float f(float x, float y) { return x; }"
    greatest = 3.4028235e38  # FLT_MAX as headers write it, above it by half a digit
    x = load(source=source, ranges={"x": (-greatest, greatest)}).arguments[0]
    assert (x.low, x.high) == SCALARS["f32"].limits
    assert load(source=source, fixed={"y": greatest}).parameters[1].fixed == (x.high,)
    with pytest.raises(UsageError, match="does not fit its type float"):
        load(source=source, ranges={"x": (0, 3.41e38)})
    with pytest.raises(ProgramError, match=r"'y' cannot be fixed to 1e\+39: its type is float"):
        load(source=source, fixed={"y": 1e39})


def test_long_is_64_bits_wide():
    program = load(
        source="#include <stdint.h>\nlong f(long a, unsigned long b, size_t c, int64_t d) { return a << 40; }".replace(
            "#include <stdint.h>", "#include <stdint.h>\n#include <stddef.h>"
        )
    )
    assert [a.type.code for a in program.arguments] == ["i64", "u64", "u64", "i64"]
    assert cprograms.run(program, np.array([[3.0, 0, 0, 0]])).item() == 3 * 2.0**40


def test_candidates_say_why_not():
    source = f"#include <math.h>\n{F}\nint g(int n) {{ _Atomic int m = n; return m; }}\nint main(void) {{ return 0; }}"
    described = describe(source=source, entry="f")
    found = described.candidates
    assert described.program is not None
    assert (described.program.entry, described.diagnostics) == ("f", ())
    assert [(c.name, c.line, c.eligible) for c in found] == [("f", 2, True), ("g", 3, False), ("main", 4, False)]
    assert [d.message for d in found[1].diagnostics] == ["'m' is atomic, which is not numeric"]
    assert found[2].as_dict()["diagnostics"][0]["hint"] == "a surrogate needs an input"


def test_a_description_says_why_there_is_no_program():
    found = describe(source="int g(int x) { return x; }\nint f(int n) { _Atomic int m = n; return m; }")
    assert found.program is None
    assert [d.message.split(":")[0] for d in found.diagnostics] == [
        "'f' is taken for the entry, and it is not numeric",
        "'m' is atomic, which is not numeric",
    ]
    assert [c.eligible for c in found.candidates] == [True, False]


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / 'odd "name"\\ é.c'
    path.write_text(F.replace("x +", "z +"))
    with pytest.raises(ProgramError) as error:
        load(path)
    assert error.value.diagnostics[0].file == str(path)
    assert error.value.diagnostics[0].source_line.startswith("double f")
    with pytest.raises(UsageError, match=r"cannot read .*No such file"):
        load(tmp_path / "none.c")
    with pytest.raises(UsageError, match=r"cannot read .*Is a directory"):
        load(tmp_path)
    with pytest.raises(UsageError, match="cannot read"):
        load("a\0b.c")
    with pytest.raises(UsageError, match="either a path or a source"):
        load()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(F.encode())))
    assert load("-").path == "<stdin>"


def test_unreadable_file(tmp_path: Path):
    path = tmp_path / "f.c"
    path.write_text(F)
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(UsageError, match="Permission denied"):
            load(path)
    else:
        pytest.skip("this user reads every file")


def test_importing_is_cheap():
    code = "import sys, cprograms; sys.exit(bool({'numpy', 'pycparser', 'wasmtime'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_volatile_local_keeps_what_it_is_given():
    source = (
        "static volatile double tiny = 1e-300;\ndouble f(double x) { volatile double y = x * x; y += tiny; return y; }"
    )
    program = load(source=source)
    assert program.warnings == ()
    assert cprograms.run(program, np.array([[3.0], [-2.0]])).ravel().tolist() == [9, 4]


def test_a_row_has_one_thread():
    source = (
        "static _Thread_local int calls = 2;\nint f(int x) { static _Thread_local int n; return x * (calls += ++n); }"
    )
    program = load(source=source)
    assert "Thread_local" not in program.text
    assert cprograms.run(program, np.array([[3], [-2]])).ravel().tolist() == [9, -6]


def test_an_entry_that_an_if_leaves_out_is_said_to_be_there():
    text = "int g(int x); int f(int x) { return g(x); }\n#ifdef TABLES\n\n"
    text += "unsigned char linear(\n  int x) /* of 14 bits */\n{ return x; }\n#endif\n"
    with pytest.raises(UsageError, match=r"'linear'; that of <source>:4 is left out by an #if: -D NAME"):
        cprograms.load(source=text, entry="linear")
    assert cprograms.load(source=text, entry="linear", defines=["TABLES"]).entry == "linear"
    with pytest.raises(UsageError, match="'g'; it defines f"):
        cprograms.load(source=text, entry="g")
