"""What a program's translation unit declares, as the stages look it up."""

from __future__ import annotations

from copy import copy
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.lowering.jumps import flattened
from cprograms.lowering.values import MOST_SLOTS, size
from cprograms.standard import BUILTINS, PROTOTYPES
from cprograms.types import INT, CType


class Definition(NamedTuple):
    """A function's body with the types around it; `result` is None for void."""

    body: c_ast.Compound
    result: CType | None
    parameters: list[tuple[str, CType]]


class TranslationUnit:
    """`globals` and `prototypes` by name; `declarations` holds the types, to which blocks add theirs: those that are
    given, where others know the types already."""

    def __init__(self, unit: c_ast.FileAST, declarations: Declarations | None = None) -> None:
        self.declarations = Declarations() if declarations is None else declarations
        self.globals: dict[str, c_ast.Decl] = {}
        self.prototypes: dict[str, c_ast.FuncDecl] = {}
        self._functions: dict[str, c_ast.FuncDef] = {}
        self._definitions: dict[str, Definition] = {}
        for item in unit.ext:
            self.declare(item)

    def copy(self) -> TranslationUnit:
        """The same unit, to whose types blocks may add theirs."""
        copied = copy(self)
        copied.declarations = self.declarations.copy()
        return copied

    def declare(self, item: c_ast.Node) -> None:
        if isinstance(item, c_ast.FuncDef):
            self._functions[item.decl.name] = item
            self.declarations.declare(item.decl)
            return
        self.declarations.declare(item)
        if isinstance(item, c_ast.Decl) and isinstance(item.type, c_ast.FuncDecl):
            self.prototypes[item.name] = item.type
        elif isinstance(item, c_ast.Decl) and item.name:
            self.globals[item.name] = item

    def defines(self, name: str) -> bool:
        """Whether it defines a function of this name."""
        return name in self._functions

    def traps(self, name: str) -> bool:
        """Whether a row ends where it gets to a call of this name: neither the program nor the C library has it."""
        known = name in PROTOTYPES or name in BUILTINS or name in self.globals
        return not known and not self.defines(name)

    def definition(self, name: str) -> Definition:
        """The function of this name; raises Unsupported where it takes or gives what has too many members."""
        if name not in self._definitions:
            self._definitions[name] = self._defined(self._functions[name])
        return self._definitions[name]

    def _defined(self, function: c_ast.FuncDef) -> Definition:
        signature = function.decl.type
        result = None if is_void(signature.type) else self.declarations.type_of(signature.type)
        parameters = [
            (p.name or "", self.declarations.parameter(p)[0])
            for p in (signature.args.params if signature.args else [])
            if not is_void(p.type)
        ]
        if any(size(t) > MOST_SLOTS for t in [result or INT, *(t for _, t in parameters)]):
            raise Unsupported(function, "what it takes or gives has too many members to follow")
        return Definition(flattened(function.body), result, parameters)


def is_void(node: c_ast.Node) -> bool:
    """Whether a type name or a declarator's type is void."""
    while isinstance(node, c_ast.TypeDecl | c_ast.Typename | c_ast.Decl):
        node = node.type
    return isinstance(node, c_ast.IdentifierType) and node.names == ["void"]
