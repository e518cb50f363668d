"""Programs like parts of people's functions: their intervals hold, nothing in them is idle, and nothing traps."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from pycparser import c_ast

from cprograms.generate import DEFAULT, nodes, shares
from cprograms.generate.part_expressions import PartExpressions
from cprograms.generate.parts import _STEPS, PartWriter, part
from cprograms.generate.program import _names
from cprograms.generate.writer import UnitDraft
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.program import Program, Result
from cprograms.sandbox import Status, run_many
from cprograms.types import SCALARS
from tests.cprograms.native import rows_of

SEEDS = range(300)


def of_seed(seed: int) -> Program:
    rng = Random(seed)
    return part(DEFAULT, rng, _names(rng, 32))


def test_every_kind_that_has_a_share_can_be_written():
    groups = {"name", "whole", "point", "call", "compare", "logic", "not", "?", "cast", "negative", "~"}
    operators = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"}
    for places in (shares.REAL_PLACES, shares.INTEGER_PLACES):
        assert {kind for place in places.values() for kind in place.names} <= groups | operators
        assert {f"{op}{side}" for op in "+-*/" for side in "LR"} <= places.keys()
    assert {f"{op}{side}" for op in operators for side in "LR"} <= shares.INTEGER_PLACES.keys()
    for steps in (shares.REAL_STEPS, shares.INTEGER_STEPS):
        assert set(steps.names) == set(_STEPS)


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("alone", [True, False])
def test_results_lie_in_the_interval_that_is_kept_of_them(real: bool, alone: bool):
    """The interval is worked out while the program is written; what it gives then is a second opinion."""
    checked = 0
    for seed in range(200):
        rng = Random(seed)
        unit = UnitDraft(rng, DEFAULT)
        writer = PartWriter(unit, _names(rng, 32), real=real)
        type = writer.alone() if alone else writer.row()
        if not writer.worthwhile():
            continue
        signature = [(a.type.code, a.name) for a in writer.arguments]
        definition = nodes.function(type, "f", signature, writer.statements)
        external = c_ast.FileAST([*unit.prototypes.values(), definition])
        program = Program("p", "", "f", tuple(writer.arguments), (Result("return", SCALARS[type]),), external)
        y = evaluate(lower(program), rows_of(program, 64))[:, 0]
        slack = 1e-3 + 1e-5 * writer.result.bound
        finite = y[np.isfinite(y)]
        assert len(finite) > 0.9 * len(y), program.text
        assert (finite >= writer.result.lo - slack).all(), program.text
        assert (finite <= writer.result.hi + slack).all(), program.text
        checked += 1
    assert checked > 40


def test_nothing_traps_and_the_sandbox_takes_all():
    programs = [of_seed(seed) for seed in SEEDS]
    ran = run_many(programs, [rows_of(p, 32) for p in programs])
    trapped = [p.text for p, r in zip(programs, ran, strict=True) if (r.status != Status.OK).any()]
    assert len(trapped) <= 0.02 * len(programs), trapped[0]


def test_all_arguments_count_and_there_is_something_to_compute():
    least = 0
    for program in map(of_seed, SEEDS):
        graph = lower(program)
        assert graph.exact, program.text
        read = {n.value for n in graph.nodes if n.op == "arg"}
        least += len(read) == len(program.arguments)
    assert least > 0.95 * len(SEEDS)


def test_arguments_are_of_several_types_as_in_peoples_code():
    mixed = [len({a.type.code for a in of_seed(seed).arguments}) > 1 for seed in SEEDS]
    assert 0.3 < np.mean(mixed) < 0.8


def test_a_new_argument_suits_what_it_is_read_for():
    for seed in range(100):
        writer = PartExpressions(UnitDraft(Random(seed), DEFAULT), _names(Random(seed), 32), real=seed % 2 == 0)
        assert writer.name("positive").lo > 0
        assert writer.name("nonnegative").lo >= 0
        shift = writer.name("shift")
        assert not shift.real
        assert 0 <= shift.lo <= shift.hi <= 15
