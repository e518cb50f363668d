"""The definitions of a tape program, functions and constants: checked, and given in the form of its tree."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.tape.expressions import ExpressionChecker, value_of
from cprograms.tape.kinds import Kind
from cprograms.tape.locals import variable
from cprograms.tape.names import Definition, Local, Names, as_parameter, parameters
from cprograms.tape.statements import StatementChecker


def check_function(names: Names, node: c_ast.FuncDef) -> Definition:
    """A function; `names` are for it alone."""
    name = node.decl.name
    result = _result_kind(names, node)
    given = [p for p in (_parameter(names, p) for p in parameters(node)) if p is not None]
    tapes = [p for p in given if isinstance(p.type, c_ast.PtrDecl)]
    for extra in tapes[1:]:
        names.fault(extra, f"'{extra.name}': there is only one tape", "pass it once, and indices beside it")
    statements = StatementChecker(names, ExpressionChecker(names), name, result)
    body = c_ast.Compound(statements.block(node.body.block_items or []), coord=node.body.coord)
    kind = c_ast.IdentifierType(["int" if result in (Kind.INT, Kind.BOOL) else "void"])
    listed = c_ast.ParamList(given) if given else None
    type = c_ast.FuncDecl(listed, c_ast.TypeDecl(name, [], None, kind))
    decl = c_ast.Decl(name, [], [], [], [], type, None, None, coord=node.decl.coord)
    names.found.function = c_ast.FuncDef(decl, None, body, coord=node.coord)
    return names.found


def check_object(names: Names, node: c_ast.Decl) -> Definition:
    """A constant at file scope; `names` are for it alone."""
    kind = names.kind_of_object(node)
    if kind is Kind.ARRAY:
        hint = "put the table on the tape, or into a local array"
        names.fault(node, f"'{node.name}' is a table, which has no place off the tape", hint)
    elif kind is not None and node.init is not None:
        expressions = ExpressionChecker(names)
        value = value_of(expressions.converted(expressions.checked(node.init), kind))
        names.found.value = value
        if value is None:
            names.fault(node.init, f"the value of '{node.name}' is not a constant")
    elif kind is not None:
        names.found.value = 0
    return names.found


def _result_kind(names: Names, node: c_ast.FuncDef) -> Kind | None:
    kind = names.kind(node.decl.type.type, node.decl, None)
    if kind in (Kind.TAPE, Kind.ARRAY):
        names.fault(node.decl, f"'{node.decl.name}' returns a pointer", "return an index into the tape")
        return None
    return kind


def _parameter(names: Names, node: c_ast.Node) -> c_ast.Decl | None:
    if isinstance(node, c_ast.EllipsisParam):
        names.fault(node, "a variable number of arguments is not supported", "give the function a fixed list")
        return None
    if not isinstance(node, c_ast.Decl) or not node.name:
        names.fault(node, "this parameter has no name")
        return None
    kind = names.kind_of_object(node)
    if kind is not None:
        kind = as_parameter(kind)
    names.declare(node.name, Local(kind))
    return variable(node, kind)
