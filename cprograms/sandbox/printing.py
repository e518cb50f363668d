"""A program's text for the sandbox's compiler."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy, deepcopy

from pycparser import c_ast, c_generator

from cprograms.declarations import Declarations
from cprograms.sandbox.assignment import is_unset_local, maybe_unset
from cprograms.sandbox.memory import RENAMED
from cprograms.standard import BUILTINS, PROTOTYPES

Place = tuple[str, int]
"""A file and a line of it."""
_JUMPED_TO = (c_ast.Decl, c_ast.DeclList, c_ast.Compound, c_ast.Label, c_ast.Case, c_ast.Default)
"""Statements before which another one can stand, but that cannot stand in braces, or hold statements of their own."""


class Printer(c_generator.CGenerator):  # type: ignore[misc]  # pycparser has no types
    """C for a 32-bit target without extended precision that computes what LP64 C computes, `long double` as double.

    A call of what nothing defines ends the row; one of a function that only writes messages is 0. `fills` tells
    afterwards whether variables that may be read before they are set were given a filling. With `located` each
    statement notes first where it stands: `surrogate_line` numbers `places`, from 1.
    """

    def __init__(self, unit: c_ast.FileAST, located: bool = False) -> None:
        super().__init__()
        self.fills = False
        self.places: list[Place] = []
        self._located = located
        self._pointed_to: dict[str, c_ast.FuncDecl] = {}
        self._unset: frozenset[str] = frozenset()
        self._locals: frozenset[str] = frozenset()
        self._declarations = Declarations()
        self._defined = {node.decl.name for node in unit.ext if isinstance(node, c_ast.FuncDef)}
        self._declared = {node.name: node.type for node in unit.ext if isinstance(node, c_ast.Decl) and node.name}
        for node in unit.ext:
            self._declarations.declare(node.decl if isinstance(node, c_ast.FuncDef) else node)

    def visit_FileAST(self, n: c_ast.FileAST) -> str:  # noqa: N802
        text = str(super().visit_FileAST(n))
        ends = (f'{self.visit(type)}\n{{ surrogate_call("{name}"); }}\n' for name, type in self._pointed_to.items())
        return text + "".join(ends)

    def visit_FuncDef(self, n: c_ast.FuncDef) -> str:  # noqa: N802
        self._unset = maybe_unset(n, self._declarations)
        self._locals = frozenset(_names(n))
        # clang has no check of its own for the end of a C function that should have returned a value.
        text = super().visit_FuncDef(n).rstrip()
        self._unset = self._locals = frozenset()
        assert text.endswith("}")
        if self._located:
            at = len(self.visit(n.decl)) + 1
            text = text[:at] + text[at:].replace("{", "{ SURROGATE_RETURNS", 1)
        return text if _returns_void(n) else f"{text[:-1]}__builtin_unreachable();\n}}\n"

    # Statements

    def _generate_stmt(self, n: c_ast.Node, add_indent: bool = False) -> str:
        text = str(super()._generate_stmt(n, add_indent))
        if self._located and n.coord is not None:
            noted = f"surrogate_line = {self._place(n)};"
            if isinstance(n, c_ast.Decl | c_ast.Typedef):
                text = f"{noted} {text}"
            elif not isinstance(n, _JUMPED_TO):
                text = f"{{ {noted} {text}}}\n"
        if not (self._unset and is_unset_local(n) and n.name in self._unset):
            return text
        self.fills = True
        return f"{text}__builtin_memset((void *)&{n.name}, surrogate_fill, sizeof {n.name});\n"

    def _place(self, n: c_ast.Node) -> int:
        place = (n.coord.file, n.coord.line)
        if not self.places or self.places[-1] != place:
            self.places.append(place)
        return len(self.places)

    def _loop(self, n: c_ast.For | c_ast.While | c_ast.DoWhile) -> c_ast.Node:
        """The loop, its condition noting the place again after each pass."""
        if not self._located or n.cond is None or n.cond.coord is None:
            return n
        noted = copy(n)
        noted.cond = c_ast.ExprList([c_ast.ID(f"surrogate_line = {self._place(n.cond)}"), n.cond])
        return noted

    def visit_For(self, n: c_ast.For) -> str:  # noqa: N802
        return str(super().visit_For(self._loop(n)))

    def visit_While(self, n: c_ast.While) -> str:  # noqa: N802
        return str(super().visit_While(self._loop(n)))

    def visit_DoWhile(self, n: c_ast.DoWhile) -> str:  # noqa: N802
        return str(super().visit_DoWhile(self._loop(n)))

    def visit_Decl(self, n: c_ast.Decl, no_type: bool = False) -> str:  # noqa: N802
        text = str(super().visit_Decl(n, no_type))
        # The address of a variable in a register cannot be taken, and it is none here.
        return text.replace("register ", "", 1) if "register" in n.storage else text

    # Types

    def _generate_struct_union_enum(self, n: c_ast.Node, name: str) -> str:
        unset, self._unset = self._unset, frozenset()  # fields are not variables
        located, self._located = self._located, False
        text = str(super()._generate_struct_union_enum(n, name))
        self._unset, self._located = unset, located
        return text

    def visit_IdentifierType(self, n: c_ast.IdentifierType) -> str:  # noqa: N802
        names = list(n.names)
        if "double" in names:
            names = [name for name in names if name != "long"]
        elif names.count("long") == 1:
            names.insert(names.index("long"), "long")
        return " ".join(names)

    # Expressions

    def visit_Constant(self, n: c_ast.Constant) -> str:  # noqa: N802
        if n.type in ("string", "char") or "'" in n.value or '"' in n.value:
            return str(n.value)
        value = str(n.value)
        digits = value.rstrip("uUlL")
        suffix = value[len(digits) :].lower()
        if "double" in n.type or "float" in n.type:
            return digits
        return digits + suffix.replace("ll", "l").replace("l", "ll")

    def visit_UnaryOp(self, n: c_ast.UnaryOp) -> str:  # noqa: N802
        text = super().visit_UnaryOp(n)
        return f"((unsigned long long)({text}))" if n.op in ("sizeof", "_Alignof") else text

    def visit_ID(self, n: c_ast.ID) -> str:  # noqa: N802
        """A name; that of a function that nothing defines, and whose address is taken, gets a definition."""
        declared = self._declared.get(n.name)
        if isinstance(declared, c_ast.FuncDecl) and self._is_missing(n.name):
            self._pointed_to[n.name] = declared
        return str(n.name)

    def visit_FuncCall(self, n: c_ast.FuncCall) -> str:  # noqa: N802
        name = n.name.name if isinstance(n.name, c_ast.ID) else None
        if name is not None and name.removeprefix("__builtin_") in RENAMED and name.startswith("__builtin_"):
            n = c_ast.FuncCall(c_ast.ID(RENAMED[name.removeprefix("__builtin_")]), n.args)
        elif name is not None and self._is_missing(name):
            return self._missing(n, name)
        return str(super().visit_FuncCall(n))

    def _missing(self, n: c_ast.FuncCall, name: str) -> str:
        called = f'surrogate_call("{name}")'
        declared = self._declared.get(name)
        if not isinstance(declared, c_ast.FuncDecl):
            return f"({called}, 0)"
        if _is_void(declared.type):
            return f"((void){called})"
        return f"(*({self._pointer_to(declared.type)}){called})"

    def _is_missing(self, name: str) -> bool:
        """Whether a called name is that of a function that nothing defines."""
        if name in self._locals or name in self._defined or name in PROTOTYPES or name in BUILTINS:
            return False
        declared = self._declared.get(name)
        return not name.startswith("__builtin_") and (declared is None or isinstance(declared, c_ast.FuncDecl))

    def _pointer_to(self, type: c_ast.Node) -> str:
        target = deepcopy(type)
        base = target
        while not isinstance(base, c_ast.TypeDecl):
            base = base.type
        base.declname = None
        return str(self.visit(c_ast.Typename(None, [], None, c_ast.PtrDecl([], target))))


def _names(function: c_ast.FuncDef) -> Iterator[str]:
    """What a function declares in itself, its parameters included."""
    stack: list[c_ast.Node] = [*(function.decl.type.args or ()), function.body]
    while stack:
        node = stack.pop()
        if isinstance(node, c_ast.Decl) and node.name:
            yield node.name
        stack += [child for _, child in node.children()]


def _is_void(type: c_ast.Node) -> bool:
    return isinstance(type, c_ast.TypeDecl) and getattr(type.type, "names", None) == ["void"]


def _returns_void(function: c_ast.FuncDef) -> bool:
    return _is_void(function.decl.type.type)
