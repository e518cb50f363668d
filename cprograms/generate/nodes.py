"""Short constructors of pycparser nodes, as its parser would build them."""

from __future__ import annotations

from functools import cache

from pycparser import c_ast

# The C spelling of each scalar type's code.
SPELLING = {
    "i8": ["signed", "char"],
    "u8": ["unsigned", "char"],
    "i16": ["short"],
    "u16": ["unsigned", "short"],
    "i32": ["int"],
    "u32": ["unsigned", "int"],
    "i64": ["long", "long"],
    "u64": ["unsigned", "long", "long"],
    "f32": ["float"],
    "f64": ["double"],
}


def identifier(name: str) -> c_ast.ID:
    return c_ast.ID(name)


def integer(value: int) -> c_ast.Node:
    literal = c_ast.Constant("int", str(abs(value)))
    return literal if value >= 0 else c_ast.UnaryOp("-", literal)


def real(value: float, suffix: str = "") -> c_ast.Node:
    """A floating literal of at most 9 digits; `suffix` "f" makes it a float's."""
    text = f"{abs(value):.9g}"
    if "." not in text and "e" not in text:
        text += ".0"
    literal = c_ast.Constant("float" if suffix else "double", text + suffix)
    return literal if value >= 0 else c_ast.UnaryOp("-", literal)


def call(name: str, *arguments: c_ast.Node) -> c_ast.FuncCall:
    return c_ast.FuncCall(c_ast.ID(name), c_ast.ExprList(list(arguments)))


def typename(code: str) -> c_ast.Typename:
    return c_ast.Typename(None, [], None, c_ast.TypeDecl(None, [], None, c_ast.IdentifierType(SPELLING[code])))


def cast(code: str, value: c_ast.Node) -> c_ast.Cast:
    return c_ast.Cast(typename(code), value)


def _typed(code: str, name: str, quals: list[str]) -> c_ast.TypeDecl:
    return c_ast.TypeDecl(name, quals, None, c_ast.IdentifierType(SPELLING[code]))


def declare(
    code: str, name: str, value: c_ast.Node | None = None, *, const: bool = False, length: int = 0, static: bool = False
) -> c_ast.Decl:
    """A variable, or with `length` an array of them."""
    quals = ["const"] if const else []
    kind: c_ast.Node = _typed(code, name, quals)
    if length:
        kind = c_ast.ArrayDecl(kind, c_ast.Constant("int", str(length)), [])
    return c_ast.Decl(name, quals, [], ["static"] if static else [], [], kind, value, None)


def assign(name: str, value: c_ast.Node, op: str = "=") -> c_ast.Assignment:
    return c_ast.Assignment(op, c_ast.ID(name), value)


def block(statements: list[c_ast.Node]) -> c_ast.Compound:
    return c_ast.Compound(statements)


def branch(condition: c_ast.Node, yes: list[c_ast.Node], no: list[c_ast.Node] | None = None) -> c_ast.If:
    return c_ast.If(condition, _body(yes), None if no is None else _body(no))


def _body(statements: list[c_ast.Node]) -> c_ast.Node:
    single = len(statements) == 1 and not isinstance(statements[0], c_ast.Decl | c_ast.If)
    return statements[0] if single else c_ast.Compound(statements)


def count(
    name: str, end: c_ast.Node, body: list[c_ast.Node], start: int = 0, op: str = "<", declared: bool = True
) -> c_ast.For:
    """`for (int name = start; name < end; name++)`; without `declared`, an outer variable counts."""
    first = (
        c_ast.DeclList([declare("i32", name, integer(start))])
        if declared
        else c_ast.Assignment("=", c_ast.ID(name), integer(start))
    )
    step = c_ast.UnaryOp("p++", c_ast.ID(name))
    return c_ast.For(first, c_ast.BinaryOp(op, c_ast.ID(name), end), step, c_ast.Compound(body))


def function(
    code: str,
    name: str,
    parameters: list[tuple[str, str]],
    body: list[c_ast.Node],
    *,
    static: bool = False,
    struct: str = "",
) -> c_ast.FuncDef:
    """A function definition; `parameters` are (type code, name); `struct` is the returned struct's tag, if any."""
    params = [c_ast.Decl(n, [], [], [], [], _typed(t, n, []), None, None) for t, n in parameters]
    result: c_ast.Node = c_ast.Struct(struct, None) if struct else c_ast.IdentifierType(SPELLING[code])
    kind = c_ast.FuncDecl(c_ast.ParamList(params), c_ast.TypeDecl(name, [], None, result))
    decl = c_ast.Decl(name, [], [], ["static"] if static else [], [], kind, None, None)
    return c_ast.FuncDef(decl, None, c_ast.Compound(body))


def structure(tag: str, fields: list[tuple[str, str]]) -> c_ast.Decl:
    """The declaration of a struct; `fields` are (type code, name)."""
    kind = c_ast.Struct(tag, [declare(t, n) for t, n in fields])
    return c_ast.Decl(None, [], [], [], [], kind, None, None)


def typedef(code: str, name: str) -> c_ast.Typedef:
    return c_ast.Typedef(name, [], ["typedef"], _typed(code, name, []))


def struct_variable(tag: str, name: str, value: c_ast.Node | None = None) -> c_ast.Decl:
    kind = c_ast.TypeDecl(name, [], None, c_ast.Struct(tag, None))
    return c_ast.Decl(name, [], [], [], [], kind, value, None)


def struct_literal(tag: str, values: list[c_ast.Node]) -> c_ast.CompoundLiteral:
    kind = c_ast.Typename(None, [], None, c_ast.TypeDecl(None, [], None, c_ast.Struct(tag, None)))
    return c_ast.CompoundLiteral(kind, c_ast.InitList(values), [])


@cache
def prototype(name: str, code: str, arity: int) -> c_ast.Decl:
    """The prototype of a math.h function; shared between programs, since nothing changes it."""
    params = [c_ast.Typename(None, [], None, _typed(code, None, [])) for _ in range(arity)]  # type: ignore[arg-type]
    kind = c_ast.FuncDecl(c_ast.ParamList(params), c_ast.TypeDecl(name, [], None, c_ast.IdentifierType(SPELLING[code])))
    return c_ast.Decl(name, [], [], [], [], kind, None, None)
