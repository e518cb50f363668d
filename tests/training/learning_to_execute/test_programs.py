"""The program generator: its grammar, and its values against Python's and the sandbox's."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cprograms
from cprograms.sandbox import run_many
from training.learning_to_execute.curricula import Hardness
from training.learning_to_execute.programs import LIMIT, OPERATORS, RandomProgram, random_program

hardnesses = st.builds(Hardness, st.integers(1, LIMIT.length), st.integers(1, LIMIT.nesting))


def printed(text: str) -> str:
    """What Python prints when it runs the generator's text."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "<generated>", "exec"), {"__builtins__": {"print": print, "range": range}})
    return out.getvalue().strip()


def drawn(count: int, hardness: Hardness, seed: int = 0) -> list[RandomProgram]:
    random = Random(seed)
    return [random_program(random, hardness) for _ in range(count)]


@given(st.integers(0, 2**32), hardnesses)
def test_the_value_is_what_python_prints(seed: int, hardness: Hardness):
    program = random_program(Random(seed), hardness)
    assert printed(program.python()) == str(program.value())


def test_the_sandbox_computes_the_same_from_the_c_text(tmp_path: Path):
    programs = [p for n in range(1, 6) for p in drawn(12, Hardness(length=5, nesting=n), seed=n)]
    loaded, inputs = [], []
    for i, program in enumerate(programs):
        path = tmp_path / f"{i}.c"
        path.write_text(program.c())
        loaded.append(cprograms.load(path))
        inputs.append(np.array([program.arguments()], dtype=float))
    results = [int(ran.y[0, 0]) for ran in run_many(loaded, inputs)]
    assert results == [p.value() for p in programs]


@given(st.integers(0, 2**32), hardnesses)
def test_integers_are_in_range_and_names_are_distinct(seed: int, hardness: Hardness):
    program = random_program(Random(seed), hardness)
    assert all(1 <= n <= 10**hardness.length for n in program.arguments())
    assigned = re.findall(r"^([a-j])=", program.python(), re.MULTILINE)
    assert len(assigned) == len(set(assigned))


def test_a_text_holds_its_arguments_and_small_factors_only():
    for program in drawn(300, Hardness(length=6, nesting=3)):
        literals = [int(n) for n in re.findall(r"\d+", program.python())]
        rest = Counter(literals) - Counter(program.arguments())
        assert sum(rest.values()) == len(literals) - len(program.arguments())
        assert all(1 <= n <= 4 * 6 for n in rest)


def single(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


FORMS = {
    "pair": r"print\(\(\d+[+-]\d+\)\)",
    "small multiplication": r"print\(\(\d+\*\d+\)\)",
    "identity": r"print\(\d+\)",
    "assignment": r"([a-j])=\d+;\nprint\(\(\1[+-]\d+\)\)",
    "loop": r"([a-j])=\d+\nfor x in range\(\d+\):\1[+-]=\d+\nprint\(\1\)",
    "conditional": r"print\(\(\d+ if \d+[<>]\d+ else \d+\)\)",
}


def test_one_operator_gives_each_published_form_equally_often():
    texts = [p.python() for p in drawn(6000, Hardness(length=3, nesting=1))]
    counts = {name: sum(map(single(form), texts)) for name, form in FORMS.items()}
    assert sum(counts.values()) == len(texts)
    assert len(counts) == len(OPERATORS)
    # A binomial of 6000 draws of one in six has a deviation of 29.
    assert all(abs(n - 1000) < 5 * 29 for n in counts.values())


def test_each_place_of_an_operator_may_hold_the_nested_operand():
    conditionals = [
        ast.parse(text, mode="eval").body
        for p in drawn(4000, Hardness(length=2, nesting=2))
        if not p.statements and " if " in (text := p.python().removeprefix("print"))
    ]
    places = Counter()
    for node in conditionals:
        if isinstance(node, ast.IfExp):
            test = node.test
            assert isinstance(test, ast.Compare)
            parts = {"then": node.body, "left": test.left, "right": test.comparators[0], "otherwise": node.orelse}
            places.update(name for name, part in parts.items() if not isinstance(part, ast.Constant))
    assert set(places) == {"then", "left", "right", "otherwise"}


def test_loops_run_from_one_to_four_times_the_length():
    counts = Counter(
        int(n) for p in drawn(3000, Hardness(length=2, nesting=1)) for n in re.findall(r"range\((\d+)\)", p.python())
    )
    assert set(counts) == set(range(1, 9))


def test_equal_seeds_give_equal_programs():
    hardness = Hardness(length=4, nesting=3)
    assert [p.python() for p in drawn(50, hardness, 1)] == [p.python() for p in drawn(50, hardness, 1)]
    assert [p.python() for p in drawn(50, hardness, 1)] != [p.python() for p in drawn(50, hardness, 2)]


def test_more_integers_than_a_c_function_takes_are_named():
    programs = drawn(300, LIMIT)
    many = [p for p in programs if len(p.arguments()) > 16]
    with pytest.raises(ValueError, match="at most 16 arguments"):
        many[0].c()
