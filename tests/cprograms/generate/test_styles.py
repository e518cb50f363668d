"""Habits of writing change a program's text and nothing else; recipes give what their notes say."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from pycparser import c_ast
from pycparser.c_generator import CGenerator

import cprograms
from cprograms.generate import DEFAULT, accept, generate
from cprograms.generate.distribution import LOCALS, NAMES
from cprograms.generate.nodes import prototype
from cprograms.generate.recipe import Recipe, recipes, vary
from cprograms.generate.styles import STYLES
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.program import Argument, Program, Result
from cprograms.sampling import sample
from cprograms.sandbox import Status, run_many
from cprograms.types import SCALARS
from tests.cprograms.graphs import terms

SEEDS = range(100)


def test_every_habit_has_a_share():
    assert {name for name, _ in DEFAULT.habits} == set(STYLES) > {name for name, _ in DEFAULT.part_habits}


@pytest.mark.parametrize("habit", STYLES)
def test_a_habit_changes_the_text_only(habit: str):
    first = "declarations_first 1, " if habit == "while_loops" else ""  # which rewrites loops that declare nothing
    plain = replace(DEFAULT, part=0.0, styles=f"{first}whole_literals 0")  # parts have shares of their own
    styled = replace(plain, styles=f"{first}{habit} 1")
    changed = 0
    for seed in SEEDS:
        a, b = generate(seed, plain), generate(seed, styled)
        changed += a.text != b.text
        before, after = lower(a), lower(b)
        assert before.exact == after.exact
        if before.exact:
            x = sample(a, 24, seed)
            np.testing.assert_array_equal(evaluate(before, x), evaluate(after, x), err_msg=b.text)
    assert changed


def test_all_habits_together_compile():
    all_styles = ", ".join(f"{name} 1" for name in STYLES)
    every = replace(DEFAULT, styles=all_styles, part_styles=all_styles)
    programs = [generate(seed, every) for seed in SEEDS]
    ran = run_many(programs, [sample(p, 16, 0) for p in programs])
    assert not any((r.status == Status.REJECTED).any() for r in ran)
    for program in programs[:20]:
        ranges = {a.name: (a.low, a.high) for a in program.arguments}
        assert terms(lower(cprograms.load(source=program.text, ranges=ranges))) == terms(lower(program))


def program_of(recipe: Recipe) -> Program:
    _, prototypes = vary(recipe, Random(0), recipe.name, single=False)
    arguments = tuple(
        Argument(n, SCALARS[t], *ends) for (n, t), ends in zip(recipe.parameters, recipe.ranges, strict=True)
    )
    unit = c_ast.FileAST([*prototypes.values(), recipe.function])
    return Program("recipe", "", recipe.name, arguments, (Result("return", SCALARS[recipe.type]),), unit)


@pytest.mark.parametrize("real", [True, False])
def test_recipes_give_what_they_note(real: bool):
    chosen = recipes(real)
    programs = [program_of(r) for r in chosen]
    ran = run_many(programs, [sample(p, 1000, 1) for p in programs])
    for recipe, rows in zip(chosen, ran, strict=True):
        y = rows.y[:, 0]
        assert (rows.status == Status.OK).all(), recipe.name
        assert accept(SCALARS[recipe.type], y[:256]), recipe.name
        slack = 1.0 + 0.3 * (recipe.hi - recipe.lo)
        assert recipe.lo - slack <= y.min() <= y.max() <= recipe.hi + slack, recipe.name
        # Four standard errors of the mean, and as much of the note's own.
        assert abs(y.mean() - recipe.mid) <= 6 * recipe.dev / np.sqrt(1000) + 0.01 * abs(recipe.mid), recipe.name
        assert y.std() == pytest.approx(recipe.dev, rel=0.25), recipe.name


def test_recipes_are_many_and_have_names_of_their_own():
    chosen = [*recipes(True), *recipes(False)]
    names = [r.name for r in chosen]
    assert len(set(names)) == len(names) > 150
    assert set(names).isdisjoint({*LOCALS, *(name for family in NAMES for name in family)})
    assert sum(r.loops for r in chosen) > 30


def test_no_recipe_is_a_function_of_the_library(library: dict[str, Program]):
    """The library's functions stay ones that nothing was trained on."""
    known = {lower(p).skeleton(): name for name, p in library.items()}
    alike = {r.name: known.get(lower(program_of(r)).skeleton()) for r in [*recipes(True), *recipes(False)]}
    assert not any(alike.values()), {name: other for name, other in alike.items() if other}


def test_variants_are_many():
    recipe = next(r for r in recipes(True) if r.name == "gate_rate")
    texts = {CGenerator().visit(vary(recipe, Random(seed), "f", single=False)[0]) for seed in range(50)}
    assert len(texts) > 20


def test_a_variant_of_floats_computes_in_floats():
    recipe = next(r for r in recipes(True) if r.name == "decibels_to_gain")
    function, prototypes = vary(recipe, Random(1), "f", single=True)
    assert set(prototypes) == {"powf"}
    assert prototypes["powf"] is prototype("powf", "f32", 2)
    text = CGenerator().visit(function)
    assert "double" not in text
    assert "powf(" in text
