"""C expressions as computations over virtual registers, and conditions as branches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pycparser import c_ast

from surrogate.anc.compiler.ir import Register, Value
from surrogate.anc.compiler.lowering.arithmetic import Divisions, multiply
from surrogate.anc.compiler.lowering.builder import FunctionBuilder
from surrogate.anc.compiler.lowering.choices import extreme
from surrogate.anc.compiler.lowering.comparisons import COMPARISONS, ZeroTest, both, compare, either, truth
from surrogate.anc.compiler.lowering.costs import cost, fails_at_zero
from surrogate.anc.compiler.lowering.counting import assigned
from surrogate.anc.compiler.lowering.environment import Environment
from surrogate.anc.machine.instructions import Op

_OPERATIONS = {
    **{"+": Op.ADD, "-": Op.SUB, "*": Op.MUL, "/": Op.DIV, "%": Op.MOD},
    **{"&": Op.AND, "|": Op.OR, "^": Op.XOR, "<<": Op.SHL, ">>": Op.SHR},
}
_EXTREMES = {"min": Op.MIN, "max": Op.MAX}
_STEPS = frozenset({"++", "--", "p++", "p--"})

OnReturn = Callable[[c_ast.Node | None], None]
"""What a return of the function at hand does with its expression."""


class Inline(Protocol):
    """Lowers the body of a function at the current place; where it ends without a return, the current block goes on."""

    def __call__(self, function: c_ast.FuncDef, parameters: Mapping[str, Value], on_return: OnReturn) -> None: ...


class ExpressionLowering:
    """Lowers expressions; `into`, where given, is a register that the value may be computed in, to save a copy.

    Operands are evaluated from left to right, the right side of an assignment before the address on its left. Calls of
    `functions`, by name, are inlined.
    """

    def __init__(
        self, builder: FunctionBuilder, environment: Environment, functions: Mapping[str, c_ast.FuncDef], inline: Inline
    ) -> None:
        self._builder = builder
        self._environment = environment
        self._functions = functions
        self._inline = inline
        self._divisions = Divisions(builder)

    def value(self, node: c_ast.Node, into: Register | None = None) -> Value:
        """Where the value is once what was added has run: a constant, `into`, a variable or a temporary."""
        return _EXPRESSIONS[type(node)](self, node, into)

    def assign(self, variable: Register, node: c_ast.Node) -> None:
        self._builder.move(variable, self.value(node, variable))

    def effect(self, node: c_ast.Node) -> None:
        """Evaluate an expression whose value nobody wants."""
        if isinstance(node, c_ast.ExprList):
            for item in node.exprs:
                self.effect(item)
        elif isinstance(node, c_ast.UnaryOp) and node.op in ("p++", "p--"):
            self.value(c_ast.UnaryOp(node.op[1:], node.expr))
        else:
            self.value(node)

    def _operands(self, *nodes: c_ast.Node) -> list[Value]:
        """The values of expressions that are evaluated one after the other and used afterwards."""
        values: list[Value] = []
        for k, node in enumerate(nodes):
            found = self.value(node)
            if isinstance(found, Register) and any(self._assigns(later, found) for later in nodes[k + 1 :]):
                found = self._builder.move(self._builder.register(), found)
            values.append(found)
        return values

    def _pair(self, first: c_ast.Node, second: c_ast.Node) -> tuple[Value, Value]:
        a, b = self._operands(first, second)
        return a, b

    # Names

    def _assigns(self, node: c_ast.Node, variable: Register) -> bool:
        target = getattr(node, "lvalue", node.expr if isinstance(node, c_ast.UnaryOp) and node.op in _STEPS else None)
        if isinstance(target, c_ast.ID) and self._environment.lookup(target.name) == variable:
            return True
        return any(self._assigns(child, variable) for _, child in node.children())

    def _mentions(self, node: c_ast.Node, variable: Register | None) -> bool:
        if isinstance(node, c_ast.FuncCall):
            return node.args is not None and self._mentions(node.args, variable)
        if isinstance(node, c_ast.ID):
            return self._environment.lookup(node.name) == variable
        return any(self._mentions(child, variable) for _, child in node.children())

    # Plain operators

    def _constant(self, node: c_ast.Constant, into: Register | None) -> Value:
        return self._builder.constant(int(node.value))

    def _name(self, node: c_ast.ID, into: Register | None) -> Value:
        return self._environment.lookup(node.name)

    def _read(self, node: c_ast.ArrayRef, into: Register | None) -> Value:
        return self._builder.compute(Op.READ, self._address(node), into=into)

    def _address(self, node: c_ast.ArrayRef) -> Value:
        base, index = self._environment.lookup(node.name.name), node.subscript
        while isinstance(index, c_ast.BinaryOp) and index.op in "+-" and isinstance(index.right, c_ast.Constant):
            base = self._builder.compute(_OPERATIONS[index.op], base, self._builder.constant(int(index.right.value)))
            index = index.left
        return self._builder.compute(Op.ADD, self.value(index), base)

    def _unary(self, node: c_ast.UnaryOp, into: Register | None) -> Value:
        if node.op in _STEPS:
            return self._step(node)
        if node.op == "!":
            return truth(self._builder, self._test(node), into)
        return self._builder.compute(Op.SUB, self._builder.constant(0), self.value(node.expr), into)

    def _step(self, node: c_ast.UnaryOp) -> Value:
        op = Op.INC if "+" in node.op else Op.DEC
        target = node.expr
        if isinstance(target, c_ast.ID):
            variable = self._environment.variable(target.name)
            before = self._builder.move(self._builder.register(), variable) if node.op.startswith("p") else variable
            self._builder.move(variable, self._builder.compute(op, variable, into=variable))
            return before
        address = self._address(target)
        held = self._builder.compute(Op.READ, address)
        after = self._builder.compute(op, held)
        self._builder.write(address, after)
        return held if node.op.startswith("p") else after

    def _binary(self, node: c_ast.BinaryOp, into: Register | None) -> Value:
        if node.op in ("&&", "||"):
            return self._logical(node, into)
        if node.op == "==" and self._builder.has(Op.EQ):
            return self._builder.compute(Op.EQ, *self._pair(node.left, node.right), into)
        if node.op in COMPARISONS:
            return truth(self._builder, self._test(node), into)
        return self._arithmetic(node.op, *self._pair(node.left, node.right), into)

    def _arithmetic(self, op: str, a: Value, b: Value, into: Register | None) -> Value:
        if self._builder.has(_OPERATIONS[op]):
            return self._builder.compute(_OPERATIONS[op], a, b, into)
        if op == "*":
            return multiply(self._builder, a, b, into)
        return self._divisions.divide(op, a, b, into)

    def _logical(self, node: c_ast.BinaryOp, into: Register | None) -> Value:
        if cost(node.right) <= 2:
            return truth(self._builder, self._combined(node, False), into)
        result = self._builder.register(node.op) if into is None or self._mentions(node, into) else into
        self._builder.move(result, self._builder.constant(0))
        holds, end = self._builder.new_block(), self._builder.new_block()
        self.condition(node, holds, end)
        self._builder.start(holds)
        self._builder.move(result, self._builder.constant(1))
        self._builder.goto(end)
        self._builder.start(end)
        return result

    def _assignment(self, node: c_ast.Assignment, into: Register | None) -> Value:
        op = node.op[:-1]
        if isinstance(node.lvalue, c_ast.ID):
            variable = self._environment.variable(node.lvalue.name)
            if op:
                operand = self.value(node.rvalue)
                self._builder.move(variable, self._arithmetic(op, variable, operand, variable))
            else:
                self.assign(variable, node.rvalue)
            return variable
        value, address = self._stored(node)
        if op:
            value = self._arithmetic(op, self._builder.compute(Op.READ, address), value, None)
        self._builder.write(address, value)
        return value

    def _stored(self, node: c_ast.Assignment) -> tuple[Value, Value]:
        """The value of the right side and the address on the left."""
        value = self.value(node.rvalue)
        if isinstance(value, Register) and self._assigns(node.lvalue, value):
            value = self._builder.move(self._builder.register(), value)
        return value, self._address(node.lvalue)

    def _list(self, node: c_ast.ExprList, into: Register | None) -> Value:
        for item in node.exprs[:-1]:
            self.effect(item)
        return self.value(node.exprs[-1], into)

    # Calls

    def _call(self, node: c_ast.FuncCall, into: Register | None) -> Value:
        function = self._functions.get(node.name.name)
        if function is None:
            return self._builder.compute(_EXTREMES[node.name.name], *self._pair(*node.args.exprs), into)
        return self._inlined(function, node, into)

    def _inlined(self, function: c_ast.FuncDef, node: c_ast.FuncCall, into: Register | None) -> Value:
        """The value of a function's call; 0 for a void one's."""
        end = self._builder.new_block()
        body = function.body.block_items or []
        parameters = self._parameters(function, node)
        if body and isinstance(body[-1], c_ast.Return) and body[-1].expr is not None and _returns(function.body) == 1:
            found: list[Value] = []
            self._inline(function, parameters, lambda expression: found.append(self.value(expression, into)))
            return found[0]
        result = into or self._builder.register(function.decl.name)

        def give(expression: c_ast.Node | None) -> None:
            if expression is not None:
                self.assign(result, expression)
            self._builder.goto(end)

        self._inline(function, parameters, give)
        give(c_ast.Constant("int", "0"))
        self._builder.start(end)
        return result

    def _parameters(self, function: c_ast.FuncDef, node: c_ast.FuncCall) -> dict[str, Value]:
        """The parameters: what was passed, or, where the function assigns to one, a register of its own."""
        if node.args is None:
            return {}
        changing = assigned(function.body)
        values = self._operands(*node.args.exprs)
        found: dict[str, Value] = {}
        for parameter, value in zip(function.decl.type.args.params, values, strict=True):
            own = parameter.name in changing
            found[parameter.name] = self._builder.move(self._builder.register(parameter.name), value) if own else value
        return found

    # Selection

    def _ternary(self, node: c_ast.TernaryOp, into: Register | None) -> Value:
        op = extreme(node)
        if op is not None:
            return self._builder.compute(op, *self._pair(node.cond.left, node.cond.right), into)
        arms = [arm.value if isinstance(arm, c_ast.Constant) else "" for arm in (node.iftrue, node.iffalse)]
        if arms in (["1", "0"], ["0", "1"]):
            condition = node.cond if arms[0] == "1" else c_ast.UnaryOp("!", node.cond)
            return truth(self._builder, self._test(condition), into)
        result = into or self._builder.register("?:")
        true, false, end = self._builder.new_block(), self._builder.new_block(), self._builder.new_block()
        self.condition(node.cond, true, false)
        for block, arm in ((true, node.iftrue), (false, node.iffalse)):
            self._builder.start(block)
            self.assign(result, arm)
            self._builder.goto(end)
        self._builder.start(end)
        return result

    # Conditions

    def _test(self, node: c_ast.Node, wish: bool = False) -> ZeroTest:
        """A condition as a value that tells by being zero or not."""
        if isinstance(node, c_ast.UnaryOp) and node.op == "!":
            return self._test(node.expr, not wish).inverse()
        if isinstance(node, c_ast.BinaryOp) and node.op in COMPARISONS:
            return compare(self._builder, node.op, *self._pair(node.left, node.right), wish)
        if isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||") and cost(node.right) <= 2:
            return self._combined(node, wish)
        return ZeroTest(self.value(node))

    def _combined(self, node: c_ast.BinaryOp, wish: bool) -> ZeroTest:
        """`&&` and `||` without a branch, where the right side is free of effects."""
        first, second = self._test(node.left, wish), self._test(node.right, wish)
        return (both if node.op == "&&" else either)(self._builder, first, second)

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
        elif isinstance(node, c_ast.FuncCall) and node.name.name in self._functions:
            self._called(node, true, false, wish)
        else:
            test = self._test(node, wish)
            self._builder.branch(test.value, *((true, false) if test.at_zero else (false, true)))

    def _short_circuit(self, node: c_ast.BinaryOp, true: int, false: int, wish: bool) -> None:
        right = self._builder.new_block()
        if node.op == "&&":
            self.condition(node.left, right, false, wish=False)
        else:
            self.condition(node.left, true, right, wish=True)
        self._builder.start(right)
        self.condition(node.right, true, false, wish)

    def _choice(self, node: c_ast.TernaryOp, true: int, false: int, wish: bool) -> None:
        first, second = self._builder.new_block(), self._builder.new_block()
        self.condition(node.cond, first, second)
        self._builder.start(first)
        self.condition(node.iftrue, true, false, wish)
        self._builder.start(second)
        self.condition(node.iffalse, true, false, wish)

    def _called(self, node: c_ast.FuncCall, true: int, false: int, wish: bool) -> None:
        function = self._functions[node.name.name]
        parameters = self._parameters(function, node)
        self._inline(function, parameters, lambda expression: self.condition(expression, true, false, wish))
        self._builder.goto(false)


def _is_one_test(node: c_ast.BinaryOp) -> bool:
    """Whether one jump on both sides' MAX saves one, at the price of at most an instruction."""
    jumps_past = node.op == "||"
    return cost(node.right) <= 1 and fails_at_zero(node.left) is jumps_past is fails_at_zero(node.right)


def _returns(node: c_ast.Node) -> int:
    return isinstance(node, c_ast.Return) + sum(_returns(child) for _, child in node.children())


_EXPRESSIONS: dict[type, Callable[[ExpressionLowering, c_ast.Node, Register | None], Value]] = {
    c_ast.Constant: ExpressionLowering._constant,
    c_ast.ID: ExpressionLowering._name,
    c_ast.ArrayRef: ExpressionLowering._read,
    c_ast.UnaryOp: ExpressionLowering._unary,
    c_ast.BinaryOp: ExpressionLowering._binary,
    c_ast.TernaryOp: ExpressionLowering._ternary,
    c_ast.Assignment: ExpressionLowering._assignment,
    c_ast.ExprList: ExpressionLowering._list,
    c_ast.FuncCall: ExpressionLowering._call,
}
