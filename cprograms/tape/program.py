"""What a tape program is once it has been read: a checked syntax tree of few kinds of nodes.

The tree (pycparser's nodes) is reduced to what has a meaning of its own, so that later stages need to know no more:

- A unit holds function definitions only: the helpers that the entry needs, each before its first use, then the entry.
- Every type is `int`; the parameter that is the tape is `int *`, whatever its name, and a function has one at most.
- Constant expressions (of literals, enum constants, const globals and const locals) are single `Constant` nodes of type
  "int", whose `value` is a decimal integer that may be negative or larger than M: C's arithmetic made it, and it is
  still to be reduced modulo M. A constant is never the only operand of an operator.
- The tape and local arrays occur as `ArrayRef(ID, index)` only: `*mem`, `*(mem + e)` and `*(mem - e)` are written so.
  The tape occurs by itself, as an `ID`, only as the argument of a call for the callee's tape parameter.
- Statements: Compound, Decl (one variable), If, While, DoWhile, For (`init` is a DeclList, an expression or None),
  Switch over a Compound of Case and Default with constant labels, Break, Continue, Return, EmptyStatement, expressions.
- Expressions: Constant, ID, ArrayRef, UnaryOp (- ! ++ -- p++ p--), BinaryOp (+ - * / % < <= > >= == != && ||),
  TernaryOp, Assignment (= += -= *= /= %=), ExprList (the comma operator), FuncCall of a helper, or of `min` or `max`
  with two arguments where the file does not define them. Casts and unary plus are gone.
- A local array's Decl has an ArrayDecl with a `Constant` size, and as `init` None or an InitList with a value for each
  of its cells.

Order of evaluation, where C leaves it open: operands and arguments from left to right; of an assignment the right side
first, then the address on its left, which a compound assignment evaluates once and reads after the right side. A local
without an initialiser holds 0 whenever its declaration is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pycparser import c_ast, c_generator

from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.frontend.places import Places


@dataclass(frozen=True, eq=False)
class TapeProgram:
    """A C program over a memory tape, `void f(int *mem)`; see the module for the shape of its tree.

    `path` is what diagnostics call the file, `source` its text as the user gave it, `name` the entry. `offsets` gives,
    for the Decl of each local array, k where its first cell is cell M - k of the tape.
    """

    path: str
    source: str
    name: str
    unit: c_ast.FileAST
    offsets: Mapping[c_ast.Decl, int]
    _places: Places = field(repr=False)

    @cached_property
    def functions(self) -> dict[str, c_ast.FuncDef]:
        """The entry and its helpers by name."""
        return {function.decl.name: function for function in self.unit.ext}

    @property
    def entry(self) -> c_ast.FuncDef:
        return self.functions[self.name]

    @property
    def array_cells(self) -> int:
        """Cells at the end of the tape that local arrays take."""
        return max(self.offsets.values(), default=0)

    @cached_property
    def text(self) -> str:
        """The unit as self-contained C."""
        return str(c_generator.CGenerator().visit(self.unit))

    def diagnostic(self, node: c_ast.Node, message: str, hint: str = "") -> Diagnostic:
        """A fault of the program at a node of its tree, for the stages that come later."""
        return self._places.diagnostic(Unsupported(node, message, hint))

    def check_cases(self, node: c_ast.Switch, memory_size: int) -> None:
        """Raises ProgramError where two cases of a switch are the same number modulo M."""
        labels: dict[int, str] = {}
        for case in node.stmt.block_items or []:
            if isinstance(case, c_ast.Case):
                text = case.expr.value
                first = labels.setdefault(int(text) % memory_size, text)
                if first != text:
                    message = f"case {text} is case {first} again modulo {memory_size}"
                    raise ProgramError([self.diagnostic(case.expr, message, "make the memory larger")])


def tape_parameter(function: c_ast.FuncDef) -> str | None:
    """The name of the parameter that is the tape, None where a helper does not take it."""
    given = function.decl.type.args.params if function.decl.type.args else []
    return next((p.name for p in given if isinstance(p.type, c_ast.PtrDecl)), None)
