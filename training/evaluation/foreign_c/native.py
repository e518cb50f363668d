"""What gcc's code gives for programs on rows: their own text, and a driver made from what their parameters are."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pycparser import c_ast, c_generator

from cprograms.diagnostics import UsageError
from cprograms.libm import FUNCTIONS
from cprograms.lowering.unit import TranslationUnit
from cprograms.program import Parameter, Program
from cprograms.sandbox.source import job_of
from cprograms.sandbox.toolchain import executable
from cprograms.trees import walk
from cprograms.types import Array, Bits, paths

GCC = shutil.which("gcc")
FLAGS = ("-w", "-std=gnu2x", "-fwrapv", "-fno-builtin", "-fno-strict-aliasing", "-ffp-contract=off")
"""Signed overflow, which the sandbox traps, wraps; nothing is contracted or computed by the compiler."""
BATCH = 40
"""Programs that are compiled together."""
SECONDS = 10
"""Processor time for the rows of one program."""
ENDED, GUARD, NOT_RUN = 0, 1, 255
"""What became of a row: it ended, it wrote beside what it was handed, or it never ended (nor did those after it)."""

_FILL, _GUARD = 0xA5, 64
_MAIN = f"""
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct native {{ int (*row)(const double *, double *); long rows, inputs, outputs, forks; }};
extern const struct native native_programs[];
extern const int native_count;

static void *mapped(const char *path) {{
    int file = open(path, O_RDWR);
    struct stat s;
    fstat(file, &s);
    return mmap(0, s.st_size + 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
}}

static void limited(void) {{
    struct rlimit time = {{ {SECONDS}, {SECONDS} }}, core = {{ 0, 0 }};
    setrlimit(RLIMIT_CPU, &time);
    setrlimit(RLIMIT_CORE, &core);
    alarm({SECONDS * 10});
}}

int main(int argc, char **argv) {{
    const double *x = mapped(argv[1]);
    double *y = mapped(argv[2]);
    unsigned char *status = mapped(argv[3]);
    for (int k = 0; k < native_count; k++) {{
        struct native p = native_programs[k];
        pid_t child = fork();
        if (!child) {{
            limited();
            for (long i = 0; i < p.rows; i++) {{
                pid_t row = p.forks ? fork() : 0;
                if (!row) {{
                    status[i] = p.row(x + i * p.inputs, y + i * p.outputs);
                    if (p.forks) _exit(0);
                }} else waitpid(row, 0, 0);
            }}
            _exit(0);
        }}
        waitpid(child, 0, 0);
        x += p.rows * p.inputs, y += p.rows * p.outputs, status += p.rows;
    }}
}}
"""

_LONG_DOUBLE = re.compile(r"\blong\s+double\b")
_LONG_FORMS = {form.name: function.name for function in FUNCTIONS for form in function.forms[2:]}
"""The functions of `long double`, and those of double."""

_HEAD = f"""
static int native_changed(const unsigned char *bytes, unsigned long size) {{
    for (int i = 0; i < {_GUARD}; i++)
        if (bytes[i] != {_FILL} || bytes[size - 1 - i] != {_FILL}) return {GUARD};
    return 0;
}}
"""


@dataclass(frozen=True)
class Native:
    """What a program's rows gave, float64 [n, results] and uint8 [n]; or why gcc makes no code of it."""

    y: np.ndarray
    status: np.ndarray
    reason: str = ""


def run_native(
    programs: Sequence[Program], xs: Sequence[np.ndarray], musl: bool = False, optimise: str = "-O0"
) -> list[Native]:
    """Each program on its own rows, float64 [n, arguments]. Rows of a program that crashes are NOT_RUN from there on.

    A program that may keep something from row to row has a process for each row. With `musl` gcc's code calls the C
    library that the sandbox has, and not the system's. Raises UsageError without gcc.
    """
    if GCC is None:
        raise UsageError("gcc is needed, and is not there")
    results: list[Native] = []
    for start in range(0, len(programs), BATCH):
        results += _run(list(programs[start : start + BATCH]), list(xs[start : start + BATCH]), musl, optimise)
    return results


def _run(programs: list[Program], xs: list[np.ndarray], musl: bool, optimise: str) -> list[Native]:
    with tempfile.TemporaryDirectory() as folder:
        reason = _compile(programs, xs, Path(folder), musl, optimise)
        if not reason:
            return _execute(programs, xs, Path(folder))
    if len(programs) == 1:
        empty = np.empty((0, len(programs[0].results)))
        return [Native(empty, np.empty(0, np.uint8), reason)]
    middle = len(programs) // 2
    halves = (programs[:middle], xs[:middle]), (programs[middle:], xs[middle:])
    return [found for half in halves for found in _run(*half, musl, optimise)]


def _compile(programs: Sequence[Program], xs: Sequence[np.ndarray], folder: Path, musl: bool, optimise: str) -> str:
    """Make folder/rows; the first reason why that cannot be, "" where it can."""
    assert GCC is not None
    table = ", ".join(_entry(p, k, len(x)) for k, (p, x) in enumerate(zip(programs, xs, strict=True)))
    (folder / "main.c").write_text(_MAIN)
    text = _HEAD + "".join(_block(p, k) for k, p in enumerate(programs))
    text += "const struct native { int (*row)(const double *, double *); long rows, inputs, outputs, forks; }"
    text += f" native_programs[] = {{ {table} }};\nconst int native_count = {len(programs)};\n"
    (folder / "programs.c").write_text(text, errors="surrogateescape")
    linker = [executable(), "cc", "-target", "x86_64-linux-musl", "-static"] if musl else [GCC, "-no-pie"]
    for command in (
        [GCC, *FLAGS, optimise, "-fno-pie", "-fno-stack-protector", "-c", "programs.c"],
        [*linker, "-w", "-o", "rows", "main.c", "programs.o", "-lm"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "error" in line or "undefined" in line]
            return (errors or done.stderr.splitlines() or ["no reason given"])[0]
    return ""


def _execute(programs: Sequence[Program], xs: Sequence[np.ndarray], folder: Path) -> list[Native]:
    rows = sum(map(len, xs))
    inputs = np.concatenate([np.ascontiguousarray(x, dtype=np.float64).ravel() for x in xs])
    outputs = sum(len(x) * len(p.results) for p, x in zip(programs, xs, strict=True))
    (folder / "x").write_bytes(inputs.tobytes())
    (folder / "y").write_bytes(np.full(outputs, np.nan).tobytes())
    (folder / "status").write_bytes(bytes([NOT_RUN]) * rows)
    quiet = subprocess.DEVNULL
    limit = SECONDS * 20 * len(programs)
    subprocess.run(
        ["./rows", "x", "y", "status"], cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet, timeout=limit, check=False
    )
    y, status = np.fromfile(folder / "y"), np.fromfile(folder / "status", np.uint8)
    results = []
    for program, x in zip(programs, xs, strict=True):
        size = len(x) * len(program.results)
        results.append(Native(y[:size].reshape(len(x), len(program.results)), status[: len(x)]))
        y, status = y[size:], status[len(x) :]
    return results


def _entry(program: Program, k: int, rows: int) -> str:
    return f"{{ native_row_{k}, {rows}, {len(program.arguments)}, {len(program.results)}, {int(keeps(program))} }}"


def keeps(program: Program) -> bool:
    """Whether anything of a program could live on from row to row: a global or a static that is not const."""
    at_file_scope = set(map(id, program.unit.ext))
    for node in walk(program.unit):
        if isinstance(node, c_ast.Decl) and not isinstance(node.type, c_ast.FuncDecl | c_ast.Struct | c_ast.Union):
            lives_on = id(node) in at_file_scope or "static" in node.storage
            if lives_on and node.name and "const" not in node.quals:
                return True
    return False


def _block(program: Program, k: int) -> str:
    """A program and its driver. Macros number what it names at file scope, so that programs can share a file."""
    names = {name: f"{name}__native{k}" for name in sorted(job_of(program).names)}
    if has_long_double(program):  # which is a double to the sandbox, as to a compiler that is told so
        names = {**_LONG_FORMS, **names}
    define = "".join(f"#define {name} {other}\n" for name, other in names.items())
    undefine = "".join(f"#undef {name}\n" for name in names)
    text = _LONG_DOUBLE.sub("double", f"{program.text}\n{_weak(program)}{_driver(program, k)}")
    return f"{define}{text}{undefine}"


def _weak(program: Program) -> str:
    """What a program calls and nobody defines is at address 0: rows that get there are not given to it."""
    unit = TranslationUnit(program.unit)
    names = sorted(name for name in unit.prototypes if unit.traps(name))
    return "".join(f"extern __typeof__({name}) {name} __attribute__((weak));\n" for name in names)


def _driver(program: Program, k: int) -> str:
    """`native_row_<k>`: sets up what the entry works on, calls it, and stores what it gives."""
    entry = next(n for n in program.unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == program.entry)
    taken = [p for p in program.parameters if p.passing != "global"]
    declared = entry.decl.type.args.params if entry.decl.type.args else []
    before: list[str] = []
    after: list[str] = []
    for i, parameter in enumerate(program.parameters):
        if parameter.passing != "global":
            before += _object(parameter, declared[i], i)
        before += _settings(parameter, _place(parameter, i))
        after += _stores(parameter, _place(parameter, i))
        if parameter.passing == "pointer":
            after.append(f"native_wrong |= native_changed(native_o{i}, sizeof native_o{i});")
    call = f"{program.entry}({', '.join(f'native_p{i}' for i in range(len(taken)))})"
    if program.returned:
        call = f"__auto_type native_r = {call}"
        for j, result in enumerate(program.results[: program.returned]):
            after.append(f"native_y[{j}] = (double)native_r{'' if result.name == 'return' else '.' + result.name};")
    body = "\n    ".join([*before, f"{call};", *after])
    return f"""
static int native_row_{k}(const double *native_x, double *native_y) {{
    int native_wrong = 0;
    {body}
    return native_wrong;
}}
"""


def _place(parameter: Parameter, i: int) -> str:
    return parameter.name if parameter.passing == "global" else f"native_p{i}"


def _object(parameter: Parameter, declared: c_ast.Decl, i: int) -> Iterator[str]:
    """Declares what is handed over, `native_p<i>`: a value, or a pointer between two guards; all filled."""
    yield f"{_typedef(declared, f'native_t{i}')};"
    if parameter.passing == "value":
        yield f"native_t{i} native_p{i};"
        yield f"__builtin_memset((void *)&native_p{i}, {_FILL}, sizeof native_p{i});"
        return
    assert isinstance(parameter.type, Array)
    # A typedef of an array stands for a pointer, too.
    yield f"typedef __typeof__(*(native_t{i} *)0 + 0) native_a{i};"
    size = f"sizeof(*(native_a{i})0) * {parameter.type.length} + {2 * _GUARD}"
    yield f"unsigned char native_o{i}[{size}] __attribute__((aligned(32)));"
    yield f"__builtin_memset(native_o{i}, {_FILL}, sizeof native_o{i});"
    yield f"native_a{i} native_p{i} = (void *)(native_o{i} + {_GUARD});"


def _typedef(declared: c_ast.Decl, name: str) -> str:
    """`typedef T name`, of a parameter's type; of an array it is the pointer that the parameter is."""
    outer = copy(declared.type)
    if isinstance(outer, c_ast.ArrayDecl):
        outer = c_ast.PtrDecl([], outer.type)
    node = outer
    while not isinstance(node, c_ast.TypeDecl):
        node.type = copy(node.type)
        node = node.type
    node.declname = name
    return str(c_generator.CGenerator().visit(c_ast.Typedef(name, [], ["typedef"], outer)))


def _leaves(parameter: Parameter, place: str) -> Iterator[tuple[int, str, str, bool]]:
    """Number, C expression and type of each leaf that is a number, and whether it is a bit-field."""
    for n, (path, leaf) in enumerate(paths(parameter.type)):
        if isinstance(leaf, Bits):
            yield n, place + path, leaf.scalar.name, True
        elif hasattr(leaf, "name"):
            yield n, place + path, leaf.name, False


def _settings(parameter: Parameter, place: str) -> Iterator[str]:
    for n, leaf, type, bits in _leaves(parameter, place):
        argument, fixed = parameter.arguments[n], parameter.fixed[n]
        if argument is not None or fixed is not None:
            value = f"native_x[{argument}]" if argument is not None else repr(fixed)
            # What a parameter points to may be const.
            target = leaf if bits else f"*(__typeof__((__typeof__({leaf}))0) *)&{leaf}"
            yield f"{target} = ({type}){value};"


def _stores(parameter: Parameter, place: str) -> Iterator[str]:
    for n, leaf, _, _ in _leaves(parameter, place):
        if parameter.results[n] is not None:
            yield f"native_y[{parameter.results[n]}] = (double){leaf};"


def has_long_double(program: Program) -> bool:
    """Whether a program computes with `long double`, which is a double here and in the sandbox."""
    return _LONG_DOUBLE.search(program.text) is not None
