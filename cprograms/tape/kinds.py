"""The types of a tape program: every number is a value modulo M, so only few kinds are left."""

from __future__ import annotations

from enum import Enum

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.subset import MAX_DEPTH
from cprograms.types import scalar_of_names

MLP = "floating-point functions compile with --target mlp"


class Kind(Enum):
    """INT is every integer type of at least 32 bits; BOOL holds 0 or 1; TAPE is the pointer that the entry is given."""

    INT = "int"
    BOOL = "_Bool"
    VOID = "void"
    ARRAY = "array"
    TAPE = "int *"


def kind_of(node: c_ast.Node, declarations: Declarations) -> Kind:
    """The kind of a type or a declaration. Raises Unsupported for what the values of a tape program cannot be."""
    node = _resolved(node, declarations)
    if isinstance(node, c_ast.ArrayDecl | c_ast.PtrDecl):
        return _of_elements(node, declarations)
    inner = node.type if isinstance(node, c_ast.TypeDecl) else node
    if isinstance(inner, c_ast.Enum):
        return Kind.INT
    if isinstance(inner, c_ast.IdentifierType):
        return _named(inner)
    if isinstance(inner, c_ast.Struct | c_ast.Union):
        what = "structs" if isinstance(inner, c_ast.Struct) else "unions"
        raise Unsupported(node, f"{what} are not values of a tape program", "use an int for each member")
    raise Unsupported(node, "this type is not one of a tape program", "use int")


def _of_elements(node: c_ast.ArrayDecl | c_ast.PtrDecl, declarations: Declarations) -> Kind:
    pointer = isinstance(node, c_ast.PtrDecl)
    element = _resolved(node.type, declarations)
    if pointer and isinstance(element, c_ast.FuncDecl):
        raise Unsupported(node, "pointers to functions are not values of a tape program", "call the function directly")
    if isinstance(element, c_ast.ArrayDecl | c_ast.PtrDecl):
        if pointer:
            raise Unsupported(node, "only the tape itself, int *, is a pointer", "keep an index into the tape")
        raise Unsupported(node, "arrays of one dimension only", "use one array, and a[i * columns + j]")
    if kind_of(element, declarations) is not Kind.INT:
        raise Unsupported(node, "the cells of a tape and of an array are int", "declare the element int")
    return Kind.TAPE if pointer else Kind.ARRAY


def _named(node: c_ast.IdentifierType) -> Kind:
    if node.names == ["void"]:
        return Kind.VOID
    found = scalar_of_names(node.names)
    if found is None:
        raise Unsupported(node, f"'{' '.join(node.names)}' is not a type of a tape program", "use int")
    if found.kind == "float":
        raise Unsupported(
            node, f"{found.name} is not a type of a tape program, whose values are integers modulo M", MLP
        )
    if found.kind == "bool":
        return Kind.BOOL
    if found.bits < 32:
        # It would wrap at its own width, not modulo M.
        message = (
            f"{' '.join(node.names)} holds {found.bits} bits only; the values of a tape program are integers modulo M"
        )
        raise Unsupported(node, message, "declare it int")
    return Kind.INT


def _resolved(node: c_ast.Node, declarations: Declarations) -> c_ast.Node:
    """The type that a declaration and the typedefs that it names stand for."""
    for _ in range(MAX_DEPTH):
        named = node.type.names if isinstance(getattr(node, "type", None), c_ast.IdentifierType) else []
        if isinstance(node, c_ast.Decl | c_ast.Typename):
            node = node.type
        elif isinstance(node, c_ast.TypeDecl) and len(named) == 1 and named[0] in declarations.typedefs:
            node = declarations.typedefs[named[0]]
        else:
            return node
    raise Unsupported(node, "this type is nested too deeply")
