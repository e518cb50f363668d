"""The stages of one lowering, put together."""

from __future__ import annotations

from typing import NamedTuple

from cprograms.graph import GraphBuilder
from cprograms.lowering.attempts import Attempts
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.calls import Calls
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow
from cprograms.lowering.state import State
from cprograms.lowering.statements import Statements
from cprograms.lowering.unit import TranslationUnit
from cprograms.lowering.variables import Variables


class Stages(NamedTuple):
    """What whoever starts a lowering needs of it."""

    unit: TranslationUnit
    builder: GraphBuilder
    state: State
    variables: Variables
    expressions: Expressions
    calls: Calls


def stages_of(
    unit: TranslationUnit,
    builder: GraphBuilder,
    bounds: Bounds,
    kind: type[Variables],
    calling: type[Calls],
    max_nodes: int,
    unroll: int,
    executable: bool = False,
    hasty: bool = False,
) -> Stages:
    """Each stage uses those above it; only a call in an expression leads down, to the last.

    `kind` is how variables are read and written, `calling` how calls are followed. Who is `hasty` hardly
    unrolls loops whose passes only a run decides.
    """
    state = State()
    attempts = Attempts(builder, state, max_nodes, not (hasty or executable), hasty)
    conditions = Conditions(builder, bounds, state)
    variables = kind(builder, bounds, state, conditions)
    flow = Flow(builder, state, conditions)
    expressions = Expressions(builder, unit, state, conditions, variables, lambda node: calls.call(node))
    statements = Statements(
        builder, unit.declarations, state, attempts, bounds, conditions, flow, expressions, unroll, executable
    )
    calls = calling(
        builder, unit, state, attempts, conditions, variables, flow, expressions, statements, unroll, executable
    )
    return Stages(unit, builder, state, variables, expressions, calls)
