"""Reading sketches: what is undefined, what is said of it, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.sketching import filled, read_sketch
from tests import ROOT

LIBRARY = ROOT / "cprograms" / "library" / "sketch"
LEARN = "#pragma surrogate learn(digit, values(10), hidden(8))\nextern int digit(const float picture[16]);\n"
CHOOSE = "#pragma surrogate choose(k, 0, 3)\nextern const int k;\n"


def test_what_is_undefined() -> None:
    sketch = read_sketch(LIBRARY / "add_top.c")
    assert sketch.modulus == 19
    (digit,) = sketch.learned
    assert (digit.name, digit.takes, digit.size, digit.values, digit.hidden) == (
        "digit",
        "picture",
        784,
        10,
        (256, 256),
    )
    assert digit.count == 4
    assert [(c.name, c.shape, c.low, c.high) for c in sketch.choices] == [
        ("op", (4,), 0, 5),
        ("left", (4,), 0, 4),
        ("right", (4,), 0, 4),
        ("out", (), 0, 4),
    ]
    assert [(p.name, p.shape, p.size) for p in sketch.pictures] == [("grid", (2, 2), 784)]
    assert len(sketch.program.arguments) == 4 + 13
    assert [sketch.program.arguments[k].name for k in sketch.places("op")] == [f"op[{k}]" for k in range(4)]


def test_it_is_a_numeric_program_of_what_is_undefined() -> None:
    sketch = read_sketch(LIBRARY / "add_top.c")
    named = {a.name: k for k, a in enumerate(sketch.program.arguments)}
    row = np.zeros((1, len(named)))
    digits, ops = [3, 5, 1, 9], [2, 5, 0, 0]  # EAST; r2 = r0 + r1
    for k in range(4):
        row[0, sketch.places("surrogate_digit")[k]] = digits[k]
        row[0, named[f"op[{k}]"]] = ops[k]
    row[0, named["right[1]"]], row[0, named["out"]] = 1, 2
    assert sketch.program.run(row).tolist() == [[8.0]]


def test_pictures_reach_helpers_by_pointers_typedefs_and_several_parameters() -> None:
    sketch = read_sketch(
        source="typedef float image[16];\n" + LEARN + "static int look(const float *p) { return digit(p) + 1; }\n"
        "int f(const image left, const float right[2][16], int n) "
        "{ const float *p = n ? left : right[1]; return look(p) * 10 + look(right[0]); }\n"
    )
    assert [(p.name, p.shape, p.first) for p in sketch.pictures] == [("left", (), 0), ("right", (2,), 1)]
    assert sketch.program.run([[1, 3, 5, 7], [0, 3, 5, 7]]).tolist() == [[46.0], [86.0]]


def test_a_learned_function_of_whole_numbers_is_a_table() -> None:
    sketch = read_sketch(
        source="#pragma surrogate modulus(3)\n#pragma surrogate learn(g, values(3))\nextern int g(int a, int b);\n"
        "int f(int x, int y) { return g(x, y) + 3 * g(y, x); }\n"
    )
    assert sketch.learned[0].count == 9
    table = [0, 1, 2, 2, 1, 0, 0, 0, 1]
    for x, y in ((0, 1), (2, 1), (2, 2)):
        assert sketch.program.run([[x, y, *table]]) == table[3 * x + y] + 3 * table[3 * y + x]


def test_floating_constants_are_fitted_and_keep_their_ranges() -> None:
    sketch = read_sketch(LIBRARY / "drag.c")
    assert [c.name for c in sketch.constants] == ["g", "terminal"]
    g = sketch.program.arguments[sketch.places("g")[0]]
    assert (g.low, g.high) == (1, 20)
    assert "stdio" not in sketch.text
    assert len(sketch.text) < 600  # of <math.h> what it names


def test_its_own_text_is_the_same_sketch() -> None:
    for path in sorted(LIBRARY.glob("*.c")):
        sketch = read_sketch(path)
        again = read_sketch(source=sketch.text, self_contained=True)
        assert again.text == sketch.text
        assert again.program.arguments == sketch.program.arguments
        assert (again.learned, again.choices, again.pictures) == (sketch.learned, sketch.choices, sketch.pictures)


def test_filled_in_it_is_an_ordinary_program() -> None:
    sketch = read_sketch(
        source=CHOOSE + "extern const double w[2][2];\nint f(int x) { return x * k + (w[1][0] > 2); }\n"
    )
    text = filled(sketch, {"k": 3, "w[1][0]": 2.5}, {})
    program = cprograms.load(source=text)
    assert program.run([[2], [5]]).tolist() == [[7.0], [16.0]]
    assert "choose" not in text
    assert "extern" not in text


BAD = {
    "a choice that is never read": (CHOOSE + "int f(int x) { return x; }", 2, "'k' is never read by 'f'"),
    "a function that is never called": (
        LEARN + "int f(const float p[16], int x) { return x; }",
        2,
        "'digit' is never called by 'f'",
    ),
    "two that conflict": (
        "#pragma surrogate choose(k, 0, 3)\n" + CHOOSE.replace("3", "5") + "int f(int x) { return x + k; }",
        2,
        "two pragmas conflict: 'k'",
    ),
    "an empty choice": (CHOOSE.replace("3", "0") + "int f(int x) { return x + k; }", 1, "nothing to choose for 'k'"),
    "a choice that is not whole": (CHOOSE.replace("3", "2.5") + "int f(int x) { return x + k; }", 1, "not a whole"),
    "a function without a pragma": (
        "extern int g(int);\n" + CHOOSE + "int f(int x) { return g(x) + k; }",
        4,
        "'g' is called but not defined",
    ),
    "a constant without a pragma": (
        "extern const int m;\n" + CHOOSE + "int f(int x) { return m + k; }",
        4,
        "'m' is defined outside this file",
    ),
    "a pragma of nothing": ("#pragma surrogate learn(dgit, values(3))\n" + LEARN, 1, "no undefined function 'dgit'"),
    "whole results without values": (
        LEARN.replace("values(10), ", "") + "int f(const float p[16]) { return digit(p); }",
        1,
        "'digit' gives whole numbers",
    ),
    "floating results with values": (
        LEARN.replace("extern int", "extern float") + "double f(const float p[16]) { return digit(p); }",
        1,
        "'digit' gives a floating number",
    ),
    "a result that is no number": (
        LEARN.replace("extern int", "extern float *") + "int f(const float p[16]) { return 0; }",
        2,
        "must give a number",
    ),
    "inputs of unknown extent": (
        LEARN.replace("picture[16]", "*picture") + "int f(const float p[16]) { return digit(p); }",
        2,
        "one array of numbers of known extent",
    ),
    "a statement that is none": (
        CHOOSE + "int f(int x) { retrun x + k; }",
        CHOOSE.count("\n") + 1,
        "undeclared identifier 'retrun'",
    ),
    "a statement that is none, with a picture": (
        LEARN + "int f(const float p[16]) { retrun digit(p); }",
        LEARN.count("\n") + 1,
        "undeclared identifier 'retrun'",
    ),
    "no picture of that size": (
        LEARN + "int f(const float p[17]) { return digit(p); }",
        2,
        "takes no picture that 'digit' could read",
    ),
    "more values than the modulus": (
        "#pragma surrogate modulus(7)\n" + LEARN + "int f(const float p[16]) { return digit(p); }",
        2,
        "'digit' has 10 values, and the modulus is 7",
    ),
    "a modulus of one": ("#pragma surrogate modulus(1)\n" + CHOOSE + "int f(int x) { return x + k; }", 1, "a modulus"),
    "a malformed pragma": (
        "#pragma surrogate learn digit\n" + CHOOSE + "int f(int x) { return x + k; }",
        1,
        "malformed",
    ),
    "nothing undefined": ("int f(int x) { return x; }", 1, "nothing of 'f' is undefined"),
    "a choice that is no constant": (
        CHOOSE.replace("const ", "") + "int f(int x) { return x + k; }",
        2,
        "must be const",
    ),
    "a floating choice": (CHOOSE.replace("int", "double") + "int f(int x) { return x + (k > 1); }", 1, "is fitted"),
    "a constant that is learned": (
        "#pragma surrogate learn(k, values(3))\nextern const int k;\nint f(int x) { return x + k; }",
        1,
        "'k' is a constant, not a function",
    ),
    "a function that is chosen": (
        "#pragma surrogate choose(g, 0, 3)\nextern int g(int x);\nint f(int x) { return g(x); }",
        1,
        "'g' is a function, not a constant",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_sketch_is_told_at_its_place(case: str) -> None:
    source, line, message = BAD[case]
    with pytest.raises(ProgramError) as raised:
        read_sketch(source=source)
    found = raised.value.diagnostics
    assert any(d.line == line and message in d.message for d in found), raised.value


def test_columns_are_those_of_the_source() -> None:
    source = LEARN + "int f(const float p[4][16], int n) { return digit(p[n]) + missing(n); }\n"
    with pytest.raises(ProgramError) as raised:
        read_sketch(source=source)
    assert raised.value.diagnostics[-1].column == source.split("\n")[2].index("missing") + 1


def test_several_files_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.c").write_text(CHOOSE)
    with pytest.raises(UsageError, match="one file"):
        read_sketch([tmp_path / "a.c", tmp_path / "b.c"])


@pytest.mark.parametrize(
    "source", [LEARN + "int f(int x) { return digit(0) + x; }", CHOOSE + "int f(int x) { return k + x; }"]
)
def test_other_targets_go_on_refusing_what_is_undefined(source: str) -> None:
    with pytest.raises(ProgramError, match=r"not defined in this file|defined outside this file"):
        cprograms.load(source=source)
