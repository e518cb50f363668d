"""A tape program as modular C: every operation is modulo M, and what C leaves open has an order.

Every expression has a value in 0..M-1; GNU C's statement expressions evaluate operands in the order that
`cprograms.tape.program` gives. Local arrays are cells at the end of the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
    "&": "{0} & {1}",
    "|": "({0} | {1}) % {m}",
    "^": "({0} ^ {1}) % {m}",
    "<<": "({1} < 16 ? {0} << {1} : 0) % {m}",
    ">>": "{0} >> ({1} < 16 ? {1} : 15)",
    **{op: f"{{0}} {op} {{1}}" for op in ("/", "%", "<", "<=", ">", ">=", "==", "!=")},
}


def modular_job(program: TapeProgram, memory_size: int) -> Job:
    """A row of a tape program: the M cells of the tape in, and the M cells that the program leaves out.

    Raises UsageError where its local arrays do not fit the tape, ProgramError where two cases of a switch are the same
    number modulo M.
    """
    if memory_size < 2 or program.array_cells > memory_size:
        needs = (
            f", and the local arrays of '{program.name}' need {program.array_cells} cells" if memory_size > 1 else ""
        )
        raise UsageError(f"the memory size is {memory_size}{needs}")
    functions = _ModularC(program, memory_size).functions()
    text = "\n".join([f"static unsigned {_TAPE}[{memory_size}];", *functions])
    loop = f"for (unsigned surrogate_j = 0; surrogate_j < {memory_size}; surrogate_j++)"
    row = (
        f"{loop} {_TAPE}[surrogate_j] = surrogate_x[surrogate_j]; f_{program.name}();"
        f" {loop} surrogate_y[surrogate_j] = {_TAPE}[surrogate_j];"
    )
    names = frozenset({_TAPE, *(f"f_{name}" for name in program.functions)})
    return Job(text, names, row, memory_size, memory_size)


class _ModularC:
    """Writes expressions as C expressions and statements as C statements."""

    def __init__(self, program: TapeProgram, memory_size: int):
        self._program = program
        self._m = memory_size
        self._bases: list[dict[str, int]] = []
        """Where the arrays in scope begin; the outermost scope holds the tape, which begins at cell 0."""
        self._count = 0

    def functions(self) -> list[str]:
        return [self._text(function) for function in self._program.unit.ext]

    def _text(self, node: c_ast.Node) -> str:
        return _WRITERS[type(node)](self, node)

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
        text = self._text(node)
        return text if text.endswith(("}", ";")) else f"{text};"

    # Definitions

    def _function(self, node: c_ast.FuncDef) -> str:
        parameters = node.decl.type.args.params if node.decl.type.args else []
        tapes = [p.name for p in parameters if isinstance(p.type, c_ast.PtrDecl)]
        self._bases = [dict.fromkeys(tapes, 0)]
        result = "void" if node.decl.type.type.type.names == ["void"] else "unsigned"
        listed = ", ".join(f"unsigned v_{p.name}" for p in parameters if p.name not in tapes) or "void"
        # clang's checks do not include the end of a function that should have returned a value.
        end = "" if result == "void" else " __builtin_unreachable();"
        return f"static {result} f_{node.decl.name}({listed}) {{ {self._text(node.body)}{end} }}"

    def _declaration(self, node: c_ast.Decl) -> str:
        if not isinstance(node.type, c_ast.ArrayDecl):
            return f"unsigned v_{node.name} = {self._text(node.init) if node.init is not None else 0};"
        base = self._m - self._program.offsets[node]
        self._bases[-1][node.name] = base
        values = node.init.exprs if node.init is not None else []
        return " ".join(f"{_TAPE}[{base + k}] = {self._text(value)};" for k, value in enumerate(values)) or ";"

    # Statements

    def _compound(self, node: c_ast.Compound) -> str:
        return self._block(node.block_items or [])

    def _if(self, node: c_ast.If) -> str:
        other = f" else {self._block([node.iffalse])}" if node.iffalse is not None else ""
        return f"if ({self._text(node.cond)}) {self._block([node.iftrue])}{other}"

    def _while(self, node: c_ast.While) -> str:
        return f"while ({self._text(node.cond)}) {self._block([node.stmt])}"

    def _do(self, node: c_ast.DoWhile) -> str:
        return f"do {self._block([node.stmt])} while ({self._text(node.cond)});"

    def _for(self, node: c_ast.For) -> str:
        self._bases.append({})
        declared = node.init.decls if isinstance(node.init, c_ast.DeclList) else [node.init]
        init = " ".join(self._statement(d) for d in declared)
        cond, following = (self._text(n) if n is not None else "" for n in (node.cond, node.next))
        text = f"{{ {init} for (; {cond}; {following}) {self._block([node.stmt])} }}"
        self._bases.pop()
        return text

    def _switch(self, node: c_ast.Switch) -> str:
        self._program.check_cases(node, self._m)
        return f"switch ({self._text(node.cond)}) {self._text(node.stmt)}"

    def _case(self, node: c_ast.Case) -> str:
        return f"case {self._text(node.expr)}: ; " + " ".join(self._statement(s) for s in node.stmts or [])

    def _default(self, node: c_ast.Default) -> str:
        return "default: ; " + " ".join(self._statement(s) for s in node.stmts or [])

    def _break(self, node: c_ast.Break) -> str:
        return "break;"

    def _continue(self, node: c_ast.Continue) -> str:
        return "continue;"

    def _return(self, node: c_ast.Return) -> str:
        return f"return {self._text(node.expr)};" if node.expr is not None else "return;"

    def _empty(self, node: c_ast.EmptyStatement) -> str:
        return ";"

    # Expressions

    def _constant(self, node: c_ast.Constant) -> str:
        return f"{int(node.value) % self._m}u"

    def _name(self, node: c_ast.ID) -> str:
        return f"v_{node.name}"

    def _cell(self, node: c_ast.ArrayRef) -> str:
        base = next(scope[node.name.name] for scope in reversed(self._bases) if node.name.name in scope)
        index = self._text(node.subscript)
        return f"{_TAPE}[{f'({index} + {base}u) % {self._m}' if base else index}]"

    def _list(self, node: c_ast.ExprList) -> str:
        return "(" + ", ".join(self._text(e) for e in node.exprs) + ")"

    def _ternary(self, node: c_ast.TernaryOp) -> str:
        return f"({self._text(node.cond)} ? {self._text(node.iftrue)} : {self._text(node.iffalse)})"

    def _unary(self, node: c_ast.UnaryOp) -> str:
        if node.op == "!":
            return f"(unsigned)!{self._text(node.expr)}"
        if node.op == "-":
            return f"(({self._m}u - {self._text(node.expr)}) % {self._m}u)"
        cell, old = self._fresh(), self._fresh()
        following = _BINARY[node.op[-1]].format(old, "1u", m=f"{self._m}u")
        result = old if node.op.startswith("p") else f"*{cell}"
        write = f"unsigned *{cell} = &{self._text(node.expr)}; unsigned {old} = *{cell}; *{cell} = {following};"
        return f"({{ {write} {result}; }})"

    def _binary(self, node: c_ast.BinaryOp) -> str:
        if node.op in ("&&", "||"):
            return f"(unsigned)({self._text(node.left)} {node.op} {self._text(node.right)})"
        return self._ordered([node.left, node.right], _BINARY[node.op])

    def _assignment(self, node: c_ast.Assignment) -> str:
        value, cell = self._fresh(), self._fresh()
        found = _BINARY[node.op[:-1]].format(f"*{cell}", value, m=f"{self._m}u") if node.op != "=" else value
        right = f"unsigned {value} = {self._text(node.rvalue)};"
        return f"({{ {right} unsigned *{cell} = &{self._text(node.lvalue)}; *{cell} = {found}; }})"

    def _call(self, node: c_ast.FuncCall) -> str:
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
            f"unsigned {n} = {self._text(operand)}; " for n, operand in zip(names, operands, strict=True)
        )
        return f"({{ {evaluated}{form.format(*names, m=f'{self._m}u')}; }})"


_WRITERS: dict[type, Callable[[_ModularC, c_ast.Node], str]] = {
    c_ast.FuncDef: _ModularC._function,
    c_ast.Decl: _ModularC._declaration,
    c_ast.Compound: _ModularC._compound,
    c_ast.If: _ModularC._if,
    c_ast.While: _ModularC._while,
    c_ast.DoWhile: _ModularC._do,
    c_ast.For: _ModularC._for,
    c_ast.Switch: _ModularC._switch,
    c_ast.Case: _ModularC._case,
    c_ast.Default: _ModularC._default,
    c_ast.Break: _ModularC._break,
    c_ast.Continue: _ModularC._continue,
    c_ast.Return: _ModularC._return,
    c_ast.EmptyStatement: _ModularC._empty,
    c_ast.Constant: _ModularC._constant,
    c_ast.ID: _ModularC._name,
    c_ast.ArrayRef: _ModularC._cell,
    c_ast.ExprList: _ModularC._list,
    c_ast.TernaryOp: _ModularC._ternary,
    c_ast.UnaryOp: _ModularC._unary,
    c_ast.BinaryOp: _ModularC._binary,
    c_ast.Assignment: _ModularC._assignment,
    c_ast.FuncCall: _ModularC._call,
}
