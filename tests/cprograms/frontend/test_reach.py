"""What a program may read besides its own text: response files, includes, `#embed`, quoted lines."""

from __future__ import annotations

from pathlib import Path

import pytest

import cprograms
from cprograms import ProgramError, UsageError
from cprograms.tape import load_tape

F = "int f(int x) { return x + 1; }\n"
SECRET = "the_secret_word"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """project/ with a file and a folder of headers, secret.h beside it; project/ is the working directory."""
    project = tmp_path / "project"
    (project / "inc").mkdir(parents=True)
    (tmp_path / "secret.h").write_text(f"{SECRET};\n")
    (project / "near.h").write_text("#define NEAR 1\n")
    (project / "inc" / "far.h").write_text("#define FAR 1\n")
    monkeypatch.chdir(project)
    return project


def _told(path: Path | None = None, **options: object) -> tuple[cprograms.Diagnostic, ...]:
    with pytest.raises(ProgramError) as error:
        cprograms.load(path, **options)
    assert SECRET not in str(error.value)
    return error.value.diagnostics


@pytest.mark.parametrize("spelling", ["@options", "./@options", "@options/"])
def test_a_folder_of_includes_is_no_file_of_options(tree: Path, spelling: str):
    (tree / "precious.txt").write_text("kept")
    (tree / "@options").write_text("-o precious.txt\n")
    assert cprograms.load(source=F, include_dirs=[spelling]).entry == "f"
    assert (tree / "precious.txt").read_text() == "kept"
    (tree / "@options").write_text("-include ../secret.h\n")
    assert cprograms.load(source=F, include_dirs=[spelling]).entry == "f"


def test_the_folder_of_a_file_is_no_file_of_options(tree: Path):
    (tree / "@folder").mkdir()
    (tree / "@folder" / "own.h").write_text("#define OWN 1\n")
    (tree / "@folder" / "f.c").write_text(f'#include "own.h"\n{F}')
    assert cprograms.load("@folder/f.c").entry == "f"


def test_folders_of_odd_names_hold_includes(tree: Path):
    for name in ("@odd", "-odd", "-include", "=odd", "a b", "ö"):
        (tree / name).mkdir()
        (tree / name / "odd.h").write_text("#define ODD 1\n")
        source = "#include <odd.h>\nint f(int x) { return x + ODD; }"
        assert cprograms.load(source=source, include_dirs=[name]).entry == "f"
        assert cprograms.load(source=source, include_dirs=[name], sandboxed_includes=True).entry == "f"


@pytest.mark.parametrize("options", [{"include_dirs": [""]}, {"include_dirs": ["a\0b"]}, {"include_dirs": ["\ud800"]}])
def test_names_that_no_command_line_holds(options: dict[str, list[str]]):
    with pytest.raises(UsageError, match="-I needs the name of a folder"):
        cprograms.load(source=F, **options)


@pytest.mark.parametrize("define", ["A=\0", "A=\ud800", "@x", "-o", "A B"])
def test_defines_that_are_none(define: str):
    with pytest.raises(UsageError, match="-D needs NAME"):
        cprograms.load(source=F, defines=[define])


OUTWARD = [
    ('#include "/etc/passwd"', 1),
    ("#include <math.h>", 1),
    ("  # /* a */ include <math.h>", 3),
    ("#inc\\\nlude <math.h>", 1),
    ("%:include <math.h>", 1),
    ("/* a\n*/ #include <math.h>", 4),
    ("#include_next <math.h>", 1),
    ("#import <math.h>", 1),
    ('#embed "/etc/passwd"', 1),
    ('#if __has_include("/etc/passwd")\n#endif', 5),
    ('#if __has_embed("/etc/passwd")\n#endif', 5),
    ('#pragma GCC dependency "/etc/passwd"', 1),
    ("#pragma clang module import std", 1),
    ('_Pragma("GCC dependency \\"/etc/passwd\\"")', 1),
    ('char *s = R"x(" /* )x";\n#include <math.h> /* */', 1),
]


@pytest.mark.parametrize(("line", "column"), OUTWARD)
def test_a_self_contained_program_reaches_for_nothing(line: str, column: int):
    for load in (cprograms.load, load_tape):
        with pytest.raises(ProgramError) as error:
            load(source=f"{line}\n{F}", self_contained=True)
        (found, *_) = error.value.diagnostics
        assert found.message.endswith("is not allowed here")
        assert found.column == column
        assert found.source_line in line.split("\n")


def test_a_self_contained_program_may_have_macros_conditions_and_pragmas():
    source = f"#pragma surrogate range(x, 0, 9)\n#define A 1\n#if A\n#\n{F}#endif\n"
    assert cprograms.load(source=source, self_contained=True).arguments[0].high == 9
    printed = cprograms.load(source=source).portable_text
    assert cprograms.load(source=printed, self_contained=True).portable_text == printed


def test_pasted_words_do_not_see_files_either():
    source = '#define P(a, b) a##b\n#if P(__has_, include)("/etc/passwd")\n#error seen\n#endif\n' + F
    with pytest.raises(ProgramError, match="seen"):
        cprograms.load(source=source)
    assert cprograms.load(source=source, self_contained=True).entry == "f"


def test_embed_is_refused_everywhere(tree: Path):
    (tree / "bytes.bin").write_bytes(b"abc")
    source = 'static const int t[] = {\n    #embed "bytes.bin"\n};\nint f(int x) { return t[0] + x; }\n'
    (found,) = _told(source=source)
    assert (found.message, found.line, found.column) == ("#embed is not supported", 2, 5)
    (tree / "t.h").write_text('static const int t[] = {\n#embed "bytes.bin"\n};\n')
    (found,) = _told(source='#include "t.h"\nint f(int x) { return t[0] + x; }\n')
    assert (found.message, found.file, found.line) == ("#embed is not supported", "./t.h", 2)
    (found,) = _told(source=source.replace("bytes.bin", "missing.bin"))
    assert found.message == "#embed is not supported"


def _file(tree: Path, text: str) -> Path:
    (tree / "f.c").write_text(text + F)
    return tree / "f.c"


def test_sandboxed_includes_are_those_of_the_folders_and_of_c(tree: Path):
    path = _file(tree, '#include "near.h"\n#include "far.h"\n#include "inc/far.h"\n#include <math.h>\n')
    assert cprograms.load(path, include_dirs=["inc"], sandboxed_includes=True).entry == "f"
    program = cprograms.load(path, sandboxed_includes=True)
    (found,) = program.warnings
    assert (found.message, found.line, found.column) == ("'far.h' was not found; nothing of it is needed", 2, 10)
    path = _file(tree, '#include "far.h"\nint g(int x) { return FAR + x; }\n')
    found, need = _told(path, entry="g", sandboxed_includes=True)
    assert (found.message, found.line, found.column) == ("'far.h' file not found", 1, 10)
    assert "--sandboxed-includes keeps includes inside" in found.hint
    assert need.message == "use of undeclared identifier 'FAR'"


@pytest.mark.parametrize(
    "target", ['"../secret.h"', '"inc/../../secret.h"', "</etc/passwd>", '"/etc/passwd"', "SECRET"]
)
def test_sandboxed_includes_do_not_leave_the_folders(tree: Path, target: str):
    path = _file(tree, f"#include {target}\n")
    program = cprograms.load(path, include_dirs=["inc"], defines=['SECRET="../secret.h"'], sandboxed_includes=True)
    assert SECRET not in program.text + str(program.warnings)
    (found,) = program.warnings
    assert found.line == (0 if target == "SECRET" else 1)
    assert "was not found" in found.message


def test_sandboxed_includes_follow_no_link_out(tree: Path):
    (tree / "link.h").symlink_to("../secret.h")
    (tree / "system.h").write_text('#pragma GCC system_header\n#include "link.h"\n')
    (tree / "inner.h").symlink_to("inc/far.h")
    for header, place in (("link.h", "f.c"), ("system.h", "system.h")):
        (found,) = _told(_file(tree, f'#include "{header}"\n'), sandboxed_includes=True)
        assert found.message.endswith("leads out of the folders of includes")
        assert Path(found.file).name == place
    assert cprograms.load(_file(tree, '#include "inner.h"\n'), sandboxed_includes=True).entry == "f"


def test_sandboxed_programs_cannot_ask_what_there_is(tree: Path):
    for asked in ("/etc/passwd", "../secret.h", str(tree.parent / "secret.h")):
        path = _file(tree, f'#if __has_include("{asked}")\n#error seen\n#endif\n')
        assert cprograms.load(path, sandboxed_includes=True).entry == "f"
        (found,) = _told(path)
        assert found.message == "seen"


def test_a_sandboxed_text_has_no_folder(tree: Path):
    (found,) = cprograms.load(source=f'#include "near.h"\n{F}', sandboxed_includes=True).warnings
    assert found.message == "'near.h' was not found; nothing of it is needed"


@pytest.mark.parametrize("options", [{"sandboxed_includes": True}, {"self_contained": True}])
def test_diagnostics_quote_no_file_that_a_text_claims_to_be(tree: Path, options: dict[str, bool]):
    source = f'#line 1 "{tree.parent / "secret.h"}"\nint f(int x) {{ return *x; }}\n'
    assert _told(source=source, **options)[0].source_line != f"{SECRET};"
