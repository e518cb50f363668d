"""Switches: sections of statements, entered at the label that fits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow


class Section(NamedTuple):
    """Labels of a switch (None is `default`) and the statements from there to the next label.

    `leaves` says that none of the following sections is reached through this one.
    """

    labels: list[c_ast.Node | None]
    items: list[c_ast.Node]
    leaves: bool = False


class Switches:
    """`declare` lowers a declaration, `sequence` statements, in the scope that is open."""

    def __init__(
        self,
        conditions: Conditions,
        flow: Flow,
        expressions: Expressions,
        declare: Callable[[c_ast.Decl], bool],
        sequence: Callable[[list[c_ast.Node]], bool],
    ) -> None:
        self._conditions, self._flow, self._expressions = conditions, flow, expressions
        self._declare, self._sequence = declare, sequence

    def choose(self, value: int, body: c_ast.Node) -> bool:
        """Enter the body of a switch over the value."""
        return self._choose_section(value, self._sections(body), 0)

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
        if any(isinstance(item, c_ast.Label) for section in sections for item in section.items):
            return sections  # what follows a jump may be jumped to
        return [section._replace(leaves=any(map(_leaves, section.items))) for section in sections]

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
            test = self._conditions.any_of(test, self._matches(value, label))
        return self._flow.branch(
            test, lambda: self._enter(sections, at), lambda: self._choose_section(value, sections, at + 1)
        )

    def _matches(self, value: int, label: c_ast.Node) -> int:
        return self._expressions.binary("==", value, self._expressions.scalar(label), label)

    def _enter(self, sections: list[Section], at: int) -> bool:
        """Run a section, falling through into the ones after it, up to what leaves them."""
        items: list[c_ast.Node] = []
        for section in islice(sections, at, None):
            items += section.items
            if section.leaves:
                break
        return self._sequence(items)


def _leaves(node: c_ast.Node) -> bool:
    """Whether nothing that follows a statement is reached from it, as its form shows."""
    while isinstance(node, c_ast.Compound) and node.block_items:
        node = node.block_items[-1]
    return isinstance(node, c_ast.Break | c_ast.Continue | c_ast.Return | c_ast.Goto)


def _holds_label(node: c_ast.Node) -> bool:
    """Whether a label of the switch around it stands inside a statement."""
    if isinstance(node, c_ast.Case | c_ast.Default):
        return True
    return not isinstance(node, c_ast.Switch) and any(_holds_label(child) for child in node)
