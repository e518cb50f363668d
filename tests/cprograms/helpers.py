"""Programs from snippets of C, without the front end."""

from __future__ import annotations

from pycparser import c_ast, c_parser

from cprograms.declarations import Declarations
from cprograms.program import Argument, Program, Result
from cprograms.types import CType, Scalar, Struct


def program_of(source: str, entry: str = "f", **ranges: tuple[float, float]) -> Program:
    """A Program of self-contained C text: no preprocessing, no checks."""
    unit = c_parser.CParser().parse(source)
    declarations = Declarations()
    for node in unit.ext:
        if not isinstance(node, c_ast.FuncDef):
            declarations.declare(node)
    function = next(n.decl for n in unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == entry)
    parameters = function.type.args.params if function.type.args else []
    arguments = tuple(Argument(p.name, declarations.scalar_of(p), *ranges.get(p.name, (-1.0, 1.0))) for p in parameters)
    results = tuple(Result(name, type) for name, type in _leaves("", declarations.type_of(function.type.type)))
    return Program("snippet.c", source, entry, arguments, results, unit)


def _leaves(path: str, type: CType) -> list[tuple[str, Scalar]]:
    if isinstance(type, Scalar):
        return [(path or "return", type)]
    assert isinstance(type, Struct)
    return [leaf for name, field in type.fields for leaf in _leaves(f"{path}.{name}".lstrip("."), field)]
