"""C statements as nodes of the dataflow graph: branches, jumps, loops, switch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.lowering.flow import Exit, Flow, TooLongError
from cprograms.lowering.memory import UNSET, Aggregate, Place, leaves
from cprograms.program import Program
from cprograms.types import INT, Scalar


class Loop(NamedTuple):
    """`again` and `end` are the targets of what goes on and of what leaves.

    `tested_first` tells while and for from do; `by_goto`, what repeats only where its code jumps back to its start.
    """

    condition: c_ast.Node | None
    following: c_ast.Node | None
    body: list[c_ast.Node]
    tested_first: bool
    again: object
    end: object
    by_goto: bool = False


class Statements(Flow):
    """Lowers statements; `lower.Lowering` adds calls."""

    def __init__(self, program: Program, max_nodes: int, unroll: int) -> None:
        super().__init__(program, max_nodes)
        self.unroll = unroll
        self._carried = 0

    # Plain statements

    def statement(self, node: c_ast.Node) -> bool:
        self.step()
        visit = _STATEMENTS.get(type(node))
        if visit is None:
            self.expression(node)
            return True
        return visit(self, node)

    def _block(self, node: c_ast.Compound) -> bool:
        return self._within(lambda: self._sequence(node.block_items or []))

    def _within(self, run: Callable[[], bool]) -> bool:
        """Run in a scope of its own."""
        mark = len(self.memory)
        self.scopes.append({})
        alive = run()
        self.scopes.pop()
        del self.memory[mark:]
        return alive

    def _sequence(self, items: list[c_ast.Node]) -> bool:
        alive = True
        for k, item in enumerate(items):
            while isinstance(item, c_ast.Label):
                target = ("label", item.name)
                alive = self.arrive(target, alive)
                rest = [item.stmt, *items[k + 1 :]]
                if alive and item.name in _Mentioned(*rest).labels:
                    return self._loop(Loop(None, None, rest, True, target, object(), True))
                item = item.stmt
            if alive:
                alive = self.statement(item)
        return alive

    def _declare(self, node: c_ast.Decl) -> bool:
        if not isinstance(node.type, c_ast.TypeDecl) or not isinstance(node.type.type, c_ast.IdentifierType):
            self.declarations.declare(node)
        if node.name is None or isinstance(node.type, c_ast.FuncDecl):
            return True
        type, values = self.initial(node)
        self.scopes[-1][node.name] = Place(type, len(self.memory))
        self.memory.extend(values)
        return True

    def _declare_type(self, node: c_ast.Typedef) -> bool:
        self.declarations.declare(node)
        return True

    def _declare_all(self, node: c_ast.DeclList) -> bool:
        for declaration in node.decls:
            self._declare(declaration)
        return True

    def _nothing(self, node: c_ast.Node) -> bool:
        return True

    def _if(self, node: c_ast.If) -> bool:
        def otherwise() -> bool:
            return node.iffalse is None or self._arm(node.iffalse)

        return self.branch(self.condition(node.cond), lambda: self._arm(node.iftrue), otherwise)

    def _arm(self, node: c_ast.Node) -> bool:
        mark = len(self.memory)
        alive = self.statement(node)
        del self.memory[mark:]
        return alive

    def _return(self, node: c_ast.Return) -> bool:
        if node.expr is not None:
            value = self.expression(node.expr)
            if self.result is not None:
                value = self.convert(value, self.result, node)
                new = value.leaves if isinstance(value, Aggregate) else [value]
                self.memory[: len(new)] = new
        return self.leave("return")

    def _break(self, node: c_ast.Break) -> bool:
        return self.leave(self.targets["break"])

    def _continue(self, node: c_ast.Continue) -> bool:
        return self.leave(self.targets["continue"])

    def _goto(self, node: c_ast.Goto) -> bool:
        return self.leave(("label", node.name))

    # Loops

    def _for(self, node: c_ast.For) -> bool:
        def run() -> bool:
            if node.init is not None:
                self.statement(node.init)
            return self._loop(Loop(node.cond, node.next, [node.stmt], True, object(), object()))

        return self._within(run)

    def _while(self, node: c_ast.While) -> bool:
        return self._loop(Loop(node.cond, None, [node.stmt], True, object(), object()))

    def _do(self, node: c_ast.DoWhile) -> bool:
        return self._loop(Loop(node.cond, None, [node.stmt], False, object(), object()))

    def _loop(self, loop: Loop) -> bool:
        outer, targets = self.exits, self.targets
        self.exits = []
        if not loop.by_goto:
            self.targets = {"break": loop.end, "continue": loop.again}
        alive = self.attempt(lambda: self._unrolled(loop))
        if alive is None:
            alive = self._rolled(loop)
        alive = self.arrive(loop.end, alive)
        self.exits, self.targets = outer + self.exits, targets
        return alive

    def _unrolled(self, loop: Loop) -> bool:
        """All the passes, one after the other; raises TooLongError where no end is in sight."""
        grown = 0
        for iteration in count():
            before = self.builder.operators
            if loop.condition is not None and (loop.tested_first or iteration):
                test = self.condition(loop.condition)
                known = self.decided(test)
                if known is False:
                    return True
                if known is None:
                    self.leave(loop.end, self.negation(test))
            if grown >= max(self.unroll, 1):
                raise TooLongError
            self.check_size()
            if not self._pass(loop):
                return False
            grown += self.builder.operators > before
        raise AssertionError("an endless count ended")

    def _pass(self, loop: Loop) -> bool:
        alive = self._within(lambda: self._sequence(loop.body))
        if alive and loop.by_goto:
            alive = self.leave(loop.end)
        alive = self.arrive(loop.again, alive)
        if alive and loop.following is not None:
            self.expression(loop.following)
        return alive

    def _rolled(self, loop: Loop) -> bool:
        """One pass over carried values; afterwards each variable is a `loop` of its carried and its next value.

        What leaves the loop elsewhere than to its end does so afterwards, under a flag that is carried, too.
        """
        before = self.memory
        self.memory = list(before)
        carried = {slot: self._carry(before[slot], type) for slot, type in self._assigned(loop).items()}
        for slot, node in carried.items():
            self.memory[slot] = node
        go_on = self.builder.constant(1, INT)
        if loop.condition is not None and loop.tested_first:
            go_on = self.as_flag(self.condition(loop.condition))
        alive = self._pass(loop)
        if alive and loop.condition is not None and not loop.tested_first:
            go_on = self.as_flag(self.condition(loop.condition))
        exits, after = self.exits, self.memory[: len(before)]
        go_on = self._merge_exits(exits, go_on, after, alive)
        self.memory = list(before)
        for slot, node in carried.items():
            if after[slot] not in (node, UNSET):
                type = self.builder.nodes[node].type
                self.memory[slot] = self.builder.add("loop", type, go_on, after[slot], node)
        if not exits and self.builder.number(go_on):
            raise Unsupported(loop.body[0], "cannot follow a loop without an end")
        ends = loop.condition is not None or any(e.target == loop.end for e in exits)
        self.exits = self._flagged(exits, go_on, loop.end, ends)
        return ends

    def _carry(self, before: int, type: Scalar) -> int:
        self._carried += 1
        return self.builder.carry(
            self._carried - 1, type, self.builder.constant(0, type) if before == UNSET else before
        )

    def _merge_exits(self, exits: list[Exit], go_on: int, after: list[int], alive: bool) -> int:
        """Put into `after` what the memory is where a pass ends in an exit; returns the condition of another pass."""
        if not alive:
            go_on = self.builder.constant(0, INT)
        for exit in reversed(exits):
            if exit.condition is None:
                after[:] = exit.memory[: len(after)]
            else:
                after[:] = self.choose(exit.condition, exit.memory, after, len(after))
                go_on = self.unless(exit.condition, go_on)
        return go_on

    def _flagged(self, exits: list[Exit], go_on: int, end: object, ends: bool) -> list[Exit]:
        """A rolled loop's exits to elsewhere, as seen after it."""
        targets = list(dict.fromkeys(e.target for e in exits if e.target != end))
        flagged = []
        zero, one = self.builder.constant(0, INT), self.builder.constant(1, INT)
        for target in targets:
            taken = zero
            for exit in reversed(exits):
                here = one if exit.target == target else zero
                taken = here if exit.condition is None else self.select(exit.condition, here, taken)
            flag = self.builder.add("loop", INT, go_on, taken, self._carry(zero, INT))
            last = target == targets[-1] and not ends
            flagged.append(Exit(target, None if last else flag, list(self.memory)))
        return flagged

    def _assigned(self, loop: Loop) -> dict[int, Scalar]:
        """The slots of the variables that a loop's code may assign, with their types."""
        parts = [part for part in (loop.condition, loop.following, *loop.body) if part is not None]
        names = _Mentioned(*parts)
        places = [place for name in names.assigned if (place := self._visible(name)) is not None]
        if names.returns and self.result is not None:
            places.append(Place(self.result, 0))
        return {p.offset + k: leaf for p in places if not p.fixed for k, leaf in enumerate(leaves(p.type))}

    def _visible(self, name: str) -> Place | None:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), None)

    # Switch

    def _switch(self, node: c_ast.Switch) -> bool:
        value = self.scalar(node.cond)
        outer = self.targets
        self.targets = {**outer, "break": object()}

        def run() -> bool:
            alive = self._choose_section(value, self._sections(node.stmt), 0)
            return self.arrive(self.targets["break"], alive)

        alive = self._within(run)
        self.targets = outer
        return alive

    def _sections(self, body: c_ast.Node) -> list[Section]:
        sections: list[Section] = []
        items = (body.block_items or []) if isinstance(body, c_ast.Compound) else [body]
        for item in items:
            following = [item]
            if isinstance(item, c_ast.Case | c_ast.Default):
                if not sections or sections[-1].items:
                    sections.append(Section([], []))
                sections[-1].labels.append(item.expr if isinstance(item, c_ast.Case) else None)
                following = item.stmts or []
            elif not sections and isinstance(item, c_ast.Decl):
                self._declare(item)
            if any(_holds_label(f) for f in following):
                raise Unsupported(item, "cannot follow a label inside another statement")
            if sections:
                sections[-1].items.extend(following)
        return sections

    def _choose_section(self, value: int, sections: list[Section], at: int) -> bool:
        """Enter the section whose label fits, from section `at` on; `default` where none does."""
        if at == len(sections):
            defaults = [k for k, section in enumerate(sections) if None in section.labels]
            return self._enter(sections, defaults[0]) if defaults else True
        labels = [label for label in sections[at].labels if label is not None]
        if None in sections[at].labels:
            # What only has to reach the default needs no test of its own.
            return self._choose_section(value, sections, at + 1)
        test = self._matches(value, labels[0])
        for label in labels[1:]:
            test = self.any_of(test, self._matches(value, label))
        return self.branch(
            test, lambda: self._enter(sections, at), lambda: self._choose_section(value, sections, at + 1)
        )

    def _matches(self, value: int, label: c_ast.Node) -> int:
        return self.binary("==", value, self.scalar(label), label)

    def _enter(self, sections: list[Section], at: int) -> bool:
        """Run a section, falling through into the ones after it."""
        return self._sequence([item for section in sections[at:] for item in section.items])


class Section(NamedTuple):
    """Labels of a switch (None is `default`) and the statements from there to the next label."""

    labels: list[c_ast.Node | None]
    items: list[c_ast.Node]


class _Mentioned:
    """The variables that code assigns, the labels that it jumps to, and whether it returns."""

    def __init__(self, *parts: c_ast.Node) -> None:
        self.assigned: dict[str, None] = {}  # in order of their first assignment
        self.labels: set[str] = set()
        self.returns = False
        for part in parts:
            self.visit(part)

    def visit(self, node: c_ast.Node) -> None:
        if isinstance(node, c_ast.Assignment):
            self._assign(node.lvalue)
        elif isinstance(node, c_ast.UnaryOp) and node.op in ("++", "--", "p++", "p--"):
            self._assign(node.expr)
        elif isinstance(node, c_ast.Goto):
            self.labels.add(node.name)
        elif isinstance(node, c_ast.Return):
            self.returns = True
        for child in node:
            self.visit(child)

    def _assign(self, target: c_ast.Node) -> None:
        while isinstance(target, c_ast.ArrayRef | c_ast.StructRef):
            target = target.name
        if isinstance(target, c_ast.ID):
            self.assigned[target.name] = None


def _holds_label(node: c_ast.Node) -> bool:
    """Whether a label of the switch around it stands inside a statement."""
    if isinstance(node, c_ast.Case | c_ast.Default):
        return True
    return not isinstance(node, c_ast.Switch) and any(_holds_label(child) for child in node)


def _refuse(lowering: Statements, node: c_ast.Node) -> bool:
    raise Unsupported(node, "cannot follow a label inside another statement")


_STATEMENTS: dict[type, Callable[..., bool]] = {
    c_ast.Compound: Statements._block,
    c_ast.Decl: Statements._declare,
    c_ast.Typedef: Statements._declare_type,
    c_ast.DeclList: Statements._declare_all,
    c_ast.EmptyStatement: Statements._nothing,
    c_ast.Pragma: Statements._nothing,
    c_ast.StaticAssert: Statements._nothing,
    c_ast.If: Statements._if,
    c_ast.For: Statements._for,
    c_ast.While: Statements._while,
    c_ast.DoWhile: Statements._do,
    c_ast.Switch: Statements._switch,
    c_ast.Return: Statements._return,
    c_ast.Break: Statements._break,
    c_ast.Continue: Statements._continue,
    c_ast.Goto: Statements._goto,
    c_ast.Label: _refuse,
    c_ast.Case: _refuse,
    c_ast.Default: _refuse,
}
