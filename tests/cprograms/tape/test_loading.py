"""Reading tape programs: what is accepted, the tree that is made of it, and every way to say no."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pycparser import c_ast

import cprograms
from cprograms import Diagnostic, ProgramError, UsageError
from cprograms.tape import TapeProgram, load_tape
from cprograms.tape.program import tape_parameter
from cprograms.trees import walk
from tests.cprograms.tape.bad_tape_programs import BAD_TAPES, BadTape


def _place(diagnostic: Diagnostic) -> str:
    return ":".join(str(n) for n in (diagnostic.line, diagnostic.column) if n)


@pytest.mark.parametrize("bad", BAD_TAPES, ids=[b.name for b in BAD_TAPES])
def test_bad_tape_program_is_told_at_its_place(bad: BadTape):
    started = time.process_time()
    with pytest.raises(ProgramError) as error:
        load_tape(source=bad.source)
    found = error.value.diagnostics
    assert time.process_time() - started < 10
    for (place, fragment), diagnostic in zip(bad.faults, found, strict=False):
        told = f"{diagnostic.message}\n{diagnostic.hint}"
        assert (_place(diagnostic), fragment in told) == (place, True), str(error.value)
    assert len(found) >= len(bad.faults), str(error.value)


def test_every_fault_is_told_like_a_compilers():
    with pytest.raises(ProgramError) as error:
        load_tape(source="void f(int *mem) {\n\tmem[0] = mem[1] ^ 3;\n\tgoto end;\nend: ;\n}\n")
    assert str(error.value) == (
        "<source>:2:18: error: the operator ^ is not supported\n"
        "          mem[0] = mem[1] ^ 3;\n"
        "                   ^\n"
        "  hint: bits mean little modulo M: use + - * / %, or --isa extended; a shift of constants alone is fine\n"
        "<source>:3:9: error: goto is not supported\n"
        "          goto end;\n"
        "          ^\n"
        "  hint: write a loop, break, continue or return"
    )


def test_each_target_names_the_other():
    with pytest.raises(ProgramError, match="compiles with --target anc"):
        cprograms.load(source="void f(int *mem) { int first = mem[0]; }")
    with pytest.raises(ProgramError, match="compile with --target mlp"):
        load_tape(source="double f(double x) { return x; }")


def _text(body: str, before: str = "") -> str:
    """The body of a program as its tree has it, in one line."""
    program = load_tape(source=f"{before}\nvoid f(int *mem) {{ {body} }}")
    return " ".join(program.text.split("void f(int *mem)")[1].split())[2:-2]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("*mem = *(mem + 1) + 2[mem];", "mem[0] = mem[1] + mem[2];"),
        ("*(mem + mem[0] - 1) = (mem + 1)[mem[2]];", "mem[mem[0] - 1] = mem[1 + mem[2]];"),
        ("mem[*(mem + 1 + 2)] = *(mem - 1);", "mem[mem[3]] = mem[-1];"),
        ("mem[N] = K * 2 - -7 / 2 + (1 << 3) + 'a' + ~0;", "mem[5] = 121;"),
        ("const int k = N - 1; mem[k] = k > 3 ? 10 : 20; int a[k];", "mem[4] = 10; int a[4];"),
        ("enum { A = 3, B }; { int A = mem[0]; mem[1] = A + B; }", "{ int A = mem[0]; mem[1] = A + 4; }"),
        ("unsigned long x = (unsigned)mem[0]; mem[1] = +x;", "int x = mem[0]; mem[1] = x;"),
        ("_Bool b = mem[0]; b = !b; b = mem[1] + 1;", "int b = mem[0] != 0; b = !b; b = (mem[1] + 1) != 0;"),
        ("int a[3] = {1, [2] = 5}, n = 0;", "int a[3] = {1, 0, 5}; int n = 0;"),
        ("for (int i = 0, j = 9; i < j; i++, j--) ;", "for (int i = 0, j = 9; i < j; i++, j--) ;"),
        ("typedef int word; word x = sum(mem[0], 2);", "int x = sum(mem[0], 2);"),
        ("mem[0] = max(mem[1], min(mem[2], N));", "mem[0] = max(mem[1], min(mem[2], 5));"),
        ("mem[0] = SMALLER(mem[1], 2);", "mem[0] = (mem[1] < 2) ? (mem[1]) : (2);"),
    ],
)
def test_the_tree_is_reduced(body: str, expected: str):
    before = (
        "#define N 5\n#define SMALLER(a, b) ((a) < (b) ? (a) : (b))\n"
        "enum { E = 2 };\nconst int K = N + E;\nstatic int sum(int a, unsigned b) { return a + b; }"
    )
    assert _text(body, before) == expected


SEVERAL = """
static const int LIMIT = 3;
static int unused(float x) { return x; }
static int twice(int x) { int a[2] = {x, x}; return a[0] + a[1]; }
static void put(int index, int *tape, int value) { int b[1]; tape[index] = value + LIMIT; b[0] = twice(value); }
void f(int memory[10]) { int c[4], d[2]; c[0] = twice(1); put(0, memory, c[0]); }
"""


def test_a_program_has_its_helpers_and_its_arrays():
    program = load_tape(source=SEVERAL)
    assert program.name == "f"
    assert list(program.functions) == ["twice", "put", "f"]
    assert [name for name in program.functions if name != program.name] == ["twice", "put"]
    assert [tape_parameter(f) for f in program.functions.values()] == [None, "tape", "memory"]
    assert {array.name: offset for array, offset in program.offsets.items()} == {"c": 4, "d": 6, "b": 7, "a": 9}
    assert program.array_cells == 9
    assert "LIMIT" not in program.text
    # The text is a program by itself, and the same one.
    assert load_tape(source=program.text).text == program.text


def test_only_what_the_tree_promises_is_in_it():
    kinds = {type(node).__name__ for node in walk(load_tape(source=SEVERAL).unit)}
    assert not kinds & {"Cast", "Typedef", "Enum", "Struct", "Goto", "Label", "StructRef", "CompoundLiteral"}


def test_the_entry_is_the_last_function_that_takes_the_tape():
    source = "void g(int *mem) { mem[0] = 1; }\nvoid f(int *mem) { mem[0] = 2; }\nint main(void) { return 0; }\n"
    assert load_tape(source=source).name == "f"
    assert load_tape(source=source, entry="g").name == "g"
    assert load_tape(source=f"#pragma surrogate entry(g)\n{source}").name == "g"
    with pytest.raises(UsageError, match="did you mean 'f'"):
        load_tape(source=source, entry="ff")
    # A faulty one is not passed over.
    with pytest.raises(ProgramError, match="goto is not supported"):
        load_tape(source=source.replace("mem[0] = 2;", "goto a; a: ;"))


def test_a_case_inside_an_expression_is_a_fault():
    with pytest.raises(ProgramError, match="'case' statement not in switch"):
        load_tape(source="void f(int *mem) { mem[0] = ({case 3: 1;}); }")


def test_files_includes_and_defines(tmp_path: Path):
    (tmp_path / "names.h").write_text("#define FIRST 2\n")
    (tmp_path / "f.c").write_text('#include "names.h"\nvoid f(int *mem) { mem[FIRST] = COUNT; }\n')
    program = load_tape(tmp_path / "f.c", defines=["COUNT=7"])
    assert program.path == str(tmp_path / "f.c")
    assert "mem[2] = 7;" in program.text
    with pytest.raises(ProgramError, match=r"f\.c:2:\d+: error: use of undeclared identifier 'COUNT'"):
        load_tape(tmp_path / "f.c")
    with pytest.raises(UsageError, match="cannot read"):
        load_tape(tmp_path / "none.c")


def test_later_stages_can_point_at_the_source():
    program = load_tape(source="void f(int *mem) {\n  /* all */ mem[0] = mem[1] * 2;\n}\n")
    product = next(n for n in walk(program.unit) if isinstance(n, c_ast.BinaryOp))
    diagnostic = program.diagnostic(product, "too long", "write less")
    assert (diagnostic.line, diagnostic.column, diagnostic.message, diagnostic.hint) == (
        2,
        22,
        "too long",
        "write less",
    )


def test_deep_trees_that_are_accepted_can_be_walked():
    nested = "if (mem[0]) {" * 72 + "mem[1] = 1;" + "}" * 72
    program: TapeProgram = load_tape(source=f"void f(int *mem) {{ {nested} }}")
    assert program.text.count("if") == 72
