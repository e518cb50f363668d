"""A tape program as a function of the intermediate representation: calls are inlined."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.tape.program import TapeProgram, tape_parameter
from surrogate.anc.compiler.ir import Function, Register, Value
from surrogate.anc.compiler.lowering.counting import assigned
from surrogate.anc.compiler.lowering.statements import Jumps, Statements
from surrogate.anc.compiler.lowering.tidy import postpone, without_unneeded


def lower(program: TapeProgram, memory_size: int) -> Function:
    """The program on a machine whose values are modulo `memory_size`.

    Raises ProgramError where two cases of a switch are the same number there.
    """
    return postpone(without_unneeded(Lowering(program, memory_size).run()))


class Lowering(Statements):
    """Lowers calls, and the entry."""

    def run(self) -> Function:
        entry = self.program.entry
        self.scopes = [{tape_parameter(entry) or "": self.constant(0)}]
        self.statement(entry.body)
        self.halt()
        return self.finish()

    def is_helper(self, name: str) -> bool:
        return name in self.program.functions

    def call(self, node: c_ast.FuncCall, into: Register | None) -> Value:
        function, end = self.program.functions[node.name.name], self.new_block()
        body = function.body.block_items or []
        if body and isinstance(body[-1], c_ast.Return) and body[-1].expr is not None and _returns(function.body) == 1:
            found: list[Value] = []
            self._inline(node, lambda expression: found.append(self.value(expression, into)))
            return found[0]
        result = into or self.register(function.decl.name)

        def give(expression: c_ast.Node | None) -> None:
            if expression is not None:
                self.assign(result, expression)
            self.goto(end)

        self._inline(node, give)
        give(c_ast.Constant("int", "0"))
        self.start(end)
        return result

    def call_condition(self, node: c_ast.FuncCall, true: int, false: int, wish: bool) -> None:
        self._inline(node, lambda expression: self.condition(expression, true, false, wish))
        self.goto(false)

    def _inline(self, node: c_ast.FuncCall, on_return: Callable[[c_ast.Node | None], None]) -> None:
        """Lower the body of a helper; where it ends without a return, the current block goes on."""
        function = self.program.functions[node.name.name]
        scope = self._arguments(function, node)
        outer = self.scopes, self.jumps, self.on_return
        self.scopes, self.jumps, self.on_return = [scope], Jumps(), on_return
        self.statement(function.body)
        self.scopes, self.jumps, self.on_return = outer

    def _arguments(self, function: c_ast.FuncDef, node: c_ast.FuncCall) -> dict[str, Value]:
        """The parameters: what was passed, or, where the helper assigns to one, a register of its own."""
        parameters = function.decl.type.args.params if node.args is not None else []
        changing = assigned(function.body)
        values = self.operands(*(node.args.exprs if node.args is not None else []))
        scope: dict[str, Value] = {}
        for parameter, value in zip(parameters, values, strict=True):
            own = parameter.name in changing
            scope[parameter.name] = self.move(self.register(parameter.name), value) if own else value
        return scope


def _returns(node: c_ast.Node) -> int:
    return isinstance(node, c_ast.Return) + sum(_returns(child) for _, child in node.children())
