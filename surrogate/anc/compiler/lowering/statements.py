"""C statements as basic blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pycparser import c_ast

from cprograms.tape import TapeProgram
from surrogate.anc.compiler.ir import Value
from surrogate.anc.compiler.lowering.counting import ends_of_counts
from surrogate.anc.compiler.lowering.expressions import Expressions, extreme
from surrogate.anc.machine.instructions import Op

_JUMPS = c_ast.Break | c_ast.Continue | c_ast.Return


class Jumps(NamedTuple):
    """Where `break` and `continue` lead; None outside of what they leave."""

    leave: int | None = None
    again: int | None = None


class Statements(Expressions):
    """Lowers statements. `on_return` says what a return of the function at hand does with its expression."""

    def __init__(self, program: TapeProgram, memory_size: int) -> None:
        super().__init__(memory_size)
        self.program = program
        self.jumps = Jumps()
        self.on_return: Callable[[c_ast.Node | None], None] = lambda expression: self.halt()

    def statement(self, node: c_ast.Node) -> None:
        lower = _STATEMENTS.get(type(node))
        if lower is None:
            self.effect(node)
        else:
            lower(self, node)

    def _compound(self, node: c_ast.Compound) -> None:
        self.scopes.append({})
        self.sequence(node.block_items or [])
        self.scopes.pop()

    def sequence(self, items: list[c_ast.Node]) -> None:
        k = 0
        while k < len(items):
            choice = _returned_choice(items[k : k + 2])
            self.statement(choice or items[k])
            k += 2 if choice else 1

    def _declare(self, node: c_ast.Decl) -> None:
        if isinstance(node.type, c_ast.ArrayDecl):
            base = self.constant(-self.program.offsets[node])
            self.scopes[-1][node.name] = base
            for k, item in enumerate(node.init.exprs if node.init else []):
                self.write(self.compute(Op.ADD, base, self.constant(k)), self.value(item))
            return
        known = isinstance(node.init, c_ast.Constant) and "const" in node.quals
        if known:
            self.scopes[-1][node.name] = self.value(node.init)
            return
        variable = self.register(node.name)
        self.scopes[-1][node.name] = variable
        self.assign(variable, node.init or c_ast.Constant("int", "0"))

    def _declare_all(self, node: c_ast.DeclList) -> None:
        for declaration in node.decls:
            self._declare(declaration)

    def _nothing(self, node: c_ast.EmptyStatement) -> None:
        pass

    # Selection

    def _if(self, node: c_ast.If) -> None:
        chosen = _chosen(node)
        if chosen is not None:
            self.effect(chosen)
            return
        true, end = self.new_block(), self.new_block()
        false = self.new_block() if node.iffalse else end
        self.condition(node.cond, true, false, wish=_is_jump(node.iftrue))
        for block, arm in ((true, node.iftrue), (false, node.iffalse)):
            if arm is not None:
                self.start(block)
                self.statement(arm)
                self.goto(end)
        self.start(end)

    def _switch(self, node: c_ast.Switch) -> None:
        self.program.check_cases(node, self.memory_size)
        value, end = self.value(node.cond), self.new_block()
        cases = [(item, self.new_block()) for item in node.stmt.block_items or []]
        default = end
        for item, block in cases:
            if isinstance(item, c_ast.Default):
                default = block
            else:
                self._case(value, self.constant(int(item.expr.value)), block)
        self.goto(default)
        outer, self.jumps = self.jumps, self.jumps._replace(leave=end)
        self.scopes.append({})
        for item, block in cases:
            self.goto(block)
            self.start(block)
            self.sequence(item.stmts or [])
        self.goto(end)
        self.scopes.pop()
        self.jumps = outer
        self.start(end)

    def _case(self, value: Value, label: Value, block: int) -> None:
        following = self.new_block()
        self.branch(self.compute(Op.SUB, value, label), block, following)
        self.start(following)

    # Loops

    def _while(self, node: c_ast.While) -> None:
        self._loop(node.cond, node.stmt, None, False)

    def _do(self, node: c_ast.DoWhile) -> None:
        self._loop(node.cond, node.stmt, None, True)

    def _for(self, node: c_ast.For) -> None:
        self.scopes.append({})
        if node.init is not None:
            self.statement(node.init)
        self._loop(node.cond, node.stmt, node.next, False)
        self.scopes.pop()

    def _loop(self, test: c_ast.Node | None, body: c_ast.Node, following: c_ast.Node | None, tested_last: bool) -> None:
        """A loop whose body comes before its first test (`tested_last`), or not."""
        head, repeat, end = self.new_block(), self.new_block(), self.new_block()
        again = self.new_block() if following else head

        def reaches(counter: str, bound: c_ast.Node) -> bool:
            start, last = self.known(self.lookup(counter)), self.known(self.value(bound))
            if start is None or last is None:
                return start == 0 and not tested_last
            return start + tested_last <= last

        if test is not None:
            test = ends_of_counts(test, [n for n in (body, following) if n], reaches)
        self.goto(repeat if tested_last else head)
        self.start(head)
        if test is None:
            self.goto(repeat)
        else:
            self.condition(test, repeat, end, wish=True)
        outer, self.jumps = self.jumps, Jumps(end, again)
        self.start(repeat)
        self.statement(body)
        self.goto(again)
        if following is not None:
            self.start(again)
            self.effect(following)
            self.goto(head)
        self.jumps = outer
        self.start(end)

    def _break(self, node: c_ast.Break) -> None:
        assert self.jumps.leave is not None
        self.goto(self.jumps.leave)

    def _continue(self, node: c_ast.Continue) -> None:
        assert self.jumps.again is not None
        self.goto(self.jumps.again)

    def _return(self, node: c_ast.Return) -> None:
        self.on_return(node.expr)


def _is_jump(node: c_ast.Node) -> bool:
    return isinstance(_only(node), _JUMPS)


def _only(node: c_ast.Node | None) -> c_ast.Node | None:
    """The statement itself, or the only one of a block."""
    while isinstance(node, c_ast.Compound) and node.block_items and len(node.block_items) == 1:
        node = node.block_items[0]
    return node


def _chosen(node: c_ast.If) -> c_ast.Assignment | None:
    """`m = min(x, m)` for `if (x < m) m = x;`, and likewise with MAX and with an `else`; None where it is no such."""
    true, false = _only(node.iftrue), _only(node.iffalse)
    if not _sets_variable(true):
        return None
    assert isinstance(true, c_ast.Assignment)
    if false is None:
        other: c_ast.Node = true.lvalue
    elif _sets_variable(false) and false.lvalue.name == true.lvalue.name:
        other = false.rvalue
    else:
        return None
    choice = c_ast.TernaryOp(node.cond, true.rvalue, other)
    return c_ast.Assignment("=", true.lvalue, choice) if extreme(choice) is not None else None


def _sets_variable(node: c_ast.Node | None) -> bool:
    return isinstance(node, c_ast.Assignment) and node.op == "=" and isinstance(node.lvalue, c_ast.ID)


def _returned_choice(items: list[c_ast.Node]) -> c_ast.Return | None:
    """`return c ? a : b;` for `if (c) return a;` with `return b;` after it or as its `else`."""
    if not items or not isinstance(items[0], c_ast.If):
        return None
    true, false = _only(items[0].iftrue), _only(items[0].iffalse) or items[-1]
    returns = [n.expr for n in (true, false) if isinstance(n, c_ast.Return)]
    if len(returns) < 2 or None in returns:
        return None
    return c_ast.Return(c_ast.TernaryOp(items[0].cond, *returns))


_STATEMENTS: dict[type, Callable[[Statements, c_ast.Node], None]] = {
    c_ast.Compound: Statements._compound,
    c_ast.Decl: Statements._declare,
    c_ast.DeclList: Statements._declare_all,
    c_ast.EmptyStatement: Statements._nothing,
    c_ast.If: Statements._if,
    c_ast.Switch: Statements._switch,
    c_ast.While: Statements._while,
    c_ast.DoWhile: Statements._do,
    c_ast.For: Statements._for,
    c_ast.Break: Statements._break,
    c_ast.Continue: Statements._continue,
    c_ast.Return: Statements._return,
}
