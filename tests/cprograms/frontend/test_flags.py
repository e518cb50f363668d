"""What a compiler is told besides the files: -U, -std, -include, compile commands, and what it does not announce."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cprograms
from cprograms import ProgramError, UsageError
from cprograms.frontend import preprocess
from cprograms.frontend.compile_commands import flags_of
from cprograms.frontend.flags import STANDARDS, Flags, flags

F = "double f(double x) { return x + VALUE; }\n"


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _value(path: str | None = None, **options: Any) -> float:
    return float(cprograms.run(cprograms.load(path, **options), np.array([[0.0]])).item())


def test_macros_are_undefined():
    text = "#ifdef A\n#define VALUE 1\n#elif defined __STDC__\n#define VALUE 2\n#else\n#define VALUE 3\n#endif\n" + F
    assert _value(source=text, defines=["A"]) == 1
    assert _value(source=text, defines=["A"], undefines=["A"]) == 2
    assert _value(source=text, undefines=["__STDC__"]) == 3


def test_a_standard_is_kept():
    text = "#if __STDC_VERSION__ >= 202311L\n#define VALUE 23\n#elif __STDC_VERSION__ >= 201112L\n#define VALUE 11\n"
    text += "#elif __STDC_VERSION__ >= 199901L\n#define VALUE 99\n#else\n#define VALUE 89\n#endif\n" + F
    found = {standard: _value(source=text, standard=standard) for standard in ("c89", "gnu99", "c11", "gnu2x", "c23")}
    assert found == {"c89": 89, "gnu99": 99, "c11": 11, "gnu2x": 23, "c23": 23}
    assert _value(source=text) == 11
    with pytest.raises(ProgramError):
        cprograms.load(source="int f(int x) { // c99\n return x; }", standard="c89")


def test_every_standard_is_one_to_the_compiler():
    for standard in STANDARDS:
        assert cprograms.load(source="int f(int x) { return x + 1; }", standard=standard).entry == "f"


def test_the_booleans_of_c23_need_no_header():
    text = "bool f(double x) { bool y = x > 0.25; return y == true ? y : false; }"
    for standard in (None, "c23"):
        program = cprograms.load(source=text, standard=standard)
        assert program.results[0].type.code == "bool"
        np.testing.assert_array_equal(cprograms.run(program, np.array([[0.0], [1.0]]))[:, 0], [0, 1])
    for declared in (
        "#include <stdbool.h>",
        "typedef int bool; enum { false, true };",
        "#define bool int\n#define true 1",
    ):
        assert cprograms.load(source=f"{declared}\nbool f(double x) {{ return x > 0.25 ? true : 0; }}").entry == "f"
    code = cprograms.load(source="typedef unsigned char bool;\nbool f(int x) { return x; }").results[0].type.code
    assert code == "u8"


def test_a_file_is_included_first():
    Path("given").mkdir()
    Path("given/first.h").write_text("#define VALUE 5\n")
    Path("given/second.h").write_text("#undef VALUE\n#define VALUE 7\n")
    Path("given/f.c").write_text(F)
    assert _value("given/f.c", includes=["given/first.h"]) == 5
    assert _value("given/f.c", includes=["first.h"]) == 5  # beside the file
    assert _value(source=F, includes=["first.h", "second.h"], include_dirs=["given"]) == 7
    with pytest.raises(UsageError, match=r"-include: there is no file 'third\.h'"):
        cprograms.load("given/f.c", includes=["third.h"])
    with pytest.raises(UsageError, match="-include: there is no file 'given'"):
        cprograms.load("given/f.c", includes=["given"])


def test_an_include_first_is_sandboxed_too():
    Path("in").mkdir()
    Path("in/near.h").write_text("#define VALUE 5\n")
    Path("secret.h").write_text("#define VALUE 42\n")
    Path("in/link.h").symlink_to("../secret.h")
    Path("in/f.c").write_text(F)
    assert _value("in/f.c", includes=["near.h"], sandboxed_includes=True) == 5
    assert _value("in/f.c", includes=["secret.h"], include_dirs=["."], sandboxed_includes=True) == 42
    for outside in ("secret.h", "in/../secret.h", os.path.abspath("secret.h"), "in/link.h"):
        with pytest.raises(UsageError, match="is out of reach; --sandboxed-includes keeps"):
            cprograms.load("in/f.c", includes=[outside], sandboxed_includes=True)
    with pytest.raises(UsageError, match="a self-contained program includes nothing"):
        cprograms.load(source=F, includes=["secret.h"], self_contained=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"undefines": ["A=1"]}, "-U needs the name of a macro, not 'A=1'"),
        ({"undefines": ["-o"]}, "-U needs the name of a macro"),
        ({"undefines": "A"}, "undefines must be a list of texts"),
        ({"includes": "a.h"}, "includes must be a list of texts"),
        ({"includes": [""]}, "-include needs the name of a file, not ''"),
        ({"includes": ["a\0b"]}, "-include needs the name of a file"),
        ({"standard": "c98"}, "-std=c98 is no C standard; did you mean 'c9.'"),
        ({"standard": "c++17"}, r"-std=c\+\+17 is no C standard; C\+\+ is not read"),
        ({"standard": 99}, "standard must be a text, not 99"),
        ({"compile_commands": 3}, "compile_commands must be a path, not 3"),
    ],
)
def test_flags_that_are_none(given: dict[str, Any], message: str):
    Path("f.c").write_text(F)
    with pytest.raises(UsageError, match=message):
        cprograms.load("f.c", **given)


def test_what_the_target_can_do_besides_c_is_not_announced():
    asked = subprocess.run([*preprocess._clang(), "-dM", "-E", os.devnull], capture_output=True, text=True, check=True)
    defined = {line.split()[1] for line in asked.stdout.splitlines()}
    assert "__x86_64__" in defined
    features = (
        r"__(SSE|SSSE|AVX|MMX|FXSR|FMA|F16C|BMI|LZCNT|POPCNT|AES|PCLMUL|ARM|NEON|SEG_|SHA|XSAVE|VSX|ALTIVEC|wasm)"
    )
    assert not [name for name in defined if re.match(features, name)]
    text = "#if defined __SSE2__ || defined __ARM_NEON\n#include <emmintrin.h>\n#define VALUE 1\n"
    text += "#else\n#define VALUE 2\n#endif\n"
    assert _value(source=text + F) == 2


def _commands(*entries: dict[str, Any]) -> str:
    Path("compile_commands.json").write_text(json.dumps(entries))
    return "compile_commands.json"


@pytest.fixture
def project() -> str:
    """build/ and src/f.c, which needs all that its entry says."""
    for folder in ("build", "src", "inc/own", "inc/system", "inc/quoted"):
        Path(folder).mkdir(parents=True)
    Path("inc/own/own.h").write_text("#define OWN 1\n")
    Path("inc/system/system.h").write_text("#define SYSTEM 10\n")
    Path("inc/quoted/quoted.h").write_text("#define QUOTED 100\n")
    Path("build/config.h").write_text("#define CONFIG 1000\n")
    Path("src/f.c").write_text(
        '#include <own.h>\n#include <system.h>\n#include "quoted.h"\n'
        "#if defined __STRICT_ANSI__ && __STDC_VERSION__ == 199901L && !defined GONE\n"
        "#define VALUE (OWN + SYSTEM + QUOTED + CONFIG + DEFINED(2) + EMPTY + 0)\n#endif\n" + F
    )
    return "src/f.c"


WORDS = [
    *("cc", "-I../inc/own", "-isystem", "../inc/system", "-iquote../inc/quoted", "-include", "config.h", "-std=c99"),
    *("-DDEFINED(x)=(x * 10000)", "-DEMPTY=", "-DGONE", "-UGONE", "-O2", "-o", "-I", "-c", "-MF", "-DVALUE=1", "f.c"),
]


def _spelled(form: str) -> dict[str, Any]:
    return {"arguments": WORDS} if form == "arguments" else {"command": shlex.join(WORDS)}


@pytest.mark.parametrize("form", ["arguments", "command"])
def test_the_flags_of_a_file_are_those_of_its_entry(project: str, form: str):
    build = os.path.abspath("build")
    other = {"directory": build, "file": "../src/other.c", "arguments": ["cc", "-DVALUE=9"]}
    commands = _commands(other, {"directory": build, "file": "../src/f.c", **_spelled(form)})
    assert _value(project, compile_commands=commands) == 21111
    assert _value(os.path.abspath(project), compile_commands=Path(commands)) == 21111
    found = flags_of(commands, project)
    assert found.standard == "c99"
    assert found.undefines == ("GONE",)
    # What the user says comes on top.
    assert _value(project, compile_commands=commands, defines=["DEFINED(x)=7"], undefines=["X"]) == 1118
    with pytest.raises(ProgramError):
        cprograms.load(project, compile_commands=commands, standard="c11")


def test_each_of_several_files_has_its_own_flags():
    Path("a.c").write_text("double g(double);\ndouble f(double x) { return g(x) + A; }")
    Path("b.c").write_text("double g(double x) { return x + A; }")
    folder = os.getcwd()
    entries = [{"directory": folder, "file": f"{n}.c", "command": f"cc -DA={v}"} for n, v in (("a", 1), ("b", 10))]
    program = cprograms.load(["a.c", "b.c"], compile_commands=_commands(*entries))
    assert cprograms.run(program, np.array([[0.0]])).item() == 11
    with pytest.raises(UsageError, match=r"has no entry for 'b\.c'; did you mean 'a\.c'\? it has 1 entry"):
        cprograms.load(["a.c", "b.c"], compile_commands=_commands(entries[0]))


def test_the_folders_of_an_entry_do_not_widen_the_sandbox(project: str):
    entry = {"directory": os.path.abspath("build"), "file": "../src/f.c", "arguments": [*WORDS]}
    entry["arguments"] = [w for w in WORDS if w not in ("-include", "config.h")] + ["-DCONFIG=1000"]
    commands = _commands(entry)
    assert _value(project, compile_commands=commands) == 21111
    with pytest.raises(ProgramError, match=r"'own\.h' file not found"):
        cprograms.load(project, compile_commands=commands, sandboxed_includes=True)
    assert _value(project, compile_commands=commands, include_dirs=["inc"], sandboxed_includes=True) == 21111
    with pytest.raises(UsageError, match="out of reach"):
        cprograms.load(project, compile_commands=_commands({**entry, "arguments": WORDS}), sandboxed_includes=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read 'compile_commands\.json': No such file"),
        ("", r"compile_commands\.json is not JSON"),
        ("[{", r"compile_commands\.json is not JSON: .*line 1"),
        (b"\xff\xfe[", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "is no list of compile commands"),
        ("[3]", "is no list of compile commands"),
        ("[]", r"has no entry for 'f\.c'; it has 0 entries"),
        ('[{"file": "f.c"}]', "has an entry without a 'directory'"),
        ('[{"directory": "/", "file": 3}]', "has an entry without a 'file'"),
        ('[{"directory": ".", "file": "f.c"}]', "has an entry without a 'command'"),
        ('[{"directory": ".", "file": "f.c", "arguments": [1]}]', "has an entry without a 'command'"),
        ('[{"directory": ".", "file": "f.c", "command": "cc \\"-D"}]', r"the command of 'f\.c' does not parse"),
        ('[{"directory": ".", "file": "f.c", "command": "cc -D1"}]', "-D needs NAME"),
        ('[{"directory": ".", "file": "sub/f.c", "command": "cc"}]', r"did you mean 'sub/f\.c'\? it has 1 entry"),
        ('[{"directory": ".", "file": "ff.c", "command": "cc"}]', r"did you mean 'ff\.c'\?"),
    ],
)
def test_compile_commands_that_are_none(content: str | bytes | None, message: str):
    Path("f.c").write_text(F)
    if content is not None:
        Path("compile_commands.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=message) as error:
        cprograms.load("f.c", compile_commands="compile_commands.json")
    assert "\n" not in str(error.value)


def test_compile_commands_are_a_file_and_those_of_files():
    Path("build").mkdir()
    Path("build/compile_commands.json").write_text("[]")
    Path("f.c").write_text(F)
    with pytest.raises(UsageError, match=r"Is a directory; did you mean 'build/compile_commands\.json'\?"):
        cprograms.load("f.c", compile_commands="build")
    with pytest.raises(UsageError, match="compile commands are those of files, and <source> is none"):
        cprograms.load(source=F, compile_commands="build/compile_commands.json")


def test_flags_over_others():
    """What a user says of a macro is what counts, whatever the build says of it."""
    build = flags(["b"], ["A=1", "B=2"], ["C", "D"], ["b.h"], "c99")
    user = flags(["u"], ["A=3", "C"], ["B"], ["u.h"])
    expected = Flags(("u", "b"), ("B=2", "A=3", "C"), ("D", "B"), ("b.h", "u.h"), "c99")
    assert user.over(build) == expected


def test_the_words_of_c23_need_no_header():
    source = """
    static_assert(sizeof(int) == 4, "an int");
    thread_local double scale = 3;
    double f(double x, const double *y) {
        static_assert(alignof(double) == 8);
        alignas(16) double w[2] = {x, 2};
        const double *p = x > 0 ? w : nullptr;
        return (p == nullptr ? *y : p[1]) * scale;
    }
    """
    program = cprograms.load(source=source, standard="c23")
    assert cprograms.run(program, np.array([[1.0, 5.0], [-1.0, 5.0]]))[:, 0].tolist() == [6, 15]
    text = "#include <assert.h>\n" + source.replace("static_assert(alignof(double) == 8)", "assert(x < 9)")
    assert cprograms.run(cprograms.load(source=text, standard="gnu2x"), np.array([[1.0, 5.0]]))[0, 0] == 6
    with pytest.raises(ProgramError, match="static assertion failed"):
        cprograms.load(source=source.replace("== 4", "== 5"), standard="c23")
