"""C expressions as computations over virtual registers, and conditions as branches."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast, c_generator

from surrogate.anc.compiler.ir import Register, Value
from surrogate.anc.compiler.lowering.comparisons import COMPARISONS, Comparisons, ZeroTest
from surrogate.anc.compiler.lowering.costs import cost, fails_at_zero, is_cheap
from surrogate.anc.machine.instructions import Op

_OPERATIONS = {"+": Op.ADD, "-": Op.SUB}
_EXTREMES = {"min": Op.MIN, "max": Op.MAX}
_SPELL = c_generator.CGenerator()


class Expressions(Comparisons):
    """Lowers expressions; `into`, where given, is a register that the value may be computed in, to save a copy.

    Operands are evaluated from left to right, the right side of an assignment before the address on its left.
    """

    def __init__(self, memory_size: int) -> None:
        super().__init__(memory_size)
        self.scopes: list[dict[str, Value]] = []

    def call(self, node: c_ast.FuncCall, into: Register | None) -> Value:
        """The value of a helper's call; 0 for a void one's."""
        raise NotImplementedError

    def call_condition(self, node: c_ast.FuncCall, true: int, false: int, wish: bool) -> None:
        """To block `true` where the call of a helper gives other than zero, otherwise to `false`."""
        raise NotImplementedError

    def value(self, node: c_ast.Node, into: Register | None = None) -> Value:
        """Where the value is once what was added has run: a constant, `into`, a variable or a temporary."""
        return _EXPRESSIONS[type(node)](self, node, into)

    def assign(self, variable: Register, node: c_ast.Node) -> None:
        self.move(variable, self.value(node, variable))

    def effect(self, node: c_ast.Node) -> None:
        """Evaluate an expression whose value nobody wants."""
        if isinstance(node, c_ast.ExprList):
            for item in node.exprs:
                self.effect(item)
        elif isinstance(node, c_ast.UnaryOp) and node.op in ("p++", "p--"):
            self.value(c_ast.UnaryOp(node.op[1:], node.expr))
        else:
            self.value(node)

    def operands(self, *nodes: c_ast.Node) -> list[Value]:
        """The values of expressions that are evaluated one after the other and used afterwards."""
        values: list[Value] = []
        for k, node in enumerate(nodes):
            found = self.value(node)
            if isinstance(found, Register) and any(self._assigns(later, found) for later in nodes[k + 1 :]):
                found = self.move(self.register(), found)
            values.append(found)
        return values

    def _pair(self, first: c_ast.Node, second: c_ast.Node) -> tuple[Value, Value]:
        a, b = self.operands(first, second)
        return a, b

    # Names

    def lookup(self, name: str) -> Value:
        return next(scope[name] for scope in reversed(self.scopes) if name in scope)

    def _assigns(self, node: c_ast.Node, variable: Register) -> bool:
        target = getattr(node, "lvalue", node.expr if isinstance(node, c_ast.UnaryOp) and node.op in _STEPS else None)
        if isinstance(target, c_ast.ID) and self.lookup(target.name) == variable:
            return True
        return any(self._assigns(child, variable) for _, child in node.children())

    def _mentions(self, node: c_ast.Node, variable: Register | None) -> bool:
        if isinstance(node, c_ast.FuncCall):
            return node.args is not None and self._mentions(node.args, variable)
        if isinstance(node, c_ast.ID):
            return self.lookup(node.name) == variable
        return any(self._mentions(child, variable) for _, child in node.children())

    # Plain operators

    def _constant(self, node: c_ast.Constant, into: Register | None) -> Value:
        return self.constant(int(node.value))

    def _name(self, node: c_ast.ID, into: Register | None) -> Value:
        return self.lookup(node.name)

    def _read(self, node: c_ast.ArrayRef, into: Register | None) -> Value:
        return self.compute(Op.READ, self._address(node), into=into)

    def _address(self, node: c_ast.ArrayRef) -> Value:
        base, index = self.lookup(node.name.name), node.subscript
        while isinstance(index, c_ast.BinaryOp) and index.op in "+-" and isinstance(index.right, c_ast.Constant):
            base = self.compute(_OPERATIONS[index.op], base, self.constant(int(index.right.value)))
            index = index.left
        return self.compute(Op.ADD, self.value(index), base)

    def _unary(self, node: c_ast.UnaryOp, into: Register | None) -> Value:
        if node.op in _STEPS:
            return self._step(node)
        if node.op == "!":
            return self.truth(self.test(node), into)
        return self.compute(Op.SUB, self.constant(0), self.value(node.expr), into)

    def _step(self, node: c_ast.UnaryOp) -> Value:
        op = Op.INC if "+" in node.op else Op.DEC
        target = node.expr
        if isinstance(target, c_ast.ID):
            variable = self._variable(target)
            before = self.move(self.register(), variable) if node.op.startswith("p") else variable
            self.move(variable, self.compute(op, variable, into=variable))
            return before
        address = self._address(target)
        held = self.compute(Op.READ, address)
        after = self.compute(op, held)
        self.write(address, after)
        return held if node.op.startswith("p") else after

    def _variable(self, node: c_ast.ID) -> Register:
        found = self.lookup(node.name)
        assert isinstance(found, Register)
        return found

    def _binary(self, node: c_ast.BinaryOp, into: Register | None) -> Value:
        if node.op in ("&&", "||"):
            return self._logical(node, into)
        if node.op in COMPARISONS:
            return self.truth(self.test(node), into)
        return self._arithmetic(node.op, *self._pair(node.left, node.right), into)

    def _arithmetic(self, op: str, a: Value, b: Value, into: Register | None) -> Value:
        if op in _OPERATIONS:
            return self.compute(_OPERATIONS[op], a, b, into)
        return self.multiply(a, b, into) if op == "*" else self.divide(op, a, b, into)

    def _logical(self, node: c_ast.BinaryOp, into: Register | None) -> Value:
        if cost(node.right) <= 2:
            return self.truth(self._combined(node, False), into)
        result = self.register(node.op) if into is None or self._mentions(node, into) else into
        self.move(result, self.constant(0))
        holds, end = self.new_block(), self.new_block()
        self.condition(node, holds, end)
        self.start(holds)
        self.move(result, self.constant(1))
        self.goto(end)
        self.start(end)
        return result

    def _assignment(self, node: c_ast.Assignment, into: Register | None) -> Value:
        op = node.op[:-1]
        if isinstance(node.lvalue, c_ast.ID):
            variable = self._variable(node.lvalue)
            if op:
                operand = self.value(node.rvalue)
                self.move(variable, self._arithmetic(op, variable, operand, variable))
            else:
                self.assign(variable, node.rvalue)
            return variable
        value, address = self._stored(node)
        if op:
            value = self._arithmetic(op, self.compute(Op.READ, address), value, None)
        self.write(address, value)
        return value

    def _stored(self, node: c_ast.Assignment) -> tuple[Value, Value]:
        """The value of the right side and the address on the left."""
        value = self.value(node.rvalue)
        if isinstance(value, Register) and self._assigns(node.lvalue, value):
            value = self.move(self.register(), value)
        return value, self._address(node.lvalue)

    def _list(self, node: c_ast.ExprList, into: Register | None) -> Value:
        for item in node.exprs[:-1]:
            self.effect(item)
        return self.value(node.exprs[-1], into)

    def _call(self, node: c_ast.FuncCall, into: Register | None) -> Value:
        if node.name.name in _EXTREMES and not self.is_helper(node.name.name):
            return self.compute(_EXTREMES[node.name.name], *self._pair(*node.args.exprs), into)
        return self.call(node, into)

    def is_helper(self, name: str) -> bool:
        """Whether the program defines a function of this name."""
        raise NotImplementedError

    # Selection

    def _ternary(self, node: c_ast.TernaryOp, into: Register | None) -> Value:
        op = extreme(node)
        if op is not None:
            return self.compute(op, *self._pair(node.cond.left, node.cond.right), into)
        arms = [arm.value if isinstance(arm, c_ast.Constant) else "" for arm in (node.iftrue, node.iffalse)]
        if arms in (["1", "0"], ["0", "1"]):
            return self.truth(self.test(node.cond if arms[0] == "1" else c_ast.UnaryOp("!", node.cond)), into)
        result = into or self.register("?:")
        true, false, end = self.new_block(), self.new_block(), self.new_block()
        self.condition(node.cond, true, false)
        for block, arm in ((true, node.iftrue), (false, node.iffalse)):
            self.start(block)
            self.assign(result, arm)
            self.goto(end)
        self.start(end)
        return result

    # Conditions

    def test(self, node: c_ast.Node, wish: bool = False) -> ZeroTest:
        """A condition as a value that tells by being zero or not."""
        if isinstance(node, c_ast.UnaryOp) and node.op == "!":
            return self.test(node.expr, not wish).inverse()
        if isinstance(node, c_ast.BinaryOp) and node.op in COMPARISONS:
            return self.compare(node.op, *self._pair(node.left, node.right), wish)
        if isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||") and cost(node.right) <= 2:
            return self._combined(node, wish)
        return ZeroTest(self.value(node))

    def _combined(self, node: c_ast.BinaryOp, wish: bool) -> ZeroTest:
        """`&&` and `||` without a branch, where the right side is free of effects."""
        first, second = self.test(node.left, wish), self.test(node.right, wish)
        return self.both(first, second) if node.op == "&&" else self.either(first, second)

    def condition(self, node: c_ast.Node, true: int, false: int, wish: bool = False) -> None:
        """End the block: to block `true` where the condition holds, otherwise to `false`.

        `wish` says which of the two the machine's jump, which is taken at zero, should lead to: True for `true`.
        """
        if isinstance(node, c_ast.UnaryOp) and node.op == "!":
            self.condition(node.expr, false, true, not wish)
        elif isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||") and not _is_one_test(node):
            self._short_circuit(node, true, false, wish)
        elif isinstance(node, c_ast.ExprList):
            for item in node.exprs[:-1]:
                self.effect(item)
            self.condition(node.exprs[-1], true, false, wish)
        elif isinstance(node, c_ast.TernaryOp) and extreme(node) is None:
            self._choice(node, true, false, wish)
        elif isinstance(node, c_ast.FuncCall) and self.is_helper(node.name.name):
            self.call_condition(node, true, false, wish)
        else:
            test = self.test(node, wish)
            self.branch(test.value, *((true, false) if test.at_zero else (false, true)))

    def _short_circuit(self, node: c_ast.BinaryOp, true: int, false: int, wish: bool) -> None:
        right = self.new_block()
        if node.op == "&&":
            self.condition(node.left, right, false, wish=False)
        else:
            self.condition(node.left, true, right, wish=True)
        self.start(right)
        self.condition(node.right, true, false, wish)

    def _choice(self, node: c_ast.TernaryOp, true: int, false: int, wish: bool) -> None:
        first, second = self.new_block(), self.new_block()
        self.condition(node.cond, first, second)
        self.start(first)
        self.condition(node.iftrue, true, false, wish)
        self.start(second)
        self.condition(node.iffalse, true, false, wish)


def _is_one_test(node: c_ast.BinaryOp) -> bool:
    """Whether one jump on both sides' MAX saves one, at the price of at most an instruction."""
    jumps_past = node.op == "||"
    return cost(node.right) <= 1 and fails_at_zero(node.left) is jumps_past is fails_at_zero(node.right)


def extreme(node: c_ast.TernaryOp) -> Op | None:
    """MIN or MAX where `a < b ? a : b` or one of its other forms spells it, with operands free of effects."""
    test = node.cond
    if not isinstance(test, c_ast.BinaryOp) or test.op not in ("<", "<=", ">", ">=") or not is_cheap(test):
        return None
    left, right, true, false = (_SPELL.visit(n) for n in (test.left, test.right, node.iftrue, node.iffalse))
    if (left, right) not in ((true, false), (false, true)):
        return None
    return Op.MIN if (test.op in ("<", "<=")) == (left == true) else Op.MAX


_STEPS = frozenset({"++", "--", "p++", "p--"})
_EXPRESSIONS: dict[type, Callable[[Expressions, c_ast.Node, Register | None], Value]] = {
    c_ast.Constant: Expressions._constant,
    c_ast.ID: Expressions._name,
    c_ast.ArrayRef: Expressions._read,
    c_ast.UnaryOp: Expressions._unary,
    c_ast.BinaryOp: Expressions._binary,
    c_ast.TernaryOp: Expressions._ternary,
    c_ast.Assignment: Expressions._assignment,
    c_ast.ExprList: Expressions._list,
    c_ast.FuncCall: Expressions._call,
}
