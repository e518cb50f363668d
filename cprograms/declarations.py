"""From pycparser's declarations to C types: typedefs, struct and enum tags, and integer constant expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from operator import add, and_, eq, ge, gt, le, lshift, lt, mul, ne, or_, rshift, sub, xor

from pycparser import c_ast

from cprograms.types import (
    INT,
    UINT,
    Array,
    Bits,
    CType,
    Function,
    Pointer,
    Scalar,
    Struct,
    Union,
    Void,
    bytes_of,
    scalar_of_names,
)


class Unsupported(Exception):
    """A construct outside the numeric subset, with the node it stands at."""

    def __init__(self, node: c_ast.Node, message: str, hint: str = ""):
        super().__init__(message)
        self.node, self.message, self.hint = node, message, hint


MAX_FIELDS = 1000
"""Fields of a struct, those of its nested structs included."""


class Declarations:
    """The types and integer constants that a translation unit's declarations name so far."""

    def __init__(self) -> None:
        self.typedefs: dict[str, c_ast.Node] = {}
        self.tags: dict[str, c_ast.Node] = {}
        self.constants: dict[str, int] = {}
        self._defined: dict[int, Struct | Union | None] = {}
        """What struct and union nodes define; None while that is being found out."""
        self._weights: dict[int, int] = {}

    def copy(self) -> Declarations:
        """The same ones, to which others can be added."""
        copied = copy(self)
        copied.typedefs, copied.tags, copied.constants = dict(self.typedefs), dict(self.tags), dict(self.constants)
        return copied

    def declare(self, node: c_ast.Node) -> None:
        """Take note of what a declaration names: a typedef, a struct or union tag, enum constants."""
        if isinstance(node, c_ast.Typedef):
            self.typedefs[node.name] = node.type
        self._tags(node)

    def _tags(self, node: c_ast.Node) -> None:
        if isinstance(node, c_ast.Struct | c_ast.Union) and node.name and node.decls is not None:
            self.tags[node.name] = node
        elif isinstance(node, c_ast.Enum) and node.values is not None:
            self._enumerators(node)
            if node.name:
                self.tags[node.name] = node
        if isinstance(
            node, c_ast.Decl | c_ast.Typedef | c_ast.TypeDecl | c_ast.ArrayDecl | c_ast.PtrDecl | c_ast.FuncDecl
        ):
            self._tags(node.type)
        elif isinstance(node, c_ast.Struct | c_ast.Union):
            for field in node.decls or []:
                self._tags(field)

    def _enumerators(self, node: c_ast.Enum) -> None:
        following = 0
        for item in node.values.enumerators:
            value = self.constant(item.value) if item.value is not None else following
            self.constants[item.name] = value
            following = value + 1

    def type_of(self, node: c_ast.Node) -> CType:
        """The type that a declaration or type node stands for, an array's as such.

        Raises Unsupported for complex and incomplete types, and for arrays without a constant size.
        """
        if isinstance(node, c_ast.Decl) and node.bitsize is not None:
            return self._bits(node)
        if isinstance(node, c_ast.Decl | c_ast.TypeDecl | c_ast.Typename):
            return self.type_of(node.type)
        if isinstance(node, c_ast.IdentifierType):
            return self._named(node)
        if isinstance(node, c_ast.Enum):
            return self._enum(node)
        if isinstance(node, c_ast.Struct | c_ast.Union):
            return self._tagged(node)
        if isinstance(node, c_ast.ArrayDecl):
            if node.dim is None:
                raise Unsupported(node, "an array needs a constant size")
            length = self.constant(node.dim)
            if length < 0:
                raise Unsupported(node, "an array needs a positive size")
            return Array(self.type_of(node.type), length)
        if isinstance(node, c_ast.PtrDecl):
            return Pointer(self.target_of(node.type))
        raise Unsupported(node, "this type is not an arithmetic scalar, nor made of them")

    def target_of(self, node: c_ast.Node) -> CType | Void | Function:
        """What a pointer to the type of a node points to. What is not understood is Void until it is needed."""
        if isinstance(node, c_ast.FuncDecl):
            return Function()
        try:
            return self.type_of(node)
        except Unsupported:
            inner = node.type if isinstance(node, c_ast.TypeDecl) else node
            return Void(getattr(inner, "name", None) or "" if isinstance(inner, c_ast.Struct | c_ast.Union) else "")

    def completed(self, type: CType | Void | Function) -> CType | Void | Function:
        """A struct that was not defined where a pointer to it was declared, where it is defined now."""
        if isinstance(type, Void) and type.tag in self.tags:
            return self.target_of(self.tags[type.tag])
        return type

    def parameter(self, node: c_ast.Node) -> tuple[CType, int | None]:
        """The type of a function's parameter, arrays as the pointers that they are; and the extent that it declares."""
        inner, depth = node, 0
        while isinstance(inner, c_ast.Decl | c_ast.TypeDecl | c_ast.Typename) or self._is_typedef(inner):
            inner = self.typedefs[inner.names[0]] if isinstance(inner, c_ast.IdentifierType) else inner.type
            depth += 1
            if depth > MAX_FIELDS:
                break
        if isinstance(inner, c_ast.ArrayDecl):
            return Pointer(self.target_of(inner.type)), self._extent(inner)
        if isinstance(inner, c_ast.FuncDecl):
            return Pointer(Function()), None
        return self.type_of(node), None

    def _is_typedef(self, node: c_ast.Node) -> bool:
        return isinstance(node, c_ast.IdentifierType) and len(node.names) == 1 and node.names[0] in self.typedefs

    def _extent(self, node: c_ast.ArrayDecl) -> int | None:
        try:
            return self.constant(node.dim) if node.dim is not None else None
        except Unsupported:
            return None

    def _bits(self, node: c_ast.Decl) -> Bits:
        type, width = self.type_of(node.type), self.constant(node.bitsize)
        if not isinstance(type, Scalar) or not type.is_integer or not 0 <= width <= type.bits:
            raise Unsupported(node, "this bit-field is not supported")
        return Bits(type, width)

    def _enum(self, node: c_ast.Enum) -> Scalar:
        """An enumeration is an int where a constant of it is negative, else unsigned, as on x86-64."""
        definition = node if node.values is not None else self.tags.get(node.name)
        if not isinstance(definition, c_ast.Enum):
            raise Unsupported(node, f"'enum {node.name}' is not defined")
        return INT if any(self.constants.get(i.name, 0) < 0 for i in definition.values.enumerators) else UINT

    def _named(self, node: c_ast.IdentifierType) -> CType:
        names = list(node.names)
        if len(names) == 1 and names[0] in self.typedefs:
            return self.type_of(self.typedefs[names[0]])
        if "_Complex" in names:
            raise Unsupported(node, "complex numbers are not numeric", "compute with real and imaginary parts")
        scalar = scalar_of_names(names)
        if scalar is None:
            raise Unsupported(node, f"'{' '.join(names)}' is not an arithmetic type")
        return scalar

    def _tagged(self, node: c_ast.Struct | c_ast.Union) -> Struct | Union:
        kind = "struct" if isinstance(node, c_ast.Struct) else "union"
        definition = node if node.decls is not None else self.tags.get(node.name)
        if definition is None or type(definition) is not type(node):
            raise Unsupported(node, f"'{kind} {node.name}' is not defined")
        if id(definition) not in self._defined:
            self._defined[id(definition)] = None
            try:
                self._defined[id(definition)] = self._fields_of(definition)
            finally:
                if self._defined[id(definition)] is None:
                    del self._defined[id(definition)]
        found = self._defined[id(definition)]
        if found is None:
            raise Unsupported(node, f"'{kind} {node.name}' contains itself")
        return found

    def _fields_of(self, definition: c_ast.Struct | c_ast.Union) -> Struct | Union:
        fields: list[tuple[str, CType]] = []
        nameless: list[tuple[int, int]] = []
        for field in definition.decls or []:
            if isinstance(field, c_ast.Decl):
                type = self._flexible(field) or self.type_of(field)
                if isinstance(type, Bits):
                    if not field.name:
                        nameless.append((8 * bytes_of(type), type.width))
                        continue
                    type = Bits(type.scalar, type.width, tuple(nameless))
                    nameless = []
                fields.append((field.name or "", type))
            elif isinstance(field, c_ast.Struct | c_ast.Union):
                fields.append(("", self._tagged(field)))
        made = (Struct if isinstance(definition, c_ast.Struct) else Union)(definition.name or "", tuple(fields))
        if isinstance(made, Union) and not fields:
            raise Unsupported(definition, "a union without members")
        # Structs of structs double with every line of source: a bound keeps whoever walks them from walking for ever.
        weight = 1 + sum(self._weights.get(id(_element(type)), 1) for _, type in fields)
        if weight > MAX_FIELDS:
            raise Unsupported(definition, f"a struct of more than {MAX_FIELDS} fields is not supported")
        self._weights[id(made)] = weight
        return made

    def _flexible(self, field: c_ast.Decl) -> CType | None:
        """The type of a flexible array member, which has no elements."""
        if isinstance(field.type, c_ast.ArrayDecl) and field.type.dim is None:
            return Array(self.type_of(field.type.type), 0)
        return None

    def constant(self, node: c_ast.Node) -> int:
        """The value of an integer constant expression. Raises Unsupported where it is none."""
        if isinstance(node, c_ast.Constant) and "float" not in node.type and "double" not in node.type:
            return character(node) if node.type == "char" else integer(node)
        if isinstance(node, c_ast.ID) and node.name in self.constants:
            return self.constants[node.name]
        if isinstance(node, c_ast.Cast):
            return self.constant(node.expr)
        if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof" and isinstance(node.expr, c_ast.Typename):
            return self.size_of(node.expr)
        if isinstance(node, c_ast.UnaryOp) and node.op in _UNARY:
            return _UNARY[node.op](self.constant(node.expr))
        if isinstance(node, c_ast.BinaryOp) and node.op in _BINARY:
            left, right = self.constant(node.left), self.constant(node.right)
            if node.op in ("/", "%") and right == 0:
                raise Unsupported(node, "division by zero in a constant expression")
            if node.op in ("<<", ">>") and not 0 <= right < 64:
                raise Unsupported(node, "shift out of range in a constant expression")
            return _BINARY[node.op](left, right)
        if isinstance(node, c_ast.TernaryOp):
            return self.constant(node.iftrue if self.constant(node.cond) else node.iffalse)
        raise Unsupported(node, "an integer constant is needed here")

    def size_of(self, node: c_ast.Node) -> int:
        """Bytes of a type of the subset, padding included."""
        return bytes_of(self.type_of(node))


def _element(type: CType) -> CType:
    while isinstance(type, Array):
        type = type.element
    return type


def integer(node: c_ast.Constant) -> int:
    """The value of an integer literal, its suffix ignored, or of several characters. Raises Unsupported for others."""
    digits = node.value.rstrip("uUlL")
    if digits.startswith("'"):
        return _characters(node)
    try:
        if digits[:2].lower() in ("0x", "0b"):
            return int(digits, 0)
        return int(digits, 8) if digits.startswith("0") and len(digits) > 1 else int(digits)
    except ValueError:
        raise Unsupported(node, f"{node.value[:40]} is not supported as a constant") from None


def _characters(node: c_ast.Constant) -> int:
    """The value of a constant of several characters, 'RIFF', as gcc and clang pack them into an int."""
    value = 0
    for part in CHARACTER.findall(node.value[1:-1]):
        value = value << 8 | character(c_ast.Constant("char", f"'{part}'", node.coord)) & 0xFF
    return (value & 0xFFFFFFFF ^ 1 << 31) - (1 << 31)


CHARACTER = re.compile(r"\\(?:x[0-9a-fA-F]+|[0-7]{1,3}|.)|[^\\]", re.DOTALL)
"""A character of a literal, or its escape."""
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "'": 39, '"': 34, "?": 63}


def character(node: c_ast.Constant) -> int:
    """The value of a character constant: a signed char's, as on x86-64."""
    body = node.value[node.value.index("'") + 1 : -1]
    if not body.startswith("\\"):
        value = ord(body[0]) if len(body) == 1 else -1
    elif body[1] == "x":
        value = int(body[2:], 16)
    elif body[1].isdigit():
        value = int(body[1:], 8)
    else:
        value = _ESCAPES.get(body[1], -1)
    if not 0 <= value < 256:
        raise Unsupported(node, "this character constant is not supported")
    return value - 256 if value > 127 else value


def _divide(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "~": lambda a: ~a,
    "!": lambda a: int(not a),
}
_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": add, "-": sub, "*": mul, "/": _divide, "%": lambda a, b: a - b * _divide(a, b),
    "<<": lshift, ">>": rshift, "&": and_, "|": or_, "^": xor,
    "<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne,
    "&&": lambda a, b: int(bool(a) and bool(b)), "||": lambda a, b: int(bool(a) or bool(b)),
}  # fmt: skip
