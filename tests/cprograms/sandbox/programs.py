"""Programs with arrays, structs, pointers and state, described by hand, and what gcc's code for them gives."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pycparser import CParser, c_ast

from cprograms.declarations import Declarations
from cprograms.program import Argument, Parameter, Passing, Program, Result
from cprograms.types import Array, Bits, CType, Function, Pointer, Scalar, Void, paths
from tests.cprograms.native import GCC

Spec = tuple[str, Passing, Array | int, str]
"""A parameter: its name, how it is passed, the elements that a pointer points to, or their type, and its leaves: a
letter each (or one for all), "i" of what is set, "o" of what is a result, "b" of both, "-" of neither, a digit of what
is fixed."""


@dataclass(frozen=True)
class Case:
    """A program, the ranges of its inputs, and C that computes y[0 …] from x[0 …] with it."""

    source: str
    parameters: Sequence[Spec]
    native: str
    domain: tuple[float, float] = (-3, 3)
    returned: Sequence[str] = ()
    restored: Sequence[str] = ()

    @property
    def program(self) -> Program:
        return described(self.source, self.parameters, self.returned, self.restored, self.domain)


def described(
    source: str,
    specs: Sequence[Spec],
    returned: Sequence[str] = (),
    restored: Sequence[str] = (),
    domain: tuple[float, float] = (-3, 3),
    wraps: bool = False,
) -> Program:
    """The program of the function `f` of a text. Raises nothing of the front end's: it is not asked."""
    unit = CParser().parse(source)
    declarations = Declarations()
    types: dict[str, c_ast.Node] = {}
    for item in unit.ext:
        declarations.declare(item.decl if isinstance(item, c_ast.FuncDef) else item)
        types |= {item.name: item} if isinstance(item, c_ast.Decl) and item.name else {}
    function = next(i for i in unit.ext if isinstance(i, c_ast.FuncDef) and i.decl.name == "f").decl.type
    types |= {p.name: p for p in (function.args.params if function.args else ()) if getattr(p, "name", None)}
    arguments: list[Argument] = []
    results = _results(function.type, returned, declarations)
    count = len(results)
    parameters = []
    for name, passing, elements, letters in specs:
        type = _type(types[name], passing, elements, declarations)
        parameters.append(_parameter(name, type, passing, letters, arguments, results, domain))
    return Program(
        *("test.c", source, "f", tuple(arguments), tuple(results), unit, tuple(parameters), count, tuple(restored)),
        wraps=wraps,
    )


def _results(node: c_ast.Node, returned: Sequence[str], declarations: Declarations) -> list[Result]:
    if not returned:
        return []
    leaves = dict(paths(declarations.type_of(node)))
    return [Result(name, _scalar(leaves["" if name == "return" else f".{name}"])) for name in returned]


def _scalar(type: object) -> Scalar:
    type = type.scalar if isinstance(type, Bits) else type
    assert isinstance(type, Scalar)
    return type


def _type(node: c_ast.Node, passing: Passing, elements: Array | int, declarations: Declarations) -> CType:
    if passing != "pointer":
        return declarations.type_of(node)
    if isinstance(elements, Array):
        return elements
    pointer = declarations.parameter(node)[0]
    assert isinstance(pointer, Pointer)
    assert not isinstance(pointer.target, Void | Function)
    return Array(pointer.target, elements)


def _parameter(
    name: str,
    type: CType,
    passing: Passing,
    letters: str,
    arguments: list[Argument],
    results: list[Result],
    domain: tuple[float, float],
) -> Parameter:
    given, gives, fixed = [], [], []
    leaves = list(paths(type))
    letters = letters * len(leaves) if len(letters) == 1 else letters
    for (path, leaf), letter in zip(leaves, letters, strict=True):
        given.append(len(arguments) if letter in "ib" else None)
        gives.append(len(results) if letter in "ob" else None)
        fixed.append(int(letter) if letter.isdigit() else None)
        if letter in "ib":
            arguments.append(Argument(name + path, _scalar(leaf), *domain, "user"))
        if letter in "ob":
            results.append(Result(name + path, _scalar(leaf)))
    return Parameter(name, type, passing, tuple(given), tuple(gives), tuple(fixed))


def inputs(program: Program, n: int = 200, seed: int = 0) -> np.ndarray:
    """Rows over the domain, whole numbers for integers, floats for floats."""
    random = np.random.default_rng(seed)
    rows = random.uniform(*program.domain.T, (n, len(program.arguments)))
    for k, argument in enumerate(program.arguments):
        rows[:, k] = np.rint(rows[:, k]) if argument.type.is_integer else rows[:, k].astype(argument.type.dtype)
    return rows


def native(case: Case, x: np.ndarray, results: int, folder: Path) -> np.ndarray:
    """What gcc's code gives, each row in a program that begins anew."""
    assert GCC is not None
    folder.mkdir(parents=True, exist_ok=True)
    text = f"{case.source}\nvoid row(const double *x, double *y) {{ {case.native} }}\n"
    (folder / "native.c").write_text(text)
    command = [GCC, "-O1", "-w", "-fPIC", "-shared", "-ffp-contract=off", "-o", "native.so", "native.c", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    rows = []
    for k, row in enumerate(x):
        if k == 0 or case.restored:  # a library of its own, whose globals are as they begin
            path = folder / f"native{k}-{len(list(folder.iterdir()))}.so"
            path.write_bytes((folder / "native.so").read_bytes())
            library = ctypes.CDLL(str(path))
        given, y = np.ascontiguousarray(row), np.full(results, np.nan)
        library.row(given.ctypes, y.ctypes)
        rows.append(y)
    return np.array(rows)
