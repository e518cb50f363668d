"""An oracle for C semantics: gcc with its undefined-behaviour checks, each of which ends the row."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
from pycparser import CParser, c_ast

from cprograms.declarations import Declarations
from cprograms.program import Argument, Program, Result
from cprograms.types import Scalar, Struct

GCC = shutil.which("gcc")
_CHECKS = (
    "add_overflow sub_overflow mul_overflow negate_overflow divrem_overflow shift_out_of_bounds out_of_bounds "
    "float_cast_overflow load_invalid_value builtin_unreachable missing_return type_mismatch_v1 pointer_overflow"
).split()
_HARNESS = "#include <setjmp.h>\nstatic jmp_buf row;\n" + "".join(
    f"void __ubsan_handle_{check}() {{ longjmp(row, 1); }}\n" for check in _CHECKS
)


def processor_time() -> float:
    """Seconds that this process and the children that it waited for have computed: a busy machine adds nothing."""
    return sum(os.times()[:4])


def program_of(text: str, ranges: list[tuple[float, float]] | None = None, entry: str = "f") -> Program:
    """A program of self-contained C without directives, as the front end would describe it."""
    unit = CParser().parse(text)
    declarations = Declarations()
    for item in unit.ext:
        declarations.declare(item.decl if isinstance(item, c_ast.FuncDef) else item)
    signature = next(i for i in unit.ext if isinstance(i, c_ast.FuncDef) and i.decl.name == entry).decl.type
    parameters = [(p.name, _scalar(declarations.type_of(p.type))) for p in signature.args.params]
    bounds = ranges or [(-1.0, 1.0)] * len(parameters)
    arguments = tuple(Argument(n, t, lo, hi, "user") for (n, t), (lo, hi) in zip(parameters, bounds, strict=True))
    return Program("test.c", text, entry, arguments, tuple(_results("", declarations.type_of(signature.type))), unit)


def _scalar(type: object) -> Scalar:
    assert isinstance(type, Scalar)
    return type


def _results(path: str, type: object) -> list[Result]:
    if isinstance(type, Scalar):
        return [Result(path or "return", type)]
    assert isinstance(type, Struct)
    return [r for name, inner in type.fields for r in _results(f"{path}.{name}" if path else name, inner)]


def rows_of(program: Program, n: int, seed: int = 0) -> np.ndarray:
    """Rows over the domain, whole numbers for integer types, the corners of the domain among them."""
    random = np.random.default_rng(seed)
    low, high = program.domain.T
    rows = random.uniform(low, high, (n, len(low)))
    rows[: n // 8] = np.where(random.random((n // 8, len(low))) < 0.5, low, high)
    for k, argument in enumerate(program.arguments):
        rows[:, k] = np.rint(rows[:, k]) if argument.type.is_integer else rows[:, k].astype(argument.type.dtype)
    return rows


def run_native(
    programs: list[Program],
    rows: list[np.ndarray],
    folder: Path,
    *,
    optimise: str = "-O0",
    checked: bool = True,
    file_names: str | None = None,
) -> list[np.ndarray]:
    """What gcc's code gives for each program on its rows: float64 [n, results], NaN where it is undefined.

    Without `checked` undefined behaviour is not looked for. `file_names` is a regular expression of the names that the
    programs define for the whole file, where that is known.
    """
    assert GCC is not None
    name = f"programs{optimise}{'-checked' * checked}"
    source, library = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(_HARNESS + "".join(_renamed(p, k, file_names) + _loop(p, k) for k, p in enumerate(programs)))
    flags = [optimise, "-w", "-fPIC", "-shared", "-Wl,-Bsymbolic", "-fno-builtin", "-ffp-contract=off"]
    if checked:
        flags += ["-fsanitize=undefined,float-cast-overflow", "-fno-sanitize=object-size,null,alignment,shift-base"]
    compiled = subprocess.run([GCC, *flags, "-o", library, source, "-lm"], capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr[:2000]
    loaded = ctypes.CDLL(str(library))
    pointer = ctypes.POINTER(ctypes.c_double)
    outputs = []
    for k, (program, x) in enumerate(zip(programs, rows, strict=True)):
        x = np.ascontiguousarray(x, dtype=np.float64)
        y = np.empty((len(x), len(program.results)))
        loaded[f"rows{k}"](x.ctypes.data_as(pointer), y.ctypes.data_as(pointer), len(x))
        outputs.append(y)
    return outputs


def _renamed(program: Program, k: int, file_names: str | None) -> str:
    """The source with a suffix on every name that it defines for the whole file, so that programs can share one."""
    if file_names is not None:
        return re.sub(file_names, rf"\g<0>_{k}", program.source)
    names: set[str] = set()
    for item in program.unit.ext:
        if isinstance(item, c_ast.FuncDef):
            names.add(item.decl.name)
        elif not isinstance(item.type, c_ast.FuncDecl):
            names.update(name for name in [item.name, *_tags(item)] if name)
    return re.sub(r"\b[A-Za-z_]\w*", lambda m: f"{m[0]}_{k}" if m[0] in names else m[0], program.source)


def _tags(node: c_ast.Node) -> list[str]:
    own = [node.name] if isinstance(node, c_ast.Struct | c_ast.Union | c_ast.Enum | c_ast.Enumerator) else []
    return own + [name for child in node for name in _tags(child)]


def _loop(program: Program, k: int) -> str:
    call = f"{program.entry}_{k}({', '.join(f'x[{i}]' for i in range(len(program.arguments)))})"
    paths = ["" if r.name == "return" else "." + r.name for r in program.results]
    given = " ".join(f"y[{i}] = r{path};" for i, path in enumerate(paths))
    undefined = " ".join(f'y[{i}] = __builtin_nan("");' for i in range(len(paths)))
    return f"""
void rows{k}(const double *x, double *y, int n) {{
    for (volatile int i = 0; i < n; i++, x += {len(program.arguments)}, y += {len(paths)})
        if (setjmp(row)) {{ {undefined} }} else {{ __typeof__({call}) r = {call}; {given} }}
}}
"""
