"""Which numbers an enum has."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported

_DEPTH = 50


def enum_range(node: c_ast.Node, declarations: Declarations) -> tuple[int, int] | None:
    """The least and the greatest constant of the enum that a declaration has as its type; None where that is none."""
    for _ in range(_DEPTH):
        if isinstance(node, c_ast.Decl | c_ast.TypeDecl):
            node = node.type
        elif isinstance(node, c_ast.IdentifierType) and len(node.names) == 1 and node.names[0] in declarations.typedefs:
            node = declarations.typedefs[node.names[0]]
        else:
            break
    if not isinstance(node, c_ast.Enum):
        return None
    definition = node if node.values is not None else declarations.tags.get(node.name)
    items = definition.values.enumerators if isinstance(definition, c_ast.Enum) else []
    values = [declarations.constants[item.name] for item in items if item.name in declarations.constants]
    return (min(values), max(values)) if values else None


def declared(unit: c_ast.FileAST) -> Declarations:
    """The types and constants of a unit; what cannot be made out is left out."""
    found = Declarations()
    for node in unit.ext:
        try:
            found.declare(node.decl if isinstance(node, c_ast.FuncDef) else node)
        except Unsupported:
            continue
    return found
