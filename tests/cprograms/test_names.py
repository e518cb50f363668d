"""Names that are C expressions: the arrays that they are elements of, and many of them in few words."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprograms.names import arrays, counted, element, grouped, listed, result_columns, shortened
from cprograms.program import MOST_LINES, Argument, Result, Signature
from cprograms.types import SCALARS

DOUBLE, INT = SCALARS["f64"], SCALARS["i32"]


def elements(array: str, *lengths: int) -> list[str]:
    """All of them, in the order of C."""
    return [array + "".join(f"[{i}]" for i in index) for index in product(*map(range, lengths))]


def spelt_out(shown: str) -> list[str]:
    """What a group such as `p[0..2].x` stands for, by substitution."""
    found = [shown]
    while any(".." in name for name in found):
        found = [
            name.replace(m[0], f"[{i}]", 1)
            for name in found
            if (m := re.search(r"\[(\d+)\.\.(\d+)\]", name))
            for i in range(int(m[1]), int(m[2]) + 1)
        ]
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x", ("x", ())), ("w[3]", ("w", (3,))), ("m[1][2]", ("m", (1, 2))), ("s.p[4].v[0]", ("s.p.v", (4, 0)))],
)
def test_an_elements_array_and_index(name: str, expected: tuple[str, tuple[int, ...]]) -> None:
    assert element(name) == expected


def test_arrays_say_where_their_elements_stand() -> None:
    found = arrays(["gain", *elements("w", 2, 3), "p[0].x", "p[0].y", "p[1].x"])
    assert {name: places.tolist() for name, places in found.items()} == {
        "w": [[1, 2, 3], [4, 5, 6]],
        "p.x": [7, 9],
        "p.y": [8],
    }
    assert arrays(["v[2]", "v[0]"])["v"].tolist() == [1, -1, 0]
    assert arrays(["x", "huge[999999999]"]) == {}


@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1), st.randoms())
def test_what_is_shown_stands_for_the_names_and_no_others(indices: set[tuple[int, int]], random: object) -> None:
    names = [f"s.m[{i}].v[{j}]" for i, j in indices]
    shown = shortened(names)
    assert sorted(name for text in shown for name in spelt_out(text)) == sorted(names)


def test_a_window_is_one_word_and_neighbours_with_one_range_too() -> None:
    assert shortened(elements("w", 3, 3)) == ["w[0..2][0..2]"]
    assert shortened(["a", "b", *elements("w", 9), "c"]) == ["a", "b", "w[0..8]", "c"]
    assert grouped([*elements("w", 4), "x"], [1, 1, 2, 1, 1]) == [("w[0..1]", 0), ("w[3]", 3), ("w[2]", 2), ("x", 4)]
    assert shortened([f"x{k}" for k in range(40)]) == ["x0..x39"]
    assert shortened(["x1", "x2", "x3"]) == ["x1", "x2", "x3"]


def test_a_message_does_not_list_them_all() -> None:
    names = [f"n{k * k}" for k in range(64)]
    assert len(listed(names)) < 150
    assert listed(names).endswith("… (64 in all)")
    assert listed(names[:3], "'") == "'n0', 'n1', 'n4'"


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (1, ["node"], "1 node"),
        (0, ["node"], "0 nodes"),
        (1234, ["node"], "1,234 nodes"),
        (1, ["entry", "entries"], "1 entry"),
        (2, ["entry", "entries"], "2 entries"),
    ],
)
def test_one_is_no_plural(count: int, words: list[str], said: str) -> None:
    assert counted(count, *words) == said


def test_a_result_that_is_an_argument_too_is_called_after() -> None:
    assert result_columns(["x", "z[0]", "z[1]"], ["return", "z[0]", "out"]) == ["return", "z[0] after", "out"]


def test_a_wide_signature_is_a_few_words() -> None:
    arguments = [Argument(name, DOUBLE, 0, 255, "user") for name in elements("w", 8, 8)[:-1]]
    signature = Signature("f", (*arguments, Argument("n", INT)), tuple(Result(r, DOUBLE) for r in elements("y", 64)))
    assert str(signature) == "{double y[0..63]} f(double w[0..6][0..7], double w[7][0..6], int n)"
    assert signature.domain_lines() == ["w[0..6][0..7] in [0, 255]", "w[7][0..6] in [0, 255]", "n in [-1, 1] (default)"]


def test_a_domain_is_a_screen_at_most() -> None:
    arguments = tuple(Argument(f"n{k * k}", DOUBLE, 0, k + 1.0, "user") for k in range(64))
    lines = Signature("f", arguments, (Result("return", DOUBLE),)).domain_lines()
    assert len(lines) == MOST_LINES
    assert lines[-1] == "… 64 in all"
    assert len(np.unique(lines)) == MOST_LINES
