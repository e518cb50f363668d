"""A tape program as C in which every operation wraps modulo M, and what C leaves open has an order.

Every expression has a value in 0..M-1; GNU C's statement expressions evaluate operands in the order that
`cprograms.tape.program` gives. Local arrays are cells at the end of the tape.
"""

from __future__ import annotations

from collections.abc import Iterable

from pycparser import c_ast

from cprograms.diagnostics import UsageError
from cprograms.sandbox import Job
from cprograms.tape.program import TapeProgram

_TAPE = "surrogate_tape"
_BINARY = {
    "+": "({0} + {1}) % {m}",
    "-": "({0} + {m} - {1}) % {m}",
    "*": "(unsigned)((unsigned long long){0} * {1} % {m})",
    "min": "{0} < {1} ? {0} : {1}",
    "max": "{0} > {1} ? {0} : {1}",
    **{op: f"{{0}} {op} {{1}}" for op in ("/", "%", "<", "<=", ">", ">=", "==", "!=")},
}


def job_of(program: TapeProgram, memory_size: int) -> Job:
    """A row of a tape program: the M cells of the tape in, and the M cells that the program leaves out.

    Raises UsageError where its local arrays do not fit the tape, ProgramError where two cases of a switch are the same
    number modulo M.
    """
    if memory_size < 2 or program.array_cells > memory_size:
        needs = (
            f", and the local arrays of '{program.name}' need {program.array_cells} cells" if memory_size > 1 else ""
        )
        raise UsageError(f"the memory size is {memory_size}{needs}")
    functions = _Writer(program, memory_size).program(program.unit)
    text = "\n".join([f"static unsigned {_TAPE}[{memory_size}];", *functions])
    loop = f"for (unsigned surrogate_j = 0; surrogate_j < {memory_size}; surrogate_j++)"
    row = (
        f"{loop} {_TAPE}[surrogate_j] = surrogate_x[surrogate_j]; f_{program.name}();"
        f" {loop} surrogate_y[surrogate_j] = {_TAPE}[surrogate_j];"
    )
    names = frozenset({_TAPE, *(f"f_{name}" for name in program.functions)})
    return Job(text, names, row, memory_size, memory_size)


class _Writer(c_ast.NodeVisitor):
    """Writes expressions as C expressions and statements as C statements."""

    def __init__(self, program: TapeProgram, memory_size: int):
        self._program = program
        self._m = memory_size
        self._bases: list[dict[str, int]] = []
        """Where the arrays in scope begin; the outermost scope holds the tape, which begins at cell 0."""
        self._count = 0

    def program(self, unit: c_ast.FileAST) -> list[str]:
        return [self.visit(function) for function in unit.ext]

    def _fresh(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def _block(self, items: Iterable[c_ast.Node]) -> str:
        self._bases.append({})
        text = "{ " + " ".join(self._statement(item) for item in items) + " }"
        self._bases.pop()
        return text

    def _statement(self, node: c_ast.Node | None) -> str:
        if node is None:
            return ";"
        text: str = self.visit(node)
        return text if text.endswith(("}", ";")) else f"{text};"

    # Definitions

    def visit_FuncDef(self, node: c_ast.FuncDef) -> str:  # noqa: N802
        parameters = node.decl.type.args.params if node.decl.type.args else []
        tapes = [p.name for p in parameters if isinstance(p.type, c_ast.PtrDecl)]
        self._bases = [dict.fromkeys(tapes, 0)]
        result = "void" if node.decl.type.type.type.names == ["void"] else "unsigned"
        listed = ", ".join(f"unsigned v_{p.name}" for p in parameters if p.name not in tapes) or "void"
        # clang's checks do not include the end of a function that should have returned a value.
        end = "" if result == "void" else " __builtin_unreachable();"
        return f"static {result} f_{node.decl.name}({listed}) {{ {self.visit(node.body)}{end} }}"

    def visit_Decl(self, node: c_ast.Decl) -> str:  # noqa: N802
        if not isinstance(node.type, c_ast.ArrayDecl):
            return f"unsigned v_{node.name} = {self.visit(node.init) if node.init is not None else 0};"
        base = self._m - self._program.offsets[node]
        self._bases[-1][node.name] = base
        values = node.init.exprs if node.init is not None else []
        return " ".join(f"{_TAPE}[{base + k}] = {self.visit(value)};" for k, value in enumerate(values)) or ";"

    # Statements

    def visit_Compound(self, node: c_ast.Compound) -> str:  # noqa: N802
        return self._block(node.block_items or [])

    def visit_If(self, node: c_ast.If) -> str:  # noqa: N802
        other = f" else {self._block([node.iffalse])}" if node.iffalse is not None else ""
        return f"if ({self.visit(node.cond)}) {self._block([node.iftrue])}{other}"

    def visit_While(self, node: c_ast.While) -> str:  # noqa: N802
        return f"while ({self.visit(node.cond)}) {self._block([node.stmt])}"

    def visit_DoWhile(self, node: c_ast.DoWhile) -> str:  # noqa: N802
        return f"do {self._block([node.stmt])} while ({self.visit(node.cond)});"

    def visit_For(self, node: c_ast.For) -> str:  # noqa: N802
        self._bases.append({})
        declared = node.init.decls if isinstance(node.init, c_ast.DeclList) else [node.init]
        init = " ".join(self._statement(d) for d in declared)
        cond, following = (self.visit(n) if n is not None else "" for n in (node.cond, node.next))
        text = f"{{ {init} for (; {cond}; {following}) {self._block([node.stmt])} }}"
        self._bases.pop()
        return text

    def visit_Switch(self, node: c_ast.Switch) -> str:  # noqa: N802
        self._program.check_cases(node, self._m)
        return f"switch ({self.visit(node.cond)}) {self.visit(node.stmt)}"

    def visit_Case(self, node: c_ast.Case) -> str:  # noqa: N802
        return f"case {self.visit(node.expr)}: ; " + " ".join(self._statement(s) for s in node.stmts or [])

    def visit_Default(self, node: c_ast.Default) -> str:  # noqa: N802
        return "default: ; " + " ".join(self._statement(s) for s in node.stmts or [])

    def visit_Break(self, node: c_ast.Break) -> str:  # noqa: N802
        return "break;"

    def visit_Continue(self, node: c_ast.Continue) -> str:  # noqa: N802
        return "continue;"

    def visit_Return(self, node: c_ast.Return) -> str:  # noqa: N802
        return f"return {self.visit(node.expr)};" if node.expr is not None else "return;"

    def visit_EmptyStatement(self, node: c_ast.EmptyStatement) -> str:  # noqa: N802
        return ";"

    # Expressions

    def visit_Constant(self, node: c_ast.Constant) -> str:  # noqa: N802
        return f"{int(node.value) % self._m}u"

    def visit_ID(self, node: c_ast.ID) -> str:  # noqa: N802
        return f"v_{node.name}"

    def visit_ArrayRef(self, node: c_ast.ArrayRef) -> str:  # noqa: N802
        base = next(scope[node.name.name] for scope in reversed(self._bases) if node.name.name in scope)
        index = self.visit(node.subscript)
        return f"{_TAPE}[{f'({index} + {base}u) % {self._m}' if base else index}]"

    def visit_ExprList(self, node: c_ast.ExprList) -> str:  # noqa: N802
        return "(" + ", ".join(self.visit(e) for e in node.exprs) + ")"

    def visit_TernaryOp(self, node: c_ast.TernaryOp) -> str:  # noqa: N802
        return f"({self.visit(node.cond)} ? {self.visit(node.iftrue)} : {self.visit(node.iffalse)})"

    def visit_UnaryOp(self, node: c_ast.UnaryOp) -> str:  # noqa: N802
        if node.op == "!":
            return f"(unsigned)!{self.visit(node.expr)}"
        if node.op == "-":
            return f"(({self._m}u - {self.visit(node.expr)}) % {self._m}u)"
        cell, old = self._fresh(), self._fresh()
        following = _BINARY[node.op[-1]].format(old, "1u", m=f"{self._m}u")
        result = old if node.op.startswith("p") else f"*{cell}"
        write = f"unsigned *{cell} = &{self.visit(node.expr)}; unsigned {old} = *{cell}; *{cell} = {following};"
        return f"({{ {write} {result}; }})"

    def visit_BinaryOp(self, node: c_ast.BinaryOp) -> str:  # noqa: N802
        if node.op in ("&&", "||"):
            return f"(unsigned)({self.visit(node.left)} {node.op} {self.visit(node.right)})"
        return self._ordered([node.left, node.right], _BINARY[node.op])

    def visit_Assignment(self, node: c_ast.Assignment) -> str:  # noqa: N802
        value, cell = self._fresh(), self._fresh()
        found = _BINARY[node.op[0]].format(f"*{cell}", value, m=f"{self._m}u") if node.op != "=" else value
        right = f"unsigned {value} = {self.visit(node.rvalue)};"
        return f"({{ {right} unsigned *{cell} = &{self.visit(node.lvalue)}; *{cell} = {found}; }})"

    def visit_FuncCall(self, node: c_ast.FuncCall) -> str:  # noqa: N802
        name = node.name.name
        given = node.args.exprs if node.args is not None else []
        if name not in self._program.functions:
            return self._ordered(given, _BINARY[name])
        values = [a for a in given if not (isinstance(a, c_ast.ID) and a.name in self._bases[0])]
        return self._ordered(values, f"f_{name}({', '.join(f'{{{k}}}' for k in range(len(values)))})")

    def _ordered(self, operands: list[c_ast.Node], form: str) -> str:
        """A form filled with operands that are evaluated from left to right."""
        names = [self._fresh() for _ in operands]
        evaluated = "".join(
            f"unsigned {n} = {self.visit(operand)}; " for n, operand in zip(names, operands, strict=True)
        )
        return f"({{ {evaluated}{form.format(*names, m=f'{self._m}u')}; }})"
