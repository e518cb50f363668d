"""C statements as basic blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pycparser import c_ast

from cprograms.tape import TapeProgram
from surrogate.anc.compiler.ir import Value
from surrogate.anc.compiler.lowering.builder import FunctionBuilder
from surrogate.anc.compiler.lowering.choices import assigned_extreme, only, returned_choice
from surrogate.anc.compiler.lowering.counting import ends_of_counts
from surrogate.anc.compiler.lowering.environment import Environment
from surrogate.anc.compiler.lowering.expressions import ExpressionLowering, OnReturn
from surrogate.anc.machine.instructions import Op


class Exits(NamedTuple):
    """The ways out of a statement: what a return does, and the blocks that `break` and `continue` lead to, if any."""

    on_return: OnReturn
    on_break: int | None = None
    on_continue: int | None = None


class _Loop(NamedTuple):
    """A loop of any kind, whose body comes before its first test (`tested_last`) or not."""

    test: c_ast.Node | None
    body: c_ast.Node
    following: c_ast.Node | None = None
    tested_last: bool = False


class StatementLowering:
    """Lowers the statements of a program, whose calls are inlined."""

    def __init__(self, program: TapeProgram, builder: FunctionBuilder) -> None:
        self._program = program
        self._builder = builder
        self._environment = Environment()
        self._expressions = ExpressionLowering(builder, self._environment, program.functions, self.function)

    def function(self, function: c_ast.FuncDef, parameters: Mapping[str, Value], on_return: OnReturn) -> None:
        """Lower the body of a function; where it ends without a return, the current block goes on."""
        with self._environment.function(parameters):
            self._statement(function.body, Exits(on_return))

    def _statement(self, node: c_ast.Node, exits: Exits) -> None:
        lower = _STATEMENTS.get(type(node))
        if lower is None:
            self._expressions.effect(node)
        else:
            lower(self, node, exits)

    def _compound(self, node: c_ast.Compound, exits: Exits) -> None:
        with self._environment.scope():
            self._sequence(node.block_items or [], exits)

    def _sequence(self, items: list[c_ast.Node], exits: Exits) -> None:
        k = 0
        while k < len(items):
            choice = returned_choice(items[k : k + 2])
            self._statement(choice or items[k], exits)
            k += 2 if choice else 1

    def _nothing(self, node: c_ast.EmptyStatement, exits: Exits) -> None:
        pass

    # Declarations

    def _declare(self, node: c_ast.Decl, exits: Exits) -> None:
        if isinstance(node.type, c_ast.ArrayDecl):
            self._declare_array(node)
        elif isinstance(node.init, c_ast.Constant) and "const" in node.quals:
            self._environment.declare(node.name, self._expressions.value(node.init))
        else:
            variable = self._builder.register(node.name)
            self._environment.declare(node.name, variable)
            self._expressions.assign(variable, node.init or c_ast.Constant("int", "0"))

    def _declare_array(self, node: c_ast.Decl) -> None:
        base = self._builder.constant(-self._program.offsets[node])
        self._environment.declare(node.name, base)
        for k, item in enumerate(node.init.exprs if node.init else []):
            address = self._builder.compute(Op.ADD, base, self._builder.constant(k))
            self._builder.write(address, self._expressions.value(item))

    def _declare_all(self, node: c_ast.DeclList, exits: Exits) -> None:
        for declaration in node.decls:
            self._declare(declaration, exits)

    # Selection

    def _if(self, node: c_ast.If, exits: Exits) -> None:
        chosen = assigned_extreme(node)
        if chosen is not None:
            self._expressions.effect(chosen)
            return
        builder = self._builder
        true, end = builder.new_block(), builder.new_block()
        false = builder.new_block() if node.iffalse else end
        self._expressions.condition(node.cond, true, false, wish=_is_jump(node.iftrue))
        for block, arm in ((true, node.iftrue), (false, node.iffalse)):
            if arm is not None:
                builder.start(block)
                self._statement(arm, exits)
                builder.goto(end)
        builder.start(end)

    def _switch(self, node: c_ast.Switch, exits: Exits) -> None:
        builder = self._builder
        self._program.check_cases(node, builder.memory_size)
        value, end = self._expressions.value(node.cond), builder.new_block()
        cases = [(item, builder.new_block()) for item in node.stmt.block_items or []]
        default = end
        for item, block in cases:
            if isinstance(item, c_ast.Default):
                default = block
            else:
                self._case(value, builder.constant(int(item.expr.value)), block)
        builder.goto(default)
        with self._environment.scope():
            for item, block in cases:
                builder.goto(block)
                builder.start(block)
                self._sequence(item.stmts or [], exits._replace(on_break=end))
            builder.goto(end)
        builder.start(end)

    def _case(self, value: Value, label: Value, block: int) -> None:
        following = self._builder.new_block()
        self._builder.branch(self._builder.compute(Op.SUB, value, label), block, following)
        self._builder.start(following)

    # Loops

    def _while(self, node: c_ast.While, exits: Exits) -> None:
        self._loop(_Loop(node.cond, node.stmt), exits)

    def _do(self, node: c_ast.DoWhile, exits: Exits) -> None:
        self._loop(_Loop(node.cond, node.stmt, tested_last=True), exits)

    def _for(self, node: c_ast.For, exits: Exits) -> None:
        with self._environment.scope():
            if node.init is not None:
                self._statement(node.init, exits)
            self._loop(_Loop(node.cond, node.stmt, node.next), exits)

    def _loop(self, loop: _Loop, exits: Exits) -> None:
        builder = self._builder
        head, repeat, end = builder.new_block(), builder.new_block(), builder.new_block()
        again = builder.new_block() if loop.following else head
        test = self._test(loop)
        builder.goto(repeat if loop.tested_last else head)
        builder.start(head)
        if test is None:
            builder.goto(repeat)
        else:
            self._expressions.condition(test, repeat, end, wish=True)
        builder.start(repeat)
        self._statement(loop.body, exits._replace(on_break=end, on_continue=again))
        builder.goto(again)
        if loop.following is not None:
            builder.start(again)
            self._expressions.effect(loop.following)
            builder.goto(head)
        builder.start(end)

    def _test(self, loop: _Loop) -> c_ast.Node | None:
        """The loop's condition in its cheapest form, given what is known in front of the loop."""

        def known(node: c_ast.Node) -> int | None:
            return self._builder.known(self._expressions.value(node))

        def reaches(counter: c_ast.ID, bound: c_ast.Node) -> bool:
            start, last = known(counter), known(bound)
            if start is None or last is None:
                return start == 0 and not loop.tested_last
            return start + loop.tested_last <= last

        if loop.test is None:
            return None
        return ends_of_counts(loop.test, [n for n in (loop.body, loop.following) if n], reaches)

    # Jumps

    def _break(self, node: c_ast.Break, exits: Exits) -> None:
        assert exits.on_break is not None
        self._builder.goto(exits.on_break)

    def _continue(self, node: c_ast.Continue, exits: Exits) -> None:
        assert exits.on_continue is not None
        self._builder.goto(exits.on_continue)

    def _return(self, node: c_ast.Return, exits: Exits) -> None:
        exits.on_return(node.expr)


def _is_jump(node: c_ast.Node) -> bool:
    return isinstance(only(node), c_ast.Break | c_ast.Continue | c_ast.Return)


_STATEMENTS: dict[type, Callable[[StatementLowering, c_ast.Node, Exits], None]] = {
    c_ast.Compound: StatementLowering._compound,
    c_ast.Decl: StatementLowering._declare,
    c_ast.DeclList: StatementLowering._declare_all,
    c_ast.EmptyStatement: StatementLowering._nothing,
    c_ast.If: StatementLowering._if,
    c_ast.Switch: StatementLowering._switch,
    c_ast.While: StatementLowering._while,
    c_ast.DoWhile: StatementLowering._do,
    c_ast.For: StatementLowering._for,
    c_ast.Break: StatementLowering._break,
    c_ast.Continue: StatementLowering._continue,
    c_ast.Return: StatementLowering._return,
}
